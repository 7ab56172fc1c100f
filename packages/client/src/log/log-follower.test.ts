import { beforeEach, describe, expect, test } from 'bun:test';
import { type EventPage, formatEventId, type Head, type LogEvent } from '@confab/protocol';
import { array, assert, asyncProperty, integer, nat, tuple } from 'fast-check';
import { DrivenTimers, settle } from '../testing/driven-timers.ts';
import { ChatError } from '../errors.ts';
import { LogFollower } from './log-follower.ts';

const conversationId = 'gone';

function eventAt(sequence: number, history = 'a'): LogEvent {
  const eventId = formatEventId(conversationId, sequence, history.repeat(8));
  return {
    type: 'message_event',
    eventId,
    messageId: eventId,
    conversationId,
    sequence,
    ordinal: sequence,
    senderId: 'bob',
    sentAt: '2026-01-01T00:00:00.000Z',
    body: `${history}${sequence}`,
  };
}

const logOf = (length: number, history = 'a'): LogEvent[] =>
  Array.from({ length }, (_, place) => eventAt(place + 1, history));

function headOf(log: readonly LogEvent[]): Head | null {
  const last = log.at(-1);
  return last === undefined
    ? null
    : { sequence: last.sequence, ordinal: last.ordinal, eventId: last.eventId, sentAt: last.sentAt };
}

/** What a server would answer. */
function pageOf(log: readonly LogEvent[], after: string | null, limit: number): EventPage {
  const place = log.findIndex(({ eventId }) => eventId === after);
  if (place < 0) return { conversationId, events: log.slice(-limit), head: headOf(log), reset: true };
  return { conversationId, events: log.slice(place + 1, place + 1 + limit), head: headOf(log) };
}

function followerFrom(sequence: number, timers: DrivenTimers) {
  const applied: number[] = [];
  const asked: (string | null)[] = [];
  const facts = { isLinked: true, resets: 0, gone: 0 };
  const follower = new LogFollower({
    conversationId,
    position: { sequence, eventId: sequence === 0 ? null : eventAt(sequence).eventId },
    timers,
    requestSync: (_, after) => {
      if (facts.isLinked) asked.push(after);
      return facts.isLinked;
    },
    handlers: {
      apply: (event) => applied.push(event.sequence),
      reset: () => {
        facts.resets += 1;
        applied.length = 0;
      },
      gone: () => (facts.gone += 1),
      changed: () => undefined,
    },
  });
  return { follower, applied, asked, facts };
}

describe('the follower of a log', () => {
  let timers: DrivenTimers;
  beforeEach(() => (timers = new DrivenTimers()));

  test('applies the next, drops the old, and lets a short disorder sort itself out', async () => {
    const { follower, applied, asked } = followerFrom(0, timers);
    for (const sequence of [1, 1, 3, 2, 2, 5]) follower.arrive(eventAt(sequence));
    await timers.advance(499);
    follower.arrive(eventAt(4));
    await timers.advance(60_000);
    expect(applied).toEqual([1, 2, 3, 4, 5]);
    expect(asked).toEqual([]);
    expect(timers.waiting).toBe(0);
  });

  test('asks for a hole that stays, from the last event it has', async () => {
    const { follower, applied, asked } = followerFrom(3, timers);
    follower.arrive(eventAt(6));
    await timers.advance(500);
    expect(asked).toEqual([eventAt(3).eventId]);
    follower.takePage(pageOf(logOf(6), asked[0] ?? null, 200));
    expect(applied).toEqual([4, 5, 6]);
  });

  test('a head that is told without its events is asked for at once', () => {
    const { follower, asked } = followerFrom(3, timers);
    follower.noteHead(9, true);
    expect(asked).toEqual([eventAt(3).eventId]);
    follower.noteHead(10, true);
    expect(asked.length).toBe(1);
  });

  test('[G4.1] a page brings nothing twice that came live meanwhile', async () => {
    const { follower, applied, asked } = followerFrom(1, timers);
    follower.arrive(eventAt(3));
    await timers.advance(500);
    const page = pageOf(logOf(4), asked[0] ?? null, 200);
    follower.arrive(eventAt(2));
    expect(applied).toEqual([2, 3]);
    follower.takePage(page);
    expect(applied).toEqual([2, 3, 4]);
  });

  test('what a page says of the head is asked for, too', async () => {
    const { follower, asked } = followerFrom(1, timers);
    follower.noteHead(3, true);
    follower.takePage(pageOf(logOf(9), asked.shift() ?? null, 4));
    expect(asked).toEqual([eventAt(5).eventId]);
  });

  test('a hole is asked for again where the answer does not come', async () => {
    const { follower, asked } = followerFrom(1, timers);
    follower.arrive(eventAt(3));
    await timers.advance(500);
    await timers.advance(10_000);
    await timers.advance(10_000);
    expect(asked.length).toBe(3);
  });

  test('[G8.1] early events are kept up to a bound; those beyond it are fetched', async () => {
    const { follower, applied, asked } = followerFrom(0, timers);
    const log = logOf(600);
    for (const event of log.slice(1)) follower.arrive(event);
    follower.arrive(eventAt(1));
    expect(applied.length).toBeLessThan(300);
    await timers.advance(500);
    while (asked.length > 0) follower.takePage(pageOf(log, asked.shift() ?? null, 200));
    expect(applied).toEqual(log.map(({ sequence }) => sequence));
  });

  test('reads page after page until the head', async () => {
    const log = logOf(25);
    const { follower, applied, asked } = followerFrom(1, timers);
    follower.noteHead(25);
    await timers.advance(500);
    while (asked.length > 0) follower.takePage(pageOf(log, asked.shift() ?? null, 10));
    expect(applied).toEqual(log.slice(1).map(({ sequence }) => sequence));
    expect(follower.isBehind).toBe(false);
    expect(timers.waiting).toBe(0);
  });

  test('a hole without a link waits for the link, and no timer runs for it', async () => {
    const { follower, asked, facts } = followerFrom(1, timers);
    facts.isLinked = false;
    follower.noteHead(5);
    await timers.advance(600_000);
    expect(timers.waiting).toBe(0);
    facts.isLinked = true;
    follower.caughtUp();
    await timers.advance(500);
    expect(asked.length).toBe(1);
  });

  test('a sync without an answer is asked again, a refused one later, and not_found is the end', async () => {
    const { follower, asked, facts } = followerFrom(1, timers);
    follower.noteHead(5, true);
    await timers.advance(10_000);
    expect(asked.length).toBe(2);
    follower.syncFailed(new ChatError('rate_limited', undefined, { afterMs: 3_000 }));
    await timers.advance(3_000);
    expect(asked.length).toBe(3);
    follower.syncFailed(new ChatError('not_found'));
    expect(facts.gone).toBe(1);
    expect(timers.waiting).toBe(0);
  });

  test('a page without a head is the end too', () => {
    const { follower, facts } = followerFrom(1, timers);
    follower.takePage({ conversationId, events: [], head: null });
    expect(facts.gone).toBe(1);
  });

  test('a restored server is noticed: two histories are never spliced', async () => {
    const { follower, applied, facts } = followerFrom(0, timers);
    for (const event of logOf(8)) follower.arrive(event);
    const restored = logOf(5, 'b');
    follower.takePage(pageOf(restored, eventAt(8).eventId, 200));
    expect(facts.resets).toBe(1);
    expect(applied).toEqual([1, 2, 3, 4, 5]);
    expect(follower.position).toEqual({ sequence: 5, eventId: eventAt(5, 'b').eventId });
    follower.arrive(eventAt(6, 'b'));
    expect(applied.at(-1)).toBe(6);
  });

  test('an early event of a link that is gone is not put onto another history', () => {
    const { follower, applied } = followerFrom(0, timers);
    follower.arrive(eventAt(1));
    follower.arrive(eventAt(5));
    follower.connectionLost();
    follower.takePage(pageOf(logOf(4, 'b'), eventAt(1).eventId, 200));
    expect(applied).toEqual([1, 2, 3, 4]);
    expect(follower.position.eventId).toBe(eventAt(4, 'b').eventId);
  });

  test('whatever is shuffled, doubled or dropped: the log is applied whole, in order, once', async () => {
    await assert(
      asyncProperty(
        integer({ min: 1, max: 60 }),
        array(tuple(nat(), integer({ min: 1, max: 4 })), { maxLength: 80 }),
        integer({ min: 1, max: 20 }),
        async (length, deliveries, limit) => {
          const clock = new DrivenTimers();
          const log = logOf(length);
          const { follower, applied, asked } = followerFrom(0, clock);
          for (const [pick, times] of deliveries) {
            for (let n = 0; n < times; n++) follower.arrive(log[pick % length] ?? eventAt(1));
            if (pick % 7 === 0) follower.connectionLost();
          }
          follower.noteHead(length);
          follower.caughtUp();
          // From the beginning there is no cursor: the first page is the log's newest, as a reset, which a short log is whole in.
          for (let rounds = 0; follower.isBehind && rounds < 100; rounds++) {
            await clock.advance(10_000);
            const after = asked.splice(0).at(-1) ?? null;
            follower.takePage(pageOf(log, after, after === null ? length : limit));
          }
          await settle();
          expect(applied).toEqual(log.map(({ sequence }) => sequence));
          expect(clock.waiting).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

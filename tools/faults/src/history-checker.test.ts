import { describe, expect, test } from 'bun:test';
import type { Attempt, Outcome, Step, Stream, UnreadClaim } from './history.ts';
import { checkHistory, membershipOf, type Log, type Recorded } from './history-checker.ts';
import type { LogEvent } from './wire.ts';

const TALK = 'gtalk';

function eventAt(sequence: number, fields: Readonly<Record<string, unknown>>, ordinal: number): LogEvent {
  const eventId = `${TALK}.${sequence.toString(36)}.abcdefgh`;
  return {
    type: 'message_event',
    conversationId: TALK,
    senderId: 'anna',
    ...fields,
    eventId,
    sequence,
    ordinal,
  };
}

/** created by anna with ben; three messages of anna; ben is removed; one more message. */
function goodLog(): Log {
  const members = [
    { userId: 'anna', role: 'owner' },
    { userId: 'ben', role: 'member' },
  ];
  const events = [
    eventAt(1, { type: 'conversation_event', change: 'created', members }, 0),
    eventAt(2, { body: 'one' }, 1),
    eventAt(3, { body: 'two' }, 2),
    eventAt(4, { body: 'three' }, 3),
    eventAt(5, { type: 'member_event', change: 'removed', members: [{ userId: 'ben', role: 'member' }] }, 3),
    eventAt(6, { body: 'four' }, 4),
  ];
  return { conversationId: TALK, events };
}

function accepted(sequence: number, isDuplicate = false): Outcome {
  return { kind: 'accepted', sequence, messageId: `${TALK}.${sequence.toString(36)}.abcdefgh`, isDuplicate };
}

function attempt(body: string, fromMs: number, toMs: number, outcome: Outcome): Attempt {
  const place = { userId: 'anna', connection: 'c1', conversationId: TALK, clientMessageId: `id of ${body}` };
  return { ...place, body, invokedAtMs: fromMs, endedAtMs: toMs, outcome };
}

function goodAttempts(): Attempt[] {
  return [
    attempt('one', 0, 10, accepted(2)),
    attempt('two', 5, 20, { kind: 'unknown' }),
    attempt('two', 21, 25, accepted(3, true)),
    attempt('three', 26, 40, accepted(4)),
    attempt('four', 50, 60, accepted(6)),
  ];
}

const stepsOf = (events: readonly (LogEvent | undefined)[]): Step[] =>
  events.filter((event) => event !== undefined).map((event) => ({ kind: 'event', event, atMs: 0 }));

function stream(userId: string, steps: Step[]): Stream {
  return { userId, device: `${userId}/phone`, conversationId: TALK, steps };
}

const claim: UnreadClaim = {
  userId: 'ben',
  conversationId: TALK,
  floor: { sequence: 2, ordinal: 1 },
  unread: 2,
  headSequence: 5,
  headOrdinal: 3,
};

function good(): Recorded & { readonly attempts: Attempt[] } {
  const log = goodLog();
  return {
    logs: [log],
    attempts: goodAttempts(),
    streams: [stream('anna', stepsOf(log.events)), stream('ben', stepsOf(log.events.slice(0, 5)))],
    unreadClaims: [claim],
  };
}

const rulesOf = (recorded: Recorded): string[] => [
  ...new Set(checkHistory(recorded).map(({ rule }) => rule)),
];

function withLog(change: (events: LogEvent[]) => readonly LogEvent[]): Recorded {
  return {
    ...good(),
    streams: [],
    unreadClaims: [],
    logs: [{ conversationId: TALK, events: change([...goodLog().events]) }],
  };
}

function withAttempts(change: (attempts: Attempt[]) => Attempt[]): Recorded {
  return { ...good(), attempts: change(goodAttempts()) };
}

function withBen(steps: (events: readonly LogEvent[]) => Step[]): Recorded {
  return { ...good(), streams: [stream('ben', steps(goodLog().events))] };
}

test('a history in which every promise was kept has no breach', () => {
  expect(checkHistory(good())).toEqual([]);
});

test('a message whose outcome nobody knows may be in the log once or not at all', () => {
  const lost = attempt('five', 70, 80, { kind: 'unknown' });
  expect(checkHistory(withAttempts((attempts) => [...attempts, lost]))).toEqual([]);
});

describe('a history in which a promise was broken is red', () => {
  const cases: readonly (readonly [string, string, () => Recorded])[] = [
    ['an acknowledged message is missing', 'G1.2', () => withLog((events) => events.slice(0, 5))],
    ['a sequence is skipped', 'G2.1', () => withLog((events) => events.toSpliced(2, 1))],
    [
      'a message is in the log twice',
      'G3.1',
      () => withLog((events) => [...events, eventAt(7, { body: 'four' }, 5)]),
    ],
    [
      'a message was acknowledged at another place',
      'G2.1',
      () => withAttempts((attempts) => attempts.with(3, attempt('three', 26, 40, accepted(3)))),
    ],
    [
      'one message was new twice',
      'G3.1',
      () => withAttempts((attempts) => [...attempts, attempt('one', 70, 80, accepted(2))]),
    ],
    [
      'a message was said by nobody',
      'G3.1',
      () => withAttempts((attempts) => attempts.filter(({ body }) => body !== 'three')),
    ],
    [
      'what was refused for good is in the log',
      'G8.2',
      () => {
        const outcome: Outcome = { kind: 'refused', code: 'invalid', retry: 'never' };
        return withAttempts((attempts) => attempts.with(4, attempt('four', 50, 60, outcome)));
      },
    ],
    [
      'a message stands before one that was acknowledged before it was said',
      'G2.1',
      () => {
        const late = { ...attempt('one', 45, 49, accepted(2)), connection: 'c2' };
        return withAttempts((attempts) => attempts.with(0, late));
      },
    ],
    [
      'two messages of one connection are the wrong way round',
      'G2.2',
      () =>
        withAttempts((attempts) => [
          attempt('three', 0, 40, accepted(4)),
          attempt('one', 1, 40, accepted(2)),
          ...attempts.filter(({ body }) => body === 'two' || body === 'four'),
        ]),
    ],
    ['a device has a hole', 'G4.1', () => withBen((events) => stepsOf(events.slice(0, 5).toSpliced(2, 1)))],
    [
      'a device applied one twice',
      'G4.1',
      () => withBen((events) => stepsOf([events[0], events[1], events[1]])),
    ],
    [
      'a device holds another event than the log',
      'G2.1',
      () => withBen((events) => stepsOf([events[0], eventAt(2, { body: 'forged' }, 1)])),
    ],
    ['a device begins in the middle', 'G4.1', () => withBen((events) => stepsOf(events.slice(2, 5)))],
    ['a removed member hears more', 'G5.1', () => withBen((events) => stepsOf(events))],
    ['unread is one too many', 'G6.1', () => ({ ...good(), unreadClaims: [{ ...claim, unread: 3 }] })],
    [
      'unread counts own messages',
      'G6.1',
      () => ({ ...good(), unreadClaims: [{ ...claim, userId: 'anna' }] }),
    ],
    [
      'a floor is past the head',
      'G6.3',
      () => ({ ...good(), unreadClaims: [{ ...claim, floor: { sequence: 6, ordinal: 4 }, unread: -1 }] }),
    ],
    [
      'a floor has the ordinal of another place',
      'P8.4',
      () => ({ ...good(), unreadClaims: [{ ...claim, floor: { sequence: 2, ordinal: 2 } }] }),
    ],
    [
      'an ordinal is wrong',
      'P5.2',
      () => withLog((events) => events.with(3, eventAt(4, { body: 'three' }, 2))),
    ],
    [
      'an event id names another place',
      'P1.5',
      () =>
        withLog((events) =>
          events.map((event) => ({ ...event, eventId: event.eventId.replace('.5.', '.6.') })),
        ),
    ],
  ];
  test.each(cases)('%s: %s', (_what, rule, recorded) => {
    expect(rulesOf(recorded())).toContain(rule);
  });
});

test('a device that was reset, or began at a head it was told, goes on from there', () => {
  const reset = withBen((events) => [
    ...stepsOf(events.slice(0, 2)),
    { kind: 'reset' },
    ...stepsOf(events.slice(3, 5)),
  ]);
  expect(checkHistory(reset)).toEqual([]);
  const base = withBen((events) => [{ kind: 'base', sequence: 3 }, ...stepsOf(events.slice(3, 5))]);
  expect(checkHistory(base)).toEqual([]);
});

test('membership is from the event that lets in to the one that lets out, both included', () => {
  const isIn = membershipOf(goodLog(), 'ben');
  expect([0, 1, 5, 6].map(isIn)).toEqual([false, true, true, false]);
});

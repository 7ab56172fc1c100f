import { describe, expect, test } from 'bun:test';
import { formatEventId, type MessageEvent } from '@confab/protocol';
import { ChatError } from '../errors.ts';
import type { QueueEntry } from '../queue/lane.ts';
import type { TimelineItem } from '../timeline-types.ts';
import { timelineItems } from './timeline-items.ts';

function message(sequence: number, senderId: string, clientMessageId?: string): MessageEvent {
  const eventId = formatEventId('g1', sequence, 'aaaaaaaa');
  return {
    type: 'message_event',
    eventId,
    messageId: eventId,
    conversationId: 'g1',
    sequence,
    ordinal: sequence,
    senderId,
    sentAt: '2026-01-01T00:00:00.000Z',
    body: `m${sequence}`,
    ...(clientMessageId === undefined ? {} : { clientMessageId }),
  };
}

function pending(clientMessageId: string): QueueEntry {
  return {
    row: {
      clientMessageId,
      userId: 'alice',
      conversationId: 'g1',
      instanceId: 'tab',
      place: 1,
      queuedAt: '2026-01-01T00:00:01.000Z',
      body: 'pending',
      format: null,
      replyTo: null,
      mentions: [],
      readThrough: null,
      failure: null,
    },
    status: { kind: 'queued' },
  };
}

const sources = { me: 'alice', events: [], pending: [], watermarks: [], memberCount: 3 };
const states = (items: readonly TimelineItem[]): string[] =>
  items.flatMap((item) => (item.kind === 'message' ? [item.state.kind] : []));

describe('the items of a timeline', () => {
  test('a message that is in the log is not shown as waiting as well', () => {
    const items = timelineItems(
      { ...sources, events: [message(1, 'alice', 'c1')], pending: [pending('c1'), pending('c2')] },
      [],
    );
    expect(items.map(({ key }) => key)).toEqual(['c1', 'c2']);
    expect(states(items)).toEqual(['sent', 'queued']);
  });

  test("another's message hides none of one's own, whatever id it has", () => {
    const items = timelineItems(
      { ...sources, events: [message(1, 'bob', 'c1')], pending: [pending('c1')] },
      [],
    );
    expect(states(items)).toEqual(['received', 'queued']);
  });

  test('an id that stands for another text cannot be sent again', () => {
    const failed = (code: 'idempotency_conflict' | 'forbidden'): QueueEntry => ({
      ...pending('c1'),
      status: { kind: 'failed', error: new ChatError(code) },
    });
    const canRetry = (['idempotency_conflict', 'forbidden'] as const).flatMap((code) =>
      timelineItems({ ...sources, pending: [failed(code)] }, []).map((item) =>
        item.kind === 'message' && item.state.kind === 'failed' ? item.state.canRetry : null,
      ),
    );
    expect(canRetry).toEqual([false, true]);
  });

  test('in a group it is delivered or read when it is so for all others', () => {
    const events = [message(1, 'alice'), message(2, 'alice'), message(3, 'alice'), message(4, 'bob')];
    const bob = { userId: 'bob', delivered: 3, read: 2 };
    expect(states(timelineItems({ ...sources, events, watermarks: [bob] }, []))).toEqual([
      'sent',
      'sent',
      'sent',
      'received',
    ]);
    const carol = { userId: 'carol', delivered: 1, read: 2 };
    const lists = timelineItems({ ...sources, events, watermarks: [bob, { ...carol, read: 1 }] }, []);
    expect(states(lists)).toEqual(['read', 'sent', 'sent', 'received']);
    expect(
      states(timelineItems({ ...sources, events, watermarks: [bob, { ...carol, delivered: 3 }] }, [])),
    ).toEqual(['read', 'read', 'delivered', 'received']);
  });

  test('nothing new: the very same list', () => {
    const given = {
      ...sources,
      events: [message(1, 'bob'), message(2, 'alice', 'c2')],
      pending: [pending('c3')],
    };
    const items = timelineItems(given, []);
    expect(timelineItems({ ...given, events: [...given.events] }, items)).toBe(items);
  });

  test('only one’s own client ids are keys, as others’ are not known to be unique', () => {
    const items = timelineItems(
      { ...sources, events: [message(1, 'bob', 'c1'), message(2, 'alice', 'c1')] },
      [],
    );
    expect(items.map(({ key }) => key)).toEqual([message(1, 'bob').messageId, 'c1']);
  });

  test('[G2.1] what is acknowledged and not in the log here yet stands by its place, before what is unsent', () => {
    const at = (clientMessageId: string, sequence: number): QueueEntry => ({
      row: pending(clientMessageId).row,
      status: { kind: 'acknowledged', messageId: 'm', sequence, sentAt: '2026-01-01T00:00:02.000Z' },
    });
    const waiting = [at('refused-first', 9), pending('unsent'), at('sent-later', 4)];
    const items = timelineItems(
      { me: 'alice', events: [], pending: waiting, watermarks: [], memberCount: 2 },
      [],
    );
    expect(items.map(({ key }) => key)).toEqual(['sent-later', 'refused-first', 'unsent']);
  });
});

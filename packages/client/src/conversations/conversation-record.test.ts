import { describe, expect, test } from 'bun:test';
import { type ConversationSummary, formatEventId, type LogEvent } from '@confab/protocol';
import {
  type ConversationRecord,
  recordOf,
  viewOf,
  withEvent,
  withFloor,
  withRead,
  withSummary,
  withWatermark,
} from './conversation-record.ts';
import { isShown } from '../log/log-window.ts';

const conversationId = 'g1';
const me = 'alice';

function common(sequence: number, ordinal: number, senderId: string) {
  const eventId = formatEventId(conversationId, sequence, 'aaaaaaaa');
  return { eventId, conversationId, sequence, ordinal, senderId, sentAt: '2026-01-01T00:00:00.000Z' };
}

function message(sequence: number, senderId: string, mentions?: string[]): LogEvent {
  const fields = common(sequence, sequence - 1, senderId);
  const more = mentions === undefined ? {} : { mentions };
  return { type: 'message_event', ...fields, messageId: fields.eventId, body: `m${sequence}`, ...more };
}

function summary(head: number, changes: Partial<ConversationSummary> = {}): ConversationSummary {
  const { eventId, sentAt } = common(head, head - 1, 'bob');
  return {
    conversationId,
    type: 'group',
    title: 'ours',
    role: 'member',
    memberCount: 3,
    head: { sequence: head, ordinal: head - 1, eventId, sentAt },
    read: { sequence: 1, ordinal: 0 },
    unread: head - 1,
    mentions: 0,
    watermarks: [
      { userId: 'bob', delivered: 4, read: 3 },
      { userId: 'carol', delivered: 2, read: 2 },
    ],
    ...changes,
  };
}

function after(record: ConversationRecord, ...events: readonly LogEvent[]): ConversationRecord {
  return events.reduce((known, event) => withEvent(known, event, me), record);
}

const seen = (record: ConversationRecord) => {
  const { unread, mentions, memberCount } = viewOf(record, []);
  return { unread, mentions, memberCount };
};

describe('what a device knows of a conversation', () => {
  test('[G6.2] own messages and own mentions of oneself raise nothing', () => {
    const record = after(
      recordOf(summary(1, { unread: 0 })),
      message(2, me, [me]),
      message(3, 'bob', [me]),
      message(4, 'bob'),
    );
    expect(seen(record)).toMatchObject({ unread: 2, mentions: 1 });
  });

  test('[G6.1] reading all that has come here reads nothing of what the server told of beyond it', () => {
    const ahead = withFloor(recordOf(summary(3)), {
      floor: { sequence: 1, ordinal: 0 },
      head: { sequence: 9, ordinal: 8 },
      unread: 8,
    });
    expect(viewOf(withRead(ahead, 3, me), [])).toMatchObject({ unread: 8, readSequence: 1 });
  });

  test('[G6.1] never more mentions than unread messages', () => {
    const record = after(recordOf(summary(5, { mentions: 1 })), message(6, me));
    expect(seen(withRead(record, 6, me))).toMatchObject({ unread: 0, mentions: 0 });
    expect(seen(recordOf(summary(5, { unread: 0, mentions: 1 })))).toMatchObject({ mentions: 0 });
  });

  test('[G6.1] reading a part counts the others’ messages above it, where the window reaches the end', () => {
    const events = [message(2, me), message(3, 'bob'), message(4, me), message(5, 'bob'), message(6, 'bob')];
    const record = after(recordOf(summary(1, { unread: 0 })), ...events);
    const holding = (held: readonly LogEvent[]): ConversationRecord => ({
      ...record,
      window: { from: 2, isWhole: false, events: held.filter(isShown) },
    });
    expect(seen(record).unread).toBe(3);
    expect(seen(withRead(holding(events), 3, me)).unread).toBe(2);
    // Own messages may stand in what is not held: the server's word is waited for.
    const unsure = viewOf(withRead(holding(events.slice(0, 2)), 3, me), []);
    expect(unsure).toMatchObject({ unread: 3, readSequence: 1 });
  });

  test('[G6.1] mentions go with what is read; the server’s count stays until all it counted is read', () => {
    const record = after(recordOf(summary(5, { unread: 4, mentions: 2 })), message(6, 'bob', [me]));
    expect(seen(record).mentions).toBe(3);
    const news = (sequence: number, unread: number) => ({
      floor: { sequence, ordinal: sequence - 1 },
      head: { sequence: 6, ordinal: 5 },
      unread,
    });
    expect(seen(withFloor(record, news(3, 3))).mentions).toBe(3);
    expect(seen(withFloor(record, news(5, 1))).mentions).toBe(1);
    const read = after(withFloor(record, news(6, 0)), message(7, 'bob'), message(8, 'bob'));
    expect(seen(read)).toMatchObject({ unread: 2, mentions: 0 });
  });

  test('[G6.3] reading less than before changes nothing', () => {
    const record = withRead(recordOf(summary(6)), 6, me);
    expect([record.readHere, withRead(record, 2, me).readHere]).toEqual([6, 6]);
    expect(seen(withRead(record, 2, me))).toMatchObject({ unread: 0 });
  });

  test('[G6.1] a summary that is older than the events that came does not take them back', () => {
    const record = after(recordOf(summary(2)), message(3, 'bob'), message(4, 'bob'));
    const older = withSummary(record, summary(3, { unread: 2 }), false);
    expect([older.head.sequence, seen(older).unread]).toEqual([4, 3]);
    // On a new connection it is the whole truth, as after a restore.
    expect(withSummary(record, summary(3, { unread: 2 }), true).head.sequence).toBe(3);
  });

  test('[G6.3] watermarks of others only rise, and go with them', () => {
    const record = recordOf(summary(6));
    expect(withWatermark(record, { userId: 'bob', delivered: 3, read: 2 })).toBe(record);
    const risen = withWatermark(record, { userId: 'bob', delivered: 2, read: 5 });
    expect(risen.watermarks.find(({ userId }) => userId === 'bob')).toEqual({
      userId: 'bob',
      delivered: 4,
      read: 5,
    });
    const members = [{ userId: 'bob', role: 'member' as const }];
    const left = after(record, { type: 'member_event', ...common(7, 5, 'bob'), change: 'left', members });
    expect(left.watermarks.map(({ userId }) => userId)).toEqual(['carol']);
    expect(seen(left)).toMatchObject({ memberCount: 2, unread: 5 });
    const joined = after(left, { type: 'member_event', ...common(8, 5, me), change: 'joined', members });
    expect(seen(joined)).toMatchObject({ memberCount: 3 });
  });
});

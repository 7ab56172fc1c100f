import type { MessageItem, SystemItem, TimelineItem } from '@confab/client';
import { describe, expect, test } from 'bun:test';
import { changesAtStart, sequenceThrough, timelineRows, type TimelineRow } from './timeline-rows.ts';

const START = new Date(2026, 5, 17, 9, 0).getTime();

function message(sequence: number, senderId: string, minute: number, own = senderId === 'me'): MessageItem {
  return {
    kind: 'message',
    key: `m${sequence}`,
    messageId: `c.${sequence}.x`,
    sequence,
    clientMessageId: null,
    senderId,
    own,
    body: `message ${sequence}`,
    format: 'plain',
    replyTo: null,
    mentions: [],
    sentAt: new Date(START + minute * 60_000).toISOString(),
    state: { kind: own ? 'sent' : 'received' },
  };
}

function renamed(sequence: number, minute: number): SystemItem {
  const sentAt = new Date(START + minute * 60_000).toISOString();
  const event = { type: 'conversation_event', change: 'updated', title: 'x' } as SystemItem['event'];
  return { kind: 'system', key: `s${sequence}`, sequence, senderId: 'ada', sentAt, event };
}

const unsent = (key: string, minute: number): MessageItem => ({
  ...message(0, 'me', minute),
  key,
  sequence: null,
  messageId: null,
  state: { kind: 'queued' },
});

/** A row in a few letters: `[` starts a run, `]` ends it. */
function sketch(rows: readonly TimelineRow[]): string {
  return rows
    .map((row) => {
      if (row.kind !== 'message') return row.kind === 'system' ? row.key : row.kind;
      return `${row.startsRun ? '[' : ''}${row.key}${row.endsRun ? ']' : ''}`;
    })
    .join(' ');
}

const rowsOf = (items: readonly TimelineItem[], hasOlder = false, unreadAfter: number | null = null) =>
  timelineRows(items, { hasOlder, unreadAfter });

describe('runs', () => {
  test('messages of one person within five minutes are one run', () => {
    const items = [message(1, 'ada', 0), message(2, 'ada', 4), message(3, 'ada', 10), message(4, 'bob', 10)];
    expect(sketch(rowsOf(items))).toBe('top day [m1 m2] [m3] [m4]');
  });

  test('a system line ends a run', () => {
    expect(sketch(rowsOf([message(1, 'ada', 0), renamed(2, 1), message(3, 'ada', 2)]))).toBe(
      'top day [m1] s2 [m3]',
    );
  });

  test('a device whose clock runs behind does not tear a run apart', () => {
    expect(sketch(rowsOf([message(1, 'ada', 2), message(2, 'ada', 1)]))).toBe('top day [m1 m2]');
  });
});

describe('days', () => {
  test('a line stands before the first message of each day', () => {
    const items = [message(1, 'ada', 0), message(2, 'ada', 15 * 60 - 1), message(3, 'ada', 15 * 60)];
    expect(sketch(rowsOf(items))).toBe('top day [m1] [m2] day [m3]');
  });

  test('with older pages to come the first day has no line yet', () => {
    expect(sketch(rowsOf([message(7, 'ada', 0)], true))).toBe('top [m7]');
  });
});

describe('the line before what is new', () => {
  test('stands before the first message of others, and splits a run', () => {
    const items = [message(1, 'ada', 0), message(2, 'me', 1), message(3, 'ada', 1), message(4, 'ada', 1)];
    expect(sketch(rowsOf(items, false, 1))).toBe('top day [m1] [m2] unread [m3 m4]');
    expect(sketch(rowsOf(items, false, 3))).toBe('top day [m1] [m2] [m3] unread [m4]');
  });

  test('is absent when everything is read, or when the first new one is not loaded', () => {
    const items = [message(8, 'ada', 0), message(9, 'ada', 1)];
    expect(sketch(rowsOf(items, true, 9))).toBe('top [m8 m9]');
    expect(sketch(rowsOf(items, true, 3))).toBe('top [m8 m9]');
    expect(sketch(rowsOf(items, true, 7))).toBe('top unread [m8 m9]');
    expect(sketch(rowsOf(items, false, 3))).toBe('top day unread [m8 m9]');
  });

  test('own messages and renames are not new', () => {
    expect(
      sketch(rowsOf([message(1, 'ada', 0), renamed(2, 1), message(3, 'me', 2)], false, 1)),
    ).not.toContain('unread');
  });
});

describe('what is unsent', () => {
  test('stands at the end and joins the run', () => {
    const rows = rowsOf([message(1, 'me', 0), unsent('a', 1), unsent('b', 1)]);
    expect(sketch(rows)).toBe('top day [m1 a b]');
    expect(sequenceThrough(rows, rows.length)).toBe(1);
  });
});

describe('pages', () => {
  const newer = [message(5, 'ada', 5), message(6, 'bob', 6)];
  const older = [message(3, 'ada', 3), message(4, 'ada', 4)];

  test('an older page is seen as one', () => {
    expect(changesAtStart(rowsOf(newer, true), rowsOf([...older, ...newer], true))).toBe(true);
    expect(changesAtStart(rowsOf(newer, true), rowsOf([...older, ...newer], false))).toBe(true);
    expect(changesAtStart(rowsOf([...older, ...newer], true), rowsOf(newer, true))).toBe(true);
  });

  test('a new message and the first page are not', () => {
    expect(changesAtStart(rowsOf(newer), rowsOf([...newer, message(7, 'ada', 7)]))).toBe(false);
    expect(changesAtStart(rowsOf([]), rowsOf(newer))).toBe(false);
    expect(changesAtStart(rowsOf(newer), rowsOf(newer))).toBe(false);
  });

  test('what was read is the last acknowledged row that was seen', () => {
    const rows = rowsOf([...older, ...newer], true);
    expect(sketch(rows)).toBe('top [m3 m4 m5] [m6]');
    expect(sequenceThrough(rows, 3)).toBe(4);
    expect(sequenceThrough(rows, 1)).toBe(0);
    expect(sequenceThrough(rows, 99)).toBe(6);
  });
});

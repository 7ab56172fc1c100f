import { expect, test } from 'bun:test';
import { mistakeInMessages, readList } from './read-answer.ts';

const expected = { kind: 'messages', first: 7, last: 9 } as const;

function pageOf(...sequences: readonly number[]): { status: number; body: Buffer } {
  const messages = sequences.map((sequence) => ({ messageId: `m${sequence}`, sequence, body: 'text' }));
  return { status: 200, body: Buffer.from(JSON.stringify({ messages, head: { sequence: 20 } })) };
}

test('a page with what was asked for has no mistake', () => {
  expect(mistakeInMessages(pageOf(7, 8, 9), expected, true)).toBeNull();
});

test('a page without its first or last message has one, parsed or not', () => {
  expect(mistakeInMessages(pageOf(8, 9), expected, false)).toBe('not from 7 to 9');
  expect(mistakeInMessages(pageOf(7, 8), expected, false)).toBe('not from 7 to 9');
});

test('a page with a hole, a double or another order has one', () => {
  for (const wrong of [pageOf(7, 9), pageOf(7, 8, 8, 9), pageOf(9, 8, 7)])
    expect(mistakeInMessages(wrong, expected, true)).toBe('has holes between 7 and 9');
});

test('an error is a mistake, and no list', () => {
  const refused = { status: 503, body: Buffer.from('{"code":"unavailable"}') };
  expect(mistakeInMessages(refused, expected, true)).toBe('answered with 503');
  expect(() => readList(refused)).toThrow('answered with 503');
});

test('a list says how many conversations, how much unread and where it goes on', () => {
  const conversations = [{ unread: 2 }, { unread: 5 }];
  const bodyOf = (page: object): { status: number; body: Buffer } => ({
    status: 200,
    body: Buffer.from(JSON.stringify(page)),
  });
  expect(readList(bodyOf({ conversations, next: 'on' }))).toEqual({
    conversations: 2,
    unread: 7,
    next: 'on',
  });
  expect(readList(bodyOf({ conversations: [] })).next).toBeNull();
});

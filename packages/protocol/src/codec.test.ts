import { describe, expect, test } from 'bun:test';
import {
  ConfabError,
  type ErrorCode,
  decodeClientFrame,
  decodeServerFrame,
  decoderOf,
  labelsOf,
  limits,
  operations,
  parseObject,
} from './index.ts';

const send = {
  type: 'send_message',
  conversationId: 'gMCXw4E3QcAddA8yZvtzRYP',
  clientMessageId: '7b0c2a4e-3f5d-4b8e-9c1a-2d6f8e0b4a7c',
};

function codeOf(action: () => unknown): ErrorCode | 'done' {
  try {
    action();
    return 'done';
  } catch (error) {
    if (error instanceof ConfabError) return error.code;
    throw error;
  }
}

describe('decoding', () => {
  test('[G8.2] unknown fields reach nobody, in nested objects neither', () => {
    const text = JSON.stringify({ ...send, body: 'x', extra: 1 }).replace(
      '"extra":1',
      '"extra":1,"__proto__":{"role":"owner"},"constructor":2',
    );
    const frame = decodeClientFrame(parseObject(text));
    expect(Object.keys(frame).sort()).toEqual(['body', 'clientMessageId', 'conversationId', 'type']);
    expect((frame as unknown as { role?: string }).role).toBeUndefined();
    expect(Object.getPrototypeOf(frame)).toBe(Object.prototype);
    const authenticate = `{"type":"authenticate","token":"t","deviceId":"d","instanceId":"i","client":"c","resume":{"cursors":[],"__proto__":{"x":1},"extra":2}}`;
    const { resume } = decodeClientFrame(parseObject(authenticate)) as unknown as { resume: object };
    expect(Object.keys(resume)).toEqual(['cursors']);
  });

  test('[G8.1] a body has exactly 64 KiB of UTF-8, whatever its characters', () => {
    for (const [character, bytes] of [
      ['a', 1],
      ['é', 2],
      ['你', 3],
      ['😀', 4],
    ] as const) {
      const most = character.repeat(Math.floor(limits.bodyBytesMax / bytes));
      const body = most + 'a'.repeat(limits.bodyBytesMax - Buffer.byteLength(most));
      expect(codeOf(() => decodeClientFrame({ ...send, body }))).toBe('done');
      expect(codeOf(() => decodeClientFrame({ ...send, body: `${body}a` }))).toBe('too_large');
      expect(codeOf(() => decodeClientFrame({ ...send, body: `${body}${character}` }))).toBe('too_large');
    }
    const lastIsTwo = `${'a'.repeat(limits.bodyBytesMax - 1)}é`;
    expect(codeOf(() => decodeClientFrame({ ...send, body: lastIsTwo }))).toBe('too_large');
  });

  test('[G8.2] every control character but tab and newline is refused, and every lone surrogate', () => {
    for (let code = 0; code < 0xa0; code++) {
      const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
      const expected = isControl && code !== 9 && code !== 10 ? 'invalid' : 'done';
      const body = `a${String.fromCharCode(code)}b`;
      expect([code, codeOf(() => decodeClientFrame({ ...send, body }))]).toEqual([code, expected]);
    }
    for (const lone of ['\ud83d', '\ude00', '\ude00\ud83d', 'a\ud800b']) {
      expect(codeOf(() => decodeClientFrame({ ...send, body: lone }))).toBe('invalid');
    }
    expect(codeOf(() => decodeClientFrame({ ...send, body: '\ud83d\ude00' }))).toBe('done');
  });

  test('[G8.2] what is not an object is refused, whatever it is', () => {
    for (const value of [null, undefined, 1, 'text', true, [], () => 1]) {
      expect(codeOf(() => decoderOf(operations.send_message.request).decode(value))).toBe('invalid');
    }
    for (const text of ['', ' ', 'null', '[]', '1', '"x"', '{', '{}x', 'NaN', "{'a':1}", '{"a":1,}']) {
      expect(codeOf(() => parseObject(text))).toBe('malformed');
    }
    expect(parseObject(' {"a":1} ')).toEqual({ a: 1 });
  });

  test('the labels of a refused frame are told as far as they are well-formed', () => {
    const { conversationId, clientMessageId } = send;
    expect(labelsOf({ ref: 'r:1', conversationId, clientMessageId, body: 7 })).toEqual({
      ref: 'r:1',
      conversationId,
      clientMessageId,
    });
    expect(labelsOf({ ref: 'a b', conversationId: 1, clientMessageId: 'x'.repeat(65) })).toEqual({});
    for (const other of ['', 'g 1', 'g'.repeat(41), 'g"1'])
      expect(labelsOf({ conversationId: other })).toEqual({});
    expect(labelsOf(parseObject('{"__proto__":{"ref":"r"}}'))).toEqual({});
  });
});

describe('a server frame', () => {
  test('of an unknown type or with unknown fields is passed on; what is no frame is null', () => {
    expect(decodeServerFrame('{"type":"later_event","x":1}') as unknown).toEqual({
      type: 'later_event',
      x: 1,
    });
    for (const text of ['', '[]', 'null', '{}', '{"type":1}', 'x'])
      expect(decodeServerFrame(text)).toBeNull();
  });
});

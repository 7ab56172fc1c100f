import { describe, expect, test } from 'bun:test';
import { limits } from './limits.ts';
import { prepareBody, roomOf } from './message-body.ts';

describe('prepareBody', () => {
  test.each([
    ['  hello  ', '  hello'],
    ['\n \n  code\n\n', '  code'],
    ['a\r\nb\rc', 'a\nb\nc'],
    ['a\tb\u0000\u0007c\u0085', 'a\tbc'],
    [' \n\t ', ''],
    ['lone \ud800 half', 'lone \ufffd half'],
  ])('%j becomes %j', (typed, body) => expect(prepareBody(typed)).toBe(body));
});

describe('roomOf', () => {
  test('counts bytes, not characters', () => {
    expect(roomOf('a'.repeat(limits.bodyBytesMax))).toEqual({ kind: 'close', bytesLeft: 0 });
    expect(roomOf('a'.repeat(limits.bodyBytesMax + 1))).toEqual({ kind: 'over', bytesOver: 1 });
    expect(roomOf('é'.repeat(limits.bodyBytesMax / 2 + 1))).toEqual({ kind: 'over', bytesOver: 2 });
  });

  test('says nothing while there is plenty', () => {
    expect(roomOf('')).toEqual({ kind: 'plenty' });
    expect(roomOf('a'.repeat(limits.bodyBytesMax - 5000))).toEqual({ kind: 'plenty' });
  });
});

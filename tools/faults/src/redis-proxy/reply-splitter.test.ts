import { describe, expect, test } from 'bun:test';
import { ReplySplitter } from './reply-splitter.ts';

const REPLIES = [
  '+OK\r\n',
  "-READONLY You can't write.\r\n",
  ':17\r\n',
  '$5\r\na\r\nbc\r\n',
  '$0\r\n\r\n',
  '$-1\r\n',
  '*2\r\n$1\r\na\r\n*1\r\n:1\r\n',
  '%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n',
  '|1\r\n+key\r\n,0.5\r\n*1\r\n_\r\n',
  '~1\r\n#t\r\n',
  '=7\r\ntxt:abc\r\n',
  '>3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n',
  '>3\r\n$7\r\nmessage\r\n$5\r\ninbox\r\n$8\r\n1 ü\r\n[]\r\n',
  '*3\r\n$7\r\nmessage\r\n$5\r\ninbox\r\n$1\r\n1\r\n',
];

describe('replies of Redis', () => {
  test.each([1, 2, 7, 1_000])('are found whole in pieces of %d bytes', (size) => {
    const bytes = Buffer.from(REPLIES.join(''));
    const splitter = new ReplySplitter();
    const found: string[] = [];
    for (let from = 0; from < bytes.length; from += size)
      found.push(...splitter.take(bytes.subarray(from, from + size)).map((one) => one.bytes.toString()));
    expect(found).toEqual(REPLIES);
  });

  test('a publication is told from an answer that looks like one', () => {
    const found = new ReplySplitter().take(Buffer.from(REPLIES.join('')));
    expect(found.flatMap(({ publication }) => publication ?? [])).toEqual([
      { channel: 'inbox', text: '1 ü\r\n[]' },
    ]);
  });

  test('what is no reply is a fault', () => {
    expect(() => new ReplySplitter().take(Buffer.from('HTTP/1.1 400\r\n'))).toThrow('begins with "H"');
  });
});

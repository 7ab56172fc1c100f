import { expect, test } from 'bun:test';
import { array, assert, integer, property } from 'fast-check';
import { EventStreamParser } from './event-stream.ts';

test('events are the same however the stream is cut', () => {
  const text =
    ':\n\ndata: {"a":1}\n\ndata: two\r\ndata: lines\r\n\r\nevent: close\ndata:{"code":4000}\n\n:\n\n';
  assert(
    property(array(integer({ min: 1, max: 9 })), (sizes) => {
      const parser = new EventStreamParser(1_000);
      const events = [];
      let at = 0;
      for (const size of [...sizes, text.length]) {
        events.push(...parser.push(text.slice(at, at + size)));
        at += size;
      }
      expect(events).toEqual([
        { name: '', data: '{"a":1}' },
        { name: '', data: 'two\nlines' },
        { name: 'close', data: '{"code":4000}' },
      ]);
    }),
  );
});

test('a line without end is refused', () => {
  const parser = new EventStreamParser(10);
  expect(() => parser.push('data: 0123456789')).toThrow();
});

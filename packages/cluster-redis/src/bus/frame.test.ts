import { describe, expect, test } from 'bun:test';
import { type Frame, formatFrame, parseFrame } from './frame.ts';

describe('frame', () => {
  const frames: readonly Frame[] = [
    { kind: 'data', from: 'node-a', link: 'l.1', counter: 7, body: '["a\nb ü"]' },
    { kind: 'beat', from: 'node-a', link: 'l.1', counter: 7, dueMs: 400 },
    { kind: 'lack', from: 'node-a', link: 'l.1', first: 2, last: Number.MAX_SAFE_INTEGER },
    { kind: 'gone', from: 'node-a', link: 'l.1', upTo: 3 },
    { kind: 'talk', from: 'node-a', body: '[["ask","1",{}]]' },
  ];

  test.each(frames)('a frame is read as it was written: $kind', (frame) => {
    expect(parseFrame(formatFrame(frame))).toEqual(frame);
  });

  test.each(['', '\n', '2 data a l 1 0\n[]', '1 shout a l 1 0\n', '1 data a l x 0\n[]', '1 data a l 1 0'])(
    '[BUS5] a text that is no frame of this version is none: %p',
    (text) => {
      expect(parseFrame(text)).toBeNull();
    },
  );
});

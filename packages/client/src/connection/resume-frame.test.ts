import { expect, test } from 'bun:test';
import { limits } from '@confab/protocol';
import { resumeOf } from './resume-frame.ts';

const id = (n: number): string => `g${String(n).padStart(22, '0')}`;
const cursors = Array.from({ length: 500 }, (_, n) => ({
  conversationId: id(n),
  eventId: `${id(n)}.zzzzz.abcdefgh`,
}));
const pending = Array.from({ length: 300 }, (_, n) => [id(n), crypto.randomUUID()] as const);

test('the most important cursors and the oldest sends fit the frame before ready', () => {
  const { resume, handedOver } = resumeOf({ cursors, pending, tokenBytes: 900 });
  expect(resume.cursors?.length).toBe(limits.resumeCursorsMax);
  expect(resume.cursors?.[0]).toBe(cursors[0]?.eventId ?? '');
  expect(handedOver).toEqual(
    cursors.slice(0, limits.resumeCursorsMax).map(({ conversationId }) => conversationId),
  );
  expect(resume.pending?.[0]?.[0]).toBe(id(0));
  expect(JSON.stringify(resume).length + 900).toBeLessThan(limits.frameBeforeReadyBytesMax);
});

test('a long token costs cursors, not the connection', () => {
  const tokenBytes = 8_192;
  const { resume, handedOver } = resumeOf({ cursors, pending, tokenBytes });
  expect(handedOver.length).toBeLessThan(limits.resumeCursorsMax);
  expect(handedOver.length).toBe(resume.cursors?.length ?? 0);
  expect(JSON.stringify(resume).length + tokenBytes).toBeLessThan(limits.frameBeforeReadyBytesMax);
});

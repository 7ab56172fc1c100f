import { expect, test } from 'bun:test';
import type { CursorAdvance } from '@confab/contracts';
import { Gathered } from './gathered.ts';

const bob = { conversationId: 'g1', userId: 'bob' };

function advance(kind: CursorAdvance['kind'], sequence: number, deviceId = 'phone'): CursorAdvance {
  return { ...bob, deviceId, kind, sequence, ordinal: kind === 'read' ? sequence - 1 : 0 };
}

test('[G6.3] of what waits to be written the highest counts, and what is written counts where it is higher', () => {
  const gathered = new Gathered();
  for (const sequence of [4, 6, 5]) {
    gathered.take(advance('delivered', sequence + 1, `device ${sequence}`));
    gathered.take(advance('read', sequence));
  }
  expect(gathered.over(bob, null)).toEqual({ userId: 'bob', delivered: 7, read: 6, readOrdinal: 5 });
  const [lower, higher] = [
    { userId: 'bob', delivered: 3, read: 3, readOrdinal: 2 },
    { userId: 'bob', delivered: 9, read: 8, readOrdinal: 7 },
  ];
  expect(gathered.over(bob, lower)).toEqual({ userId: 'bob', delivered: 7, read: 6, readOrdinal: 5 });
  expect(gathered.over(bob, higher)).toEqual(higher);
  expect(gathered.all().filter(({ kind }) => kind === 'read')).toEqual([advance('read', 6)]);
});

test('[G6.3] what waits is of its own place: of no other user and no other conversation', () => {
  const gathered = new Gathered();
  gathered.take(advance('read', 4));
  expect(gathered.over({ ...bob, userId: 'ann' }, null)).toBe(null);
  expect(gathered.over({ ...bob, conversationId: 'g2' }, null)).toBe(null);
});

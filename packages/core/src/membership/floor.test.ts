import { expect, test } from 'bun:test';
import { floorOf } from './floor.ts';

const member = { from: 3, fromOrdinal: 1 };
const cursor = (read: number, readOrdinal: number) => ({ userId: 'ann', delivered: read, read, readOrdinal });

test('[G6.1] the floor is the later of the join and of what was read', () => {
  const head = { sequence: 20, ordinal: 15 };
  expect(floorOf(member, null, head)).toEqual({ sequence: 3, ordinal: 1 });
  expect(floorOf(member, cursor(2, 1), head)).toEqual({ sequence: 3, ordinal: 1 });
  expect(floorOf(member, cursor(9, 6), head)).toEqual({ sequence: 9, ordinal: 6 });
});

test('[G6.3] a watermark that was read after its head and is further by then is that head', () => {
  const head = { sequence: 26, ordinal: 20 };
  expect(floorOf(member, cursor(27, 21), head)).toEqual(head);
  expect(floorOf({ from: 28, fromOrdinal: 21 }, null, head)).toEqual(head);
});

import { expect, test } from 'bun:test';
import { LocalRows } from './local-rows.ts';

test('rows come and go one by one', () => {
  const rows = new LocalRows();
  expect(rows.isEmpty).toBe(true);
  for (const connection of ['c1', 'c1', 'c2', 'c3', 'c2']) rows.add('ann', connection);
  rows.add('bob', 'c4');
  rows.follow('k');
  expect([...rows.sessions()]).toEqual([
    ['ann', 'c1'],
    ['ann', 'c2'],
    ['ann', 'c3'],
    ['bob', 'c4'],
  ]);
  expect([...rows.followed()]).toEqual(['k']);
  for (const connection of ['c9', 'c1', 'c3']) rows.remove('ann', connection);
  rows.remove('nobody', 'c1');
  rows.remove('bob', 'c9');
  expect([...rows.sessions()]).toEqual([
    ['ann', 'c2'],
    ['bob', 'c4'],
  ]);
  rows.remove('ann', 'c2');
  expect([rows.has('ann'), rows.has('bob')]).toEqual([false, true]);
  rows.remove('bob', 'c4');
  rows.unfollow('k');
  expect(rows.isEmpty).toBe(true);
});

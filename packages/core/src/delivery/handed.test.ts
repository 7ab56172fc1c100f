import { expect, test } from 'bun:test';
import { Handed } from './handed.ts';

test('[G8.1] the places of half a million conversations are kept; the one noted longest ago goes first', () => {
  const handed = new Handed();
  const kept = 500_000;
  for (let index = 0; index <= kept; index += 1) handed.note(`g${index}`, 1);
  expect([...handed.conversations()].length).toBe(kept);
  expect([handed.reached('g0'), handed.reached('g1'), handed.reached(`g${kept}`)]).toEqual([0, 1, 1]);
});

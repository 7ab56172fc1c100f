import { expect, test } from 'bun:test';
import { Flusher } from './flusher.ts';
import { ManualClock } from './testing/manual-clock.ts';

test('a fan-out is followed by a window of 2 ms in which frames meet; then all is prompt again', () => {
  const clock = new ManualClock();
  const due: (() => void)[] = [];
  const turn = (): void => due.splice(0).forEach((action) => action());
  const flusher = new Flusher({ soon: (action) => void due.push(action), clock });
  let flushed = 0;
  const socket = { flush: () => void (flushed += 1) };
  for (let count = 0; count < 300; count += 1) flusher.add(socket);
  turn();
  expect(flushed).toBe(300);
  for (let count = 0; count < 300; count += 1) flusher.add(socket);
  turn();
  expect(flushed).toBe(300);
  clock.advance(2);
  expect(flushed).toBe(600);
  clock.advance(2);
  flusher.add(socket);
  turn();
  expect(flushed).toBe(601);
});

import { expect, test } from 'bun:test';
import { type Flushable, Flusher } from './flusher.ts';
import { ManualClock } from './testing/manual-clock.ts';

/** A flusher whose turns are taken by hand, and sockets that write down when they were flushed. */
function world() {
  const clock = new ManualClock();
  const due: (() => void)[] = [];
  const flushed: string[] = [];
  const faults: unknown[] = [];
  const soon = (action: () => void): void => void due.push(action);
  return {
    clock,
    faults,
    flushed,
    flusher: new Flusher({ soon, clock, faulted: (error) => void faults.push(error) }),
    turn: (): void => due.splice(0).forEach((action) => action()),
    sockets: (name: string, count: number): readonly Flushable[] =>
      Array.from({ length: count }, (_, at) => ({
        flush: () => void flushed.push(`${name}${at}`),
        isInTurn: false,
        isInCrowd: false,
      })),
  };
}

test('those of one turn are flushed at its end, each once', () => {
  const { flusher, flushed, turn, sockets } = world();
  for (const socket of [...sockets('a', 2), ...sockets('b', 1)]) {
    flusher.add(socket);
    flusher.add(socket);
  }
  expect(flushed).toEqual([]);
  turn();
  expect(flushed).toEqual(['a0', 'a1', 'b0']);
  turn();
  expect(flushed).toHaveLength(3);
});

test('[G7.1] one that has more to write while it is flushed is flushed once more', () => {
  for (const count of [1, 256]) {
    const { flusher, flushed, turn, sockets } = world();
    const [first, ...others] = sockets('c', count);
    if (first === undefined) throw new Error('no socket');
    const writing: Flushable = {
      isInTurn: false,
      isInCrowd: false,
      flush() {
        first.flush();
        if (flushed.length === 1) flusher.add(writing);
      },
    };
    for (const socket of [writing, ...others]) flusher.add(socket);
    for (let turns = 0; turns < 5; turns += 1) turn();
    expect(flushed.filter((name) => name === 'c0')).toHaveLength(2);
    expect(flushed).toHaveLength(count + 1);
  }
});

test('[G7.1] a crowd is flushed in the order it came, a part in each turn, and nobody of it is left out', () => {
  const { flusher, flushed, turn, sockets } = world();
  const crowd = sockets('c', 300);
  for (const socket of crowd) flusher.add(socket);
  turn();
  expect(flushed).toHaveLength(128);
  turn();
  expect(flushed).toHaveLength(256);
  turn();
  expect(flushed).toEqual(crowd.map((_, at) => `c${at}`));
});

test('what comes for a few meanwhile goes before the rest of a crowd, also to one of its members', () => {
  const { flusher, flushed, turn, sockets } = world();
  const crowd = sockets('c', 300);
  for (const socket of crowd) flusher.add(socket);
  turn();
  flushed.length = 0;
  for (const socket of [...sockets('x', 1), ...crowd.slice(299)]) flusher.add(socket);
  turn();
  expect(flushed.slice(0, 3)).toEqual(['x0', 'c299', 'c128']);
});

test('[G7.1] a second message to a crowd meets the first one where that is not yet written', () => {
  const { flusher, flushed, turn, sockets } = world();
  const crowd = sockets('c', 300);
  for (const socket of crowd) flusher.add(socket);
  turn();
  for (const socket of crowd) flusher.add(socket);
  for (let turns = 0; turns < 10; turns += 1) turn();
  const order = [...crowd.keys(), ...crowd.keys()].slice(0, 300 + 128);
  expect(flushed).toEqual(order.map((at) => `c${at}`));
});

test('a crowd is followed by a window of 2 ms in which frames meet; then all is prompt again', () => {
  const { clock, flusher, flushed, turn, sockets } = world();
  for (const socket of sockets('c', 256)) flusher.add(socket);
  turn();
  turn();
  expect(flushed).toHaveLength(256);
  const [late] = sockets('late', 1);
  if (late === undefined) throw new Error('no socket');
  flusher.add(late);
  turn();
  expect(flushed).toHaveLength(256);
  clock.advance(2);
  expect(flushed.at(-1)).toBe('late0');
  clock.advance(2);
  flusher.add(late);
  turn();
  expect(flushed).toHaveLength(258);
});

test('a clock that was set back after a crowd makes nobody wait', () => {
  const { clock, flusher, flushed, turn, sockets } = world();
  for (const socket of sockets('c', 256)) flusher.add(socket);
  turn();
  turn();
  clock.advance(-60_000);
  for (const socket of sockets('late', 1)) flusher.add(socket);
  turn();
  expect(flushed.at(-1)).toBe('late0');
});

test.each([3, 300])('[G7.1] one of %i that throws takes no other with it, and is told', (count) => {
  const { faults, flusher, flushed, turn, sockets } = world();
  const all = sockets('s', count);
  const [, second] = all;
  if (second === undefined) throw new Error('no socket');
  const fault = new Error('told to fail');
  second.flush = () => {
    throw fault;
  };
  for (const socket of all) flusher.add(socket);
  for (let turns = 0; turns < 3; turns += 1) turn();
  expect(flushed).toHaveLength(count - 1);
  expect(faults).toEqual([fault]);
  flusher.add(second);
  expect(second.isInTurn).toBe(true);
});

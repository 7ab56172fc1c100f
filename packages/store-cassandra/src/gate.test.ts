import { expect, test } from 'bun:test';
import { CqlFailure } from './cql-failure.ts';
import { Gate } from './gate.ts';

/** Longer than any test. */
const WAIT_MS_MAX = 60_000;

test('so many requests are under way, the others follow in order, and one more than may wait is refused', async () => {
  const gate = new Gate({ underWayMax: 2, waitingMax: 3, waitMsMax: WAIT_MS_MAX });
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const ask = (number: number): Promise<number> =>
    gate.run(async () => {
      started.push(number);
      await new Promise<void>((resolve) => void ends.push(resolve));
      return number;
    });
  const asked = [0, 1, 2, 3, 4].map(ask);
  const refused = await ask(5).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(CqlFailure);
  expect(refused).toMatchObject({ outcome: 'not_applied' });
  expect(started).toEqual([0, 1]);
  for (const [index, answer] of asked.entries()) {
    ends[index]?.();
    expect(await answer).toBe(index);
  }
  expect(started).toEqual([0, 1, 2, 3, 4]);
  const late = ask(6);
  ends.at(-1)?.();
  expect(await late).toBe(6);
});

test('a request that fails gives its place back', async () => {
  const gate = new Gate({ underWayMax: 1, waitingMax: 1, waitMsMax: WAIT_MS_MAX });
  const failing = gate.run(() => Promise.reject(new Error('it fails')));
  const next = gate.run(async () => 'it runs');
  expect(await failing.catch(({ message }: Error) => message)).toBe('it fails');
  expect(await next).toBe('it runs');
});

test('a request that has waited too long is refused, and those after it go on', async () => {
  const gate = new Gate({ underWayMax: 1, waitingMax: 10, waitMsMax: 30 });
  const end = Promise.withResolvers<string>();
  const stuck = gate.run(() => end.promise);
  let isLateSent = false;
  const late = gate.run(async () => {
    isLateSent = true;
  });
  const refused = await late.catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(CqlFailure);
  expect(refused).toMatchObject({ outcome: 'not_applied' });
  const next = gate.run(async () => 'it runs');
  end.resolve('it ends');
  expect(await stuck).toBe('it ends');
  expect(await next).toBe('it runs');
  expect(isLateSent).toBe(false);
});

import { expect, test } from 'bun:test';
import { ResumeTurns } from './resume-turns.ts';

/** Turns of an event loop that the test runs. */
function setUp() {
  const ends: (() => void)[] = [];
  const turns = new ResumeTurns((action) => void ends.push(action));
  const done: string[] = [];
  const resume = async (name: string, steps: number): Promise<void> => {
    await turns.begin();
    for (let step = 1; step <= steps; step += 1) {
      done.push(`${name}${step}`);
      await turns.goOn();
    }
  };
  const endTurn = async (): Promise<void> => {
    for (const end of ends.splice(0)) end();
    for (let microtask = 0; microtask < 50; microtask += 1) await Promise.resolve();
  };
  return { done, resume, endTurn, isIdle: () => ends.length === 0 };
}

test('a resume by itself waits for no turn', async () => {
  const { done, resume } = setUp();
  await resume('a', 5);
  expect(done).toHaveLength(5);
});

test('in one turn of the event loop there are a few steps, however many resume', async () => {
  const { done, resume, endTurn } = setUp();
  for (let index = 0; index < 100; index += 1) void resume(`${index}.`, 3);
  await endTurn();
  const first = done.length;
  await endTurn();
  expect(done.length - first).toBe(8);
  expect(first).toBeLessThanOrEqual(16);
});

test('those that have begun end before others begin, and all of them end', async () => {
  const { done, resume, endTurn, isIdle } = setUp();
  for (let index = 0; index < 100; index += 1) void resume(`${index}.`, 3);
  let turns = 0;
  while (done.length < 300) {
    await endTurn();
    turns += 1;
    const begun = new Set(done.map((step) => step.split('.')[0])).size;
    const ended = done.filter((step) => step.endsWith('.3')).length;
    expect(begun - ended).toBeLessThanOrEqual(16);
  }
  expect(turns).toBeGreaterThan(30);
  await endTurn();
  await endTurn();
  expect(isIdle()).toBe(true);
});

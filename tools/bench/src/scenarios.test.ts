import { expect, test } from 'bun:test';
import { Bench } from './bench.ts';
import { figureOf, isVoid } from './report/results.ts';
import { runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const SECONDS = 0.4;

/** Small enough that figures mean nothing: what counts is that every scenario runs, and that nothing is broken. */
const bench = new Bench({
  isSmall: true,
  baselines: [],
  seconds: SECONDS,
  minutes: SECONDS / 60,
  settings: {},
  profileFolder: null,
  onProgress: () => undefined,
});

test('scenarios have names of their own, and words', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  for (const { title, what, goals } of SCENARIOS)
    expect([title, what, goals.length].every(Boolean)).toBe(true);
});

for (const scenario of SCENARIOS.filter(({ needs }) => needs === 'nothing')) {
  test(`${scenario.name} runs, breaks no promise and measures what its goals are about`, async () => {
    const { rows } = await runScenario(bench, scenario, 1);
    expect(rows.filter(isVoid)).toEqual([]);
    for (const { row: what, figure } of scenario.goals) {
      const row = rows.find((one) => one.what === what && one.subject === 'confab');
      expect([what, figure, row === undefined ? undefined : typeof figureOf(row, figure)?.value]).toEqual([
        what,
        figure,
        'number',
      ]);
    }
  });
}

test('a server written by hand and a bare one are measured beside it, by the same generator', async () => {
  const scenario = SCENARIOS.find(({ name }) => name === 'durable-1-to-1-paced');
  if (scenario === undefined) throw new Error('no such scenario');
  const compared = new Bench({
    isSmall: true,
    baselines: ['bare-bun', 'by-hand-bun'],
    seconds: SECONDS,
    minutes: 1,
    settings: {},
    profileFolder: null,
    onProgress: () => undefined,
  });
  const { rows } = await runScenario(compared, scenario, 1);
  expect(rows.map(({ subject }) => subject)).toEqual(['confab', 'bare-bun', 'by-hand-bun']);
  expect(rows.filter(isVoid)).toEqual([]);
  for (const row of rows) expect(figureOf(row, 'sends')?.value ?? 0).toBeGreaterThan(0);
});

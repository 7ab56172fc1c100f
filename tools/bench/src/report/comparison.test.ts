import { expect, test } from 'bun:test';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import { comparisonOf, goalsOf, readable } from './comparison.ts';
import { pictureOf } from './picture.ts';
import { mergeRuns } from './results.ts';

const SCENARIO: Scenario = {
  name: 'sends',
  title: 'Sends & <others>',
  what: '',
  goals: [
    { row: 'pairs', figure: 'sends', is: 'at least', bar: 5_000, stretch: 10_000 },
    { row: 'pairs', figure: 'ack p99', is: 'at most', bar: 50, stretch: 8 },
    { row: 'nobody', figure: 'sends', is: 'at least', bar: 1, stretch: 1 },
  ],
  limits: '',
  needs: 'nothing',
  isInAll: true,
  run: () => Promise.resolve([]),
};

function rowOf(subject: Row['subject'], sends: number, broken: readonly string[] = []): Row {
  const slice = (atSeconds: number) => ({ atSeconds, p50Ms: 1, p99Ms: 9, maxMs: 12 });
  return {
    what: 'pairs',
    subject,
    figures: [
      { name: 'sends', value: sends, unit: '/s' },
      { name: 'ack p99', value: 9, unit: 'ms' },
    ],
    latencies: [
      {
        name: 'ack',
        count: 2,
        p50Ms: 1,
        p90Ms: 5,
        p99Ms: 9,
        p999Ms: 11,
        maxMs: 12,
        overTime: [slice(1), slice(2)],
      },
    ],
    memory: [
      { atSeconds: 0, residentBytes: 2 ** 20 },
      { atSeconds: 1, residentBytes: 2 ** 21 },
    ],
    broken,
  };
}

test('figures of several runs are medians with the lowest and highest, and a baseline carries the ratio', () => {
  const runs = [7_000, 9_000, 8_000].map((sends) => [rowOf('confab', sends), rowOf('by-hand-bun', 4_000)]);
  const { head, lines } = comparisonOf(mergeRuns(runs));
  expect(head).toEqual(['', 'confab', 'by-hand-bun']);
  expect(lines).toEqual([
    ['sends', '8,000/s (7,000 to 9,000)', '4,000/s [2x]'],
    ['ack: p50 · p90 · p99 · p99.9 · max, ms', '1 · 5 · 9 · 11 · 12', '1 · 5 · 9 · 11 · 12'],
  ]);
});

test('goals say what was reached of them; those of a void row are void', () => {
  const verdicts = (row: Row): readonly unknown[] =>
    goalsOf(SCENARIO, mergeRuns([[row]])).lines.map((line) => line.at(-1));
  expect(verdicts(rowOf('confab', 12_000))).toEqual(['stretch met', 'bar met', 'not measured']);
  expect(verdicts(rowOf('confab', 4_000))).toEqual(['missed', 'bar met', 'not measured']);
  expect(verdicts(rowOf('confab', 12_000, ['lost one']))).toEqual(['VOID', 'VOID', 'not measured']);
});

test('one broken run of several makes the row void', () => {
  const merged = mergeRuns([[rowOf('confab', 1)], [rowOf('confab', 2, ['lost one'])]]);
  expect(comparisonOf(merged).head).toEqual(['', 'confab VOID']);
});

test('numbers are read easily', () => {
  expect([0, 0.123, 9.876, 12.34, 456.7, 123_456].map(readable)).toEqual([
    '0',
    '0.12',
    '9.88',
    '12.3',
    '457',
    '123,456',
  ]);
});

test('a picture has latency and memory of who has them, and is well-formed', () => {
  const found = {
    name: 'sends',
    leftOut: null,
    tookSeconds: 1,
    rows: mergeRuns([[rowOf('confab', 1), rowOf('by-hand-bun', 1)]]),
  };
  const picture = pictureOf(SCENARIO, found) ?? '';
  expect(picture).toContain('<title>Sends &amp; &lt;others&gt;</title>');
  for (const name of ['confab ack p50', 'confab ack max', 'by-hand-bun ack p99', 'MiB'])
    expect(picture).toContain(name);
  expect(picture.match(/<g /g)?.length).toBe(picture.match(/<\/g>/g)?.length ?? 0);
  expect(picture).not.toContain('NaN');
  expect(pictureOf(SCENARIO, { ...found, rows: [] })).toBeNull();
});

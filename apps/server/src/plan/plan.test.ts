import { describe, expect, test } from 'bun:test';
import { type Costs, measuredCosts } from './measured-costs.ts';
import { PlanError } from './plan-error.ts';
import { type Plan, planOf } from './plan.ts';
import { readWorkload } from './read-workload.ts';
import { choices } from './workload.ts';

const TWO_MILLION = ['--connections=2e6', '--messages=9300'];
const FIFTY_MILLION = ['--connections=50e6', '--messages=231000', '--body=1000'];

function planFor(...words: readonly string[]): Plan {
  return planOf(readWorkload(words), measuredCosts);
}

/** Everything of a plan that only grows as a workload does. */
function sizeOf({ gateways, cassandra, redis }: Plan): readonly number[] {
  const needs = [...gateways.needs, ...cassandra.needs].map(({ line }) => line.value);
  return [...needs, redis.load.value, redis.memory.value];
}

function isNoSmaller(one: Plan, other: Plan): boolean {
  const before = sizeOf(one);
  return sizeOf(other).every((size, at) => size >= (before[at] ?? 0));
}

describe('the two fleets of the mission', () => {
  test('2 million connections with 9,300 messages a second: what binds', () => {
    const { gateways, cassandra, verdict, limits } = planFor(...TWO_MILLION);
    expect([gateways.binds, cassandra.binds, verdict, limits[0]?.what]).toMatchInlineSnapshot(`
      [
        "by the return of a zone",
        "by disk",
        "tight",
        "gateways by the return of a zone",
      ]
    `);
  });

  test('50 million connections with 231,000 messages a second: what binds', () => {
    const { gateways, cassandra, verdict, limits } = planFor(...FIFTY_MILLION);
    expect([gateways.binds, cassandra.binds, verdict, limits[0]?.what]).toMatchInlineSnapshot(`
      [
        "by the return of a zone",
        "by disk",
        "too_large",
        "Redis by CPU",
      ]
    `);
  });

  test('20 TB a day is 231,000 messages a second of 1 KB', () => {
    const { lines } = planFor(...FIFTY_MILLION).cassandra;
    const daily = lines.find(({ name }) => name === 'one copy of a day');
    expect(daily?.value).toBeGreaterThan(15);
    expect(daily?.value).toBeLessThan(25);
  });
});

describe('a plan', () => {
  const growing = [
    'connections',
    'messages',
    'mean-share',
    'body',
    'deliveries-per-message',
    'receipts-per-delivery',
    'read-share',
    'group-share',
    'group-members',
    'cold-share',
    'long-share',
    'conversations',
    'news-share',
    'connects-per-hour',
    'retention-days',
    'replicas',
  ];
  test.each(growing)('never asks for less where there is more of --%s', (name) => {
    const choice = Object.values(choices).find((one) => one.name === name);
    if (choice === undefined) throw new Error(name);
    const { value, maximum } = choice;
    const more = Math.min(value * 2, maximum);
    const base = TWO_MILLION.filter((word) => !word.startsWith(`--${name}=`));
    expect(isNoSmaller(planFor(...base, `--${name}=${value}`), planFor(...base, `--${name}=${more}`))).toBe(
      true,
    );
  });

  test('asks for no more where there is more time, room or batching', () => {
    for (const relief of ['--reconnect-minutes=4', '--headroom=0.8', '--hot-share=0.5', '--cassandra-disk=8'])
      expect(isNoSmaller(planFor(...TWO_MILLION, relief), planFor(...TWO_MILLION))).toBe(true);
  });

  test('rests on every cost but those that only say where a promise stands', () => {
    const unused = Object.entries(measuredCosts).filter(([key, cost]) => {
      const dearer = { ...measuredCosts, [key]: { ...cost, value: cost.value / 4 } } as Costs;
      const words = [...TWO_MILLION, '--hot-share=0.1'];
      const plan = planOf(readWorkload(words), dearer);
      return JSON.stringify(exactly(plan)) === JSON.stringify(exactly(planFor(...words)));
    });
    expect(unused.map(([key]) => key)).toEqual(['send', 'commitMedian']);
  });

  test('of one device takes one of each, and as many replicas as were asked for', () => {
    const { gateways, cassandra, verdict } = planFor('--connections=1', '--messages=0.01');
    expect([gateways.count.value, cassandra.count.value, verdict]).toEqual([1, 3, 'fits']);
  });

  test('is finite within all bounds, or says why there is none', () => {
    for (const bound of ['minimum', 'maximum'] as const) {
      for (const choice of Object.values(choices)) {
        const plan = planFor(
          `--${choice.name}=${choice[bound]}`,
          ...(choice.name === 'messages' ? ['--cold-share=0'] : []),
        );
        expect(sizeOf(plan).every(Number.isFinite)).toBe(true);
      }
    }
    expect(() => planFor('--messages=1e9')).toThrow(PlanError);
  });

  test('of the share that one Redis is said to carry fits, with what it takes of the core', () => {
    const { carriedShare } = planFor(...FIFTY_MILLION);
    const fitting = planFor(
      `--connections=${Math.floor(50e6 * carriedShare)}`,
      `--messages=${(231_000 * carriedShare).toFixed(3)}`,
      '--body=1000',
    );
    expect(fitting.redis.load.value).toBeCloseTo(0.5, 1);
  });

  test('tells apart what fits, what is tight and what does not fit', () => {
    expect(planFor('--connections=1e5', '--messages=500').verdict).toBe('fits');
    expect(planFor(...FIFTY_MILLION).verdict).toBe('too_large');
    expect(planFor(...FIFTY_MILLION).limits[0]).toEqual({ what: 'Redis by CPU', times: expect.any(Number) });
  });
});

/** The numbers before anything was rounded to whole machines. */
function exactly({ traffic, gateways, cassandra, redis }: Plan): readonly number[] {
  return [traffic, gateways, cassandra, redis].flatMap(({ lines }) => lines.map(({ value }) => value));
}

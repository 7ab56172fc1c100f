import { expect, test } from 'bun:test';
import { DrivenClock } from '@confab/testkit';
import { RateLimits, rateTable } from './rate-limits.ts';

function open() {
  const clock = new DrivenClock(10_000);
  const limits = new RateLimits(clock, true);
  /** How many are let through before one is refused. */
  const drain = (key: string): number => {
    let count = 0;
    while (limits.take('typing', key) === 0) count += 1;
    return count;
  };
  return { clock, limits, drain };
}

const { burst, perSecond } = rateTable.typing;

test('[G8.1] a bucket gives its burst, and after that what its rate has filled, never more than the burst', () => {
  const { clock, limits, drain } = open();
  expect(drain('ann')).toBe(burst);
  expect(drain('bob')).toBe(burst);
  const afterMs = limits.take('typing', 'ann');
  expect(afterMs).toBe(1_000 / perSecond);
  clock.fireNext(clock.nowMs() + afterMs - 1);
  expect(limits.take('typing', 'ann')).toBe(1);
  clock.fireNext(clock.nowMs() + 1);
  expect(drain('ann')).toBe(1);
  clock.fireNext(clock.nowMs() + 3_600_000);
  expect(drain('ann')).toBe(burst);
});

test('[G8.1] what is given back is one, and fills no bucket beyond its burst', () => {
  const { limits, drain } = open();
  limits.giveBack('typing', 'ann');
  drain('ann');
  limits.giveBack('typing', 'ann');
  expect(drain('ann')).toBe(1);
  for (let count = 0; count <= burst; count += 1) limits.giveBack('typing', 'ann');
  limits.giveBack('typing', 'ann');
  expect(drain('ann')).toBe(burst);
});

test('[G8.1] a clock that is set back takes nothing away', () => {
  let nowMs = 100_000;
  const clock = { nowMs: () => nowMs, after: () => () => undefined };
  const limits = new RateLimits(clock, true);
  expect(limits.take('typing', 'ann')).toBe(0);
  nowMs = 0;
  expect(limits.take('typing', 'ann')).toBe(0);
});

test('[G8.1] a hundred thousand buckets are kept; the one used longest ago is forgotten first', () => {
  const { drain, limits } = open();
  drain('spent long ago');
  drain('spent');
  for (let index = 0; index < 100_000 - 2; index += 1) limits.take('typing', `user ${index}`);
  expect(limits.take('typing', 'spent')).toBeGreaterThan(0);
  limits.take('typing', 'one more');
  expect(limits.take('typing', 'spent')).toBeGreaterThan(0);
  expect(drain('spent long ago')).toBe(burst);
});

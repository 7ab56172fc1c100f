import { expect, test } from 'bun:test';
import { askedWaitMs, backoff, fullJitterMs } from './backoff.ts';

test('the ceiling doubles from the base to the cap, and the wait is anywhere below it', () => {
  const nearlyOne = 0.999_999;
  const ceilings = [0, 1, 2, 3, 6, 7, 50].map((attempt) => Math.ceil(fullJitterMs(attempt, nearlyOne)));
  expect(ceilings).toEqual([249, 499, 999, 1999, 15_999, 24_999, 24_999]);
  expect(fullJitterMs(50, 0)).toBe(0);
  expect(fullJitterMs(5000, nearlyOne)).toBeLessThan(backoff.capMs);
});

test('a wait that was asked for is never cut short', () => {
  expect(askedWaitMs(1000, 0)).toBe(1000);
  expect(askedWaitMs(1000, 0.999)).toBeLessThanOrEqual(1500);
});

import { expect, test } from 'bun:test';
import { LatencyRecorder, summaryOf } from './latency-recorder.ts';

const FROM_US = 1_795_682_943_466_932;

test('what several processes recorded is summed up as one, and only of the measured time', () => {
  const recorders = [new LatencyRecorder(FROM_US, 1_000), new LatencyRecorder(FROM_US, 1_000)];
  for (let at = 0; at < 1_000; at += 1)
    recorders[at % 2]?.record(FROM_US + at * 1_000, FROM_US + at * 1_000 + (at + 1) * 1_000);
  recorders[0]?.record(FROM_US - 1_000, FROM_US + 5_000_000);
  recorders[1]?.record(FROM_US + 1_001_000, FROM_US + 9_000_000);
  const summary = summaryOf(
    'ack',
    recorders.map((one) => one.recorded()),
  );
  expect(summary.count).toBe(1_000);
  expect(Math.round(summary.p50Ms / 10)).toBe(50);
  expect(Math.round(summary.p99Ms / 10)).toBe(99);
  expect(Math.round(summary.maxMs / 10)).toBe(100);
  expect(summary.overTime.length).toBe(40);
  expect(summary.overTime[0]?.maxMs).toBeLessThan(summary.overTime[39]?.p50Ms ?? 0);
});

test('times beyond any that were expected are kept', () => {
  const recorder = new LatencyRecorder(FROM_US, 1_000);
  recorder.record(FROM_US, FROM_US + 120_000_000);
  expect(Math.round(summaryOf('ack', [recorder.recorded()]).maxMs / 1_000)).toBe(120);
});

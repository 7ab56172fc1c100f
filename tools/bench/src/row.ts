import type { BaselineKind } from './baselines/baseline-kinds.ts';

/** Who was measured. */
export type Subject = 'confab' | 'raw-sqlite' | 'raw-cassandra' | BaselineKind;

/** A number with its unit, such as `deliveries`, 150000, `/s`. Rows that share a figure's name are compared by it. */
export type Figure = { readonly name: string; readonly value: number; readonly unit: string };

/** How long something took, over all of the measured time. In milliseconds. */
export type LatencySummary = {
  /** `ack`, `delivery`. */
  readonly name: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** The same in slices of the measured time, for the picture. */
  readonly overTime: readonly LatencySlice[];
};

export type LatencySlice = {
  /** The end of the slice, from the start of the measured time. */
  readonly atSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

export type MemorySample = { readonly atSeconds: number; readonly residentBytes: number };

/** One subject, measured once. Rows of the same `what` stand beside each other. */
export type Row = {
  /** What was done, where a scenario does several things: `to 1,000 members`. */
  readonly what: string;
  readonly subject: Subject;
  readonly figures: readonly Figure[];
  readonly latencies: readonly LatencySummary[];
  /** Of the server, while it was measured. */
  readonly memory: readonly MemorySample[];
  /** The promises that were found broken, one sentence each: with any, the row is void. */
  readonly broken: readonly string[];
};

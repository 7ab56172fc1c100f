import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import type { LatencySlice, LatencySummary } from '../row.ts';

const MS = 1_000;
/** The picture of a latency has so many points. */
const SLICES = 40;

/** Histograms as they go from one process to another: base64 of the HDR format, in microseconds. */
export type Recorded = {
  readonly whole: string;
  readonly slices: readonly string[];
  readonly sliceMs: number;
};

/** Records how long things took, over all of a measured time and in slices of it. */
export class LatencyRecorder {
  readonly #whole = emptyHistogram(3);
  readonly #slices: Histogram[] = [];
  readonly #fromUs: number;
  readonly #sliceUs: number;

  /** `fromUs`: when the measured time begins; what was meant to be earlier is not recorded. */
  constructor(fromUs: number, measuredMs: number) {
    this.#fromUs = fromUs;
    this.#sliceUs = Math.max(1, Math.round((measuredMs * MS) / SLICES));
  }

  /** What was meant to begin at `meantUs` and has ended at `endedUs`. */
  record(meantUs: number, endedUs: number): void {
    const slice = Math.floor((meantUs - this.#fromUs) / this.#sliceUs);
    if (slice < 0 || slice >= SLICES) return;
    const tookUs = Math.max(0, endedUs - meantUs);
    this.#whole.recordValue(tookUs);
    let histogram = this.#slices[slice];
    if (histogram === undefined) {
      histogram = emptyHistogram(2);
      this.#slices[slice] = histogram;
    }
    histogram.recordValue(tookUs);
  }

  recorded(): Recorded {
    const slices = Array.from({ length: SLICES }, (_, slice) => this.#slices[slice] ?? emptyHistogram(2));
    return {
      whole: encodeIntoCompressedBase64(this.#whole),
      slices: slices.map((slice) => encodeIntoCompressedBase64(slice)),
      sliceMs: this.#sliceUs / MS,
    };
  }
}

/** What several processes recorded of the same, together. */
export function summaryOf(name: string, recorded: readonly Recorded[]): LatencySummary {
  const whole = merged(recorded.map((one) => one.whole));
  const sliceMs = recorded[0]?.sliceMs ?? 0;
  const slices = Array.from({ length: SLICES }, (_, slice) =>
    merged(recorded.flatMap((one) => one.slices[slice] ?? [])),
  );
  return {
    name,
    count: whole.totalCount,
    p50Ms: at(whole, 50),
    p90Ms: at(whole, 90),
    p99Ms: at(whole, 99),
    p999Ms: at(whole, 99.9),
    maxMs: whole.totalCount === 0 ? 0 : whole.maxValue / MS,
    overTime: slices.flatMap((slice, index) => pointOf(slice, ((index + 1) * sliceMs) / 1_000)),
  };
}

function pointOf(slice: Histogram, atSeconds: number): readonly LatencySlice[] {
  if (slice.totalCount === 0) return [];
  return [{ atSeconds, p50Ms: at(slice, 50), p99Ms: at(slice, 99), maxMs: slice.maxValue / MS }];
}

function merged(encoded: readonly string[]): Histogram {
  const sum = emptyHistogram(3);
  for (const one of encoded) sum.add(decodeFromCompressedBase64(one));
  return sum;
}

function at(histogram: Histogram, percentile: number): number {
  return histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / MS;
}

function emptyHistogram(digits: 2 | 3): Histogram {
  return build({
    numberOfSignificantValueDigits: digits,
    highestTrackableValue: 2 * MS * MS,
    autoResize: true,
  });
}

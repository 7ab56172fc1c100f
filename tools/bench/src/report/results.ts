import type { Machine } from '../machine.ts';
import type { LatencySummary, MemorySample, Row, Subject } from '../row.ts';

/** The form of `results.json`. It changes with every change of this shape that a reader would notice. */
export const RESULTS_VERSION = 1;

/** Everything that a run of the bench found, as `results.json` has it. */
export type Results = {
  readonly version: typeof RESULTS_VERSION;
  /** RFC 3339, in UTC. */
  readonly measuredAt: string;
  readonly machine: Machine;
  /** How long each row was measured, and how often. */
  readonly seconds: number;
  readonly runs: number;
  /** Whether sizes and times were too small for any figure to mean something. */
  readonly isSmall: boolean;
  readonly scenarios: readonly ScenarioResults[];
};

export type ScenarioResults = {
  readonly name: string;
  /** Why there are no rows; null where there are. */
  readonly leftOut: string | null;
  readonly tookSeconds: number;
  readonly rows: readonly RowResults[];
};

/** One subject over all runs. */
export type RowResults = {
  readonly what: string;
  readonly subject: Subject;
  readonly figures: readonly FigureResults[];
  /** Of the run in the middle, by the row's first figure. */
  readonly latencies: readonly LatencySummary[];
  readonly memory: readonly MemorySample[];
  /** The promises that were found broken in any run: with one, the row is void. */
  readonly broken: readonly string[];
};

export type FigureResults = {
  readonly name: string;
  /** The median of all runs. */
  readonly value: number;
  readonly lowest: number;
  readonly highest: number;
  readonly unit: string;
};

const MEMORY_SAMPLES_MAX = 40;
const DIGITS = 4;

/** The rows of all runs of a scenario, taken together. A row that some run did not have is that of the others. */
export function mergeRuns(runs: readonly (readonly Row[])[]): readonly RowResults[] {
  const byRow = Map.groupBy(runs.flat(), ({ what, subject }) => `${what} ${subject}`);
  return [...byRow.values()].flatMap((rows) => mergeRow(rows) ?? []);
}

export function isVoid({ broken }: RowResults): boolean {
  return broken.length > 0;
}

/** The figure of a row; undefined where it has none of this name. */
export function figureOf(row: RowResults, name: string): FigureResults | undefined {
  return row.figures.find((figure) => figure.name === name);
}

function mergeRow(rows: readonly Row[]): RowResults | null {
  const middle = rows.toSorted((one, other) => firstValue(one) - firstValue(other))[(rows.length - 1) >> 1];
  if (middle === undefined) return null;
  const figures = middle.figures.map(({ name, unit }) => {
    const values = rows
      .flatMap((row) => row.figures.find((figure) => figure.name === name)?.value ?? [])
      .sort((one, other) => one - other);
    const at = (share: number): number => rounded(values[Math.floor((values.length - 1) * share)] ?? 0);
    return { name, unit, value: at(0.5), lowest: at(0), highest: at(1) };
  });
  return {
    what: middle.what,
    subject: middle.subject,
    figures,
    latencies: middle.latencies.map(roundedLatency),
    memory: thinned(middle.memory),
    broken: rows.flatMap(({ broken }) => broken),
  };
}

function firstValue({ figures }: Row): number {
  return figures[0]?.value ?? 0;
}

function roundedLatency(latency: LatencySummary): LatencySummary {
  const { name, count, overTime } = latency;
  const { p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = latency;
  return {
    name,
    count,
    p50Ms: rounded(p50Ms),
    p90Ms: rounded(p90Ms),
    p99Ms: rounded(p99Ms),
    p999Ms: rounded(p999Ms),
    maxMs: rounded(maxMs),
    overTime: overTime.map((slice) => ({
      atSeconds: rounded(slice.atSeconds),
      p50Ms: rounded(slice.p50Ms),
      p99Ms: rounded(slice.p99Ms),
      maxMs: rounded(slice.maxMs),
    })),
  };
}

function thinned(memory: readonly MemorySample[]): readonly MemorySample[] {
  const step = Math.ceil(memory.length / MEMORY_SAMPLES_MAX);
  return memory
    .filter((_, at) => at % step === 0)
    .map(({ atSeconds, residentBytes }) => ({ atSeconds: rounded(atSeconds), residentBytes }));
}

function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : 0;
}

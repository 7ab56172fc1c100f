import type { LatencySummary, Subject } from '../row.ts';
import type { Goal, Scenario } from '../scenario.ts';
import { type FigureResults, figureOf, isVoid, type RowResults } from './results.ts';

/** A table of texts: how the terminal and the page show what was measured. */
export type TextTable = {
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
};

const PERCENTILES: readonly (keyof LatencySummary)[] = ['p50Ms', 'p90Ms', 'p99Ms', 'p999Ms', 'maxMs'];
const PERCENTILES_TEXT = 'p50 · p90 · p99 · p99.9 · max, ms';

/** The rows of one `what` beside each other: a column for each subject, a line for each figure. */
export function comparisonOf(rows: readonly RowResults[]): TextTable {
  const own = rows.find(({ subject }) => subject === 'confab');
  const names = [...new Set(rows.flatMap(({ figures, latencies }) => scalarsOf(figures, latencies)))];
  const latencyNames = [...new Set(rows.flatMap(({ latencies }) => latencies.map(({ name }) => name)))];
  return {
    head: ['', ...rows.map((row) => headOf(row))],
    lines: [
      ...names.map((name) => [name, ...rows.map((row) => figureCell(row, own, name))]),
      ...latencyNames.map((name) => [
        `${name}: ${PERCENTILES_TEXT}`,
        ...rows.map((row) => latencyCell(row, name)),
      ]),
    ],
  };
}

/** The goals of a scenario with what was reached of them. */
export function goalsOf(scenario: Scenario, rows: readonly RowResults[]): TextTable {
  return {
    head: ['goal', 'bar', 'stretch', 'measured', ''],
    lines: scenario.goals.map((goal) => goalLine(goal, rows)),
  };
}

/** `what` of the rows, each once, in their order. */
export function whatsOf(rows: readonly RowResults[]): readonly string[] {
  return [...new Set(rows.map(({ what }) => what))];
}

/** A number as people read it: three digits that count, thousands apart. */
export function readable(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

function headOf(row: RowResults): string {
  return `${row.subject}${isVoid(row) ? ' VOID' : ''}`;
}

/** The figures that are not a percentile of a latency, which has a line of its own. */
function scalarsOf(
  figures: readonly FigureResults[],
  latencies: readonly LatencySummary[],
): readonly string[] {
  const prefixes = latencies.map(({ name }) => `${name} `);
  return figures
    .map(({ name }) => name)
    .filter((name) => !prefixes.some((prefix) => name.startsWith(prefix)));
}

/** A baseline's figure carries how many times as much Confab's is. */
function figureCell(row: RowResults, own: RowResults | undefined, name: string): string {
  const figure = figureOf(row, name);
  if (figure === undefined) return '';
  const { value, lowest, highest, unit } = figure;
  const spread = lowest === highest ? '' : ` (${readable(lowest)} to ${readable(highest)})`;
  const text = `${readable(value)}${unit.startsWith('/') || unit === '' ? unit : ` ${unit}`}${spread}`;
  const ownValue = own === undefined ? undefined : figureOf(own, name)?.value;
  if (row === own || ownValue === undefined || value === 0) return text;
  return `${text} [${readable(ownValue / value)}x]`;
}

function latencyCell({ latencies }: RowResults, name: string): string {
  const latency = latencies.find((one) => one.name === name);
  if (latency === undefined) return '';
  return PERCENTILES.map((percentile) => readable(Number(latency[percentile]))).join(' · ');
}

function goalLine(
  { row: what, figure: name, is, bar, stretch }: Goal,
  rows: readonly RowResults[],
): string[] {
  const isOwn = (row: RowResults): boolean =>
    row.subject === ('confab' satisfies Subject) && row.what === what;
  const row = rows.find(isOwn);
  const figure = row === undefined ? undefined : figureOf(row, name);
  const sign = is === 'at least' ? '>=' : '<=';
  const unit = figure?.unit ?? '';
  const limits = [`${sign} ${readable(bar)} ${unit}`.trim(), `${sign} ${readable(stretch)} ${unit}`.trim()];
  if (row === undefined || figure === undefined) return [`${name}, ${what}`, ...limits, '', 'not measured'];
  const reaches = (limit: number): boolean =>
    is === 'at least' ? figure.value >= limit : figure.value <= limit;
  const verdict = isVoid(row)
    ? 'VOID'
    : reaches(stretch)
      ? 'stretch met'
      : reaches(bar)
        ? 'bar met'
        : 'missed';
  return [`${name}, ${what}`, ...limits, `${readable(figure.value)} ${unit}`.trim(), verdict];
}

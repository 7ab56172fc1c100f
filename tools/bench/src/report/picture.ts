import type { LatencySlice, LatencySummary } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import { whatsOf } from './comparison.ts';
import { drawPanel, type Line, PANEL, pictureAround } from './line-chart.ts';
import type { RowResults, ScenarioResults } from './results.ts';

const MIB = 2 ** 20;

/** Latency and memory over the measured time, a pair of panels for each thing that was done; null where nothing has a time. */
export function pictureOf(scenario: Scenario, { rows }: ScenarioResults): string | null {
  const panels = whatsOf(rows).flatMap((what) => {
    const beside = rows.filter((row) => row.what === what);
    const pair = [latencyPanel(what, beside), memoryPanel(what, beside)].filter((panel) => panel !== null);
    return pair.length === 0 ? [] : [pair];
  });
  if (panels.length === 0) return null;
  const drawn = panels.flatMap((pair, line) =>
    pair.map((panel, column) => drawPanel(panel, { x: column * PANEL.width, y: line * PANEL.height })),
  );
  const columns = Math.max(...panels.map((pair) => pair.length));
  const size = { width: columns * PANEL.width, height: panels.length * PANEL.height };
  return pictureAround({ title: scenario.title, size, content: drawn.join('') });
}

/** The last one that a row names and that has a course: the one that people wait for. */
export function drawnLatency(latencies: readonly LatencySummary[]): LatencySummary | undefined {
  return latencies.findLast(({ overTime }) => overTime.length > 1);
}

/** Confab's median, 99th percentile and maximum, and the 99th percentile of the others. */
function latencyPanel(what: string, rows: readonly RowResults[]): Parameters<typeof drawPanel>[0] | null {
  const lines: Line[] = rows.flatMap(({ subject, latencies }) => {
    const latency = drawnLatency(latencies);
    if (latency === undefined) return [];
    const line = (name: string, percentile: keyof LatencySlice, dash: Line['dash']): Line => ({
      name: `${subject} ${latency.name} ${name}`,
      subject,
      dash,
      points: latency.overTime.map((slice) => ({ x: slice.atSeconds, y: slice[percentile] })),
    });
    if (subject !== 'confab') return [line('p99', 'p99Ms', 'dashed')];
    return [line('p50', 'p50Ms', 'solid'), line('p99', 'p99Ms', 'dashed'), line('max', 'maxMs', 'dotted')];
  });
  return lines.length === 0 ? null : { title: `${what}: latency`, unit: 'ms', isLogarithmic: true, lines };
}

function memoryPanel(what: string, rows: readonly RowResults[]): Parameters<typeof drawPanel>[0] | null {
  const lines: Line[] = rows.flatMap(({ subject, memory }) => {
    if (memory.length < 2) return [];
    const points = memory.map(({ atSeconds, residentBytes }) => ({ x: atSeconds, y: residentBytes / MIB }));
    return [{ name: subject, subject, dash: 'solid', points }];
  });
  return lines.length === 0
    ? null
    : { title: `${what}: memory of the server`, unit: 'MiB', isLogarithmic: false, lines };
}

import type { BaselineKind } from './baselines/baseline-kinds.ts';
import type { Bench } from './bench.ts';
import type { Row } from './row.ts';
import type { ServerProcess } from './servers/server-process.ts';
import type { Settings } from './servers/server-settings.ts';

/** Measures Confab and then those of the baselines that can run here, each started afresh on an empty folder. */
export async function measureEach(
  bench: Bench,
  { baselines, settings, preloads }: EachOptions,
  measure: (server: ServerProcess) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  {
    await using server = await bench.startServer(settings, preloads);
    rows.push(...(await measure(server)));
  }
  for (const kind of baselines) {
    await using server = await bench.startBaseline(kind);
    if (server !== null) rows.push(...(await measure(server)));
  }
  return rows;
}

/** Settings and preloads are Confab's. */
export type EachOptions = {
  readonly baselines: readonly BaselineKind[];
  readonly settings: Settings;
  readonly preloads: readonly string[];
};

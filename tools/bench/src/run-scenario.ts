import { findProgram, isCassandraInstalled, PROGRAMS } from '@confab/services';
import type { Bench } from './bench.ts';
import { mergeRuns, type ScenarioResults } from './report/results.ts';
import type { Row } from './row.ts';
import type { Scenario } from './scenario.ts';

/** Runs a scenario so many times; on a machine without what it needs, says what is missing. */
export async function runScenario(bench: Bench, scenario: Scenario, runs: number): Promise<ScenarioResults> {
  const fromMs = performance.now();
  const { name } = scenario;
  const leftOut = scenario.needs === 'fleet' ? missingForFleet() : null;
  if (leftOut !== null) return { name, leftOut, tookSeconds: 0, rows: [] };
  const all: (readonly Row[])[] = [];
  for (let run = 1; run <= runs; run += 1) {
    bench.progress(`${name}${runs === 1 ? '' : `, run ${run} of ${runs}`}`);
    all.push(await scenario.run(bench));
  }
  const tookSeconds = Math.round((performance.now() - fromMs) / 1_000);
  return { name, leftOut, tookSeconds, rows: mergeRuns(all) };
}

function missingForFleet(): string | null {
  if (findProgram(PROGRAMS.redis) === null) return 'It needs Redis: apt-get install redis-server';
  return isCassandraInstalled() ? null : 'It needs Cassandra: npm run services -- install';
}

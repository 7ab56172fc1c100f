import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LatencySummary } from '../row.ts';
import { SCENARIOS } from '../scenarios.ts';
import { performancePage } from './performance-page.ts';
import { drawnLatency, pictureOf } from './picture.ts';
import type { Results } from './results.ts';

export const DOCS = join(import.meta.dir, '../../../../docs');

/** What is published, and checked to be what the published results make. */
export const PUBLISHED = {
  page: join(DOCS, 'performance.md'),
  folder: join(DOCS, 'performance'),
  results: join(DOCS, 'performance/results.json'),
} as const;

/** Writes docs/performance.md, a picture for each scenario and the results they were made from. */
export function publish(results: Results): void {
  mkdirSync(PUBLISHED.folder, { recursive: true });
  writeFileSync(PUBLISHED.results, `${JSON.stringify(withoutUndrawn(results))}\n`);
  for (const [name, text] of publishedTexts()) writeFileSync(join(DOCS, name), text);
  console.log(`Published: ${PUBLISHED.page}`);
}

/** Writes the page and the pictures anew from the results that are published: after a change of their words. */
export function publishPage(): void {
  for (const [name, text] of publishedTexts()) writeFileSync(join(DOCS, name), text);
}

/** The files of docs/ that the published results make, by their names there. */
export function publishedTexts(): ReadonlyMap<string, string> {
  const results = JSON.parse(readFileSync(PUBLISHED.results, 'utf8')) as Results;
  const texts = new Map([['performance.md', performancePage(SCENARIOS, results)]]);
  for (const found of results.scenarios) {
    const scenario = SCENARIOS.find(({ name }) => name === found.name);
    const picture = scenario === undefined ? null : pictureOf(scenario, found);
    if (picture !== null) texts.set(`performance/${found.name}.svg`, picture);
  }
  return texts;
}

/** Without the courses of latencies that no picture shows: they are most of the file. */
function withoutUndrawn(results: Results): Results {
  const scenarios = results.scenarios.map((found) => ({
    ...found,
    rows: found.rows.map((row) => ({ ...row, latencies: drawnOnly(row.latencies) })),
  }));
  return { ...results, scenarios };
}

function drawnOnly(latencies: readonly LatencySummary[]): readonly LatencySummary[] {
  const drawn = drawnLatency(latencies);
  return latencies.map((latency) => (latency === drawn ? latency : { ...latency, overTime: [] }));
}

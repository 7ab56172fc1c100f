import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { placeInScenario, record } from '../report/scenario-record.ts';

const folder = process.env['CONFAB_FAULTS_FOLDER'] || null;

/** Notes what a scenario measured: in the report of the run, and, one line of JSON each, where a folder for its logs was named. */
export function noteMeasured(scenario: string, figures: Readonly<Record<string, unknown>>): void {
  record(placeInScenario(), {
    isAsked: true,
    rulesChecked: [],
    counts: {},
    measured: { ...figures },
    breaches: [],
  });
  if (folder === null) return;
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, 'measured.jsonl'), `${JSON.stringify({ scenario, ...figures })}\n`);
}

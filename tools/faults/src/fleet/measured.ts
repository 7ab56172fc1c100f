import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env['CONFAB_FAULTS_FOLDER'] || null;

/** Notes what a scenario measured, one line of JSON each, where a folder for the logs of the run was named. */
export function noteMeasured(scenario: string, figures: Readonly<Record<string, unknown>>): void {
  if (folder === null) return;
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, 'measured.jsonl'), `${JSON.stringify({ scenario, ...figures })}\n`);
}

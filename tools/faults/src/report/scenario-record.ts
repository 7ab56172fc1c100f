import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Breach, Recorded } from '../history-checker.ts';
import { type Around, aroundOf } from './around.ts';
import { figuresOf } from './figures.ts';

/** Where the records of a run go; without it nothing is recorded. */
export const RECORDS_FOLDER = 'CONFAB_FAULTS_RECORDS';

/** What is written of a check, one file each. `place` is in the source of the scenario: it tells which test it was. */
export type ScenarioRecord = Noted & { readonly place: Place; readonly atMs: number };

export type Noted = {
  /** Whether the scenario asked for the check; what it leaves behind otherwise says something only where it failed. */
  readonly isAsked: boolean;
  readonly rulesChecked: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly measured: Readonly<Record<string, unknown>>;
  readonly breaches: readonly RecordedBreach[];
};

/** A line of a file of scenarios. */
export type Place = { readonly file: string; readonly line: number };

export type RecordedBreach = {
  readonly rule: string;
  readonly what: string;
  /** The log about the broken place, and what each device has of it; null where the breach has no place. */
  readonly around: Around | null;
};

/** What the history checker looks at, for every history. */
const RULES_CHECKED = [
  'G1.2',
  'G2.1',
  'G2.2',
  'G3.1',
  'G4.1',
  'G5.1',
  'G6.1',
  'G6.3',
  'G8.2',
  'P1.5',
  'P5.2',
  'P8.4',
];
const SCENARIO_LINE = /([\w-]+\.test\.ts):(\d+)/;

let records = 0;

/** Notes that a history was checked, what was in it and what it breaks. */
export function recordHistory(
  place: Place | undefined,
  recorded: Recorded,
  { breaches, isAsked }: { readonly breaches: readonly Breach[]; readonly isAsked: boolean },
): void {
  if (!isRecording()) return;
  record(place, {
    isAsked,
    ...figuresOf(recorded),
    rulesChecked: RULES_CHECKED,
    breaches: breaches.map(({ rule, what, where }) => ({ rule, what, around: aroundOf(recorded, where) })),
  });
}

/** Notes what a scenario counted, measured and found at a place. */
export function record(place: Place | undefined, noted: Noted): void {
  const folder = process.env[RECORDS_FOLDER] ?? '';
  if (folder === '' || place === undefined) return;
  records += 1;
  const whole: ScenarioRecord = { place, atMs: Date.now(), ...noted };
  mkdirSync(folder, { recursive: true });
  const name = `${place.file.replace('.test.ts', '')}-${process.pid}-${String(records).padStart(4, '0')}.json`;
  writeFileSync(join(folder, name), JSON.stringify(whole));
}

/** The scenario that calls, however deep: to be asked before anything is waited for. */
export function placeInScenario(): Place | undefined {
  if (!isRecording()) return undefined;
  const [, file, line] = SCENARIO_LINE.exec(new Error('here').stack ?? '') ?? [];
  return file === undefined ? undefined : { file, line: Number(line) };
}

/** Whether anybody wants records. */
export function isRecording(): boolean {
  return (process.env[RECORDS_FOLDER] ?? '') !== '';
}

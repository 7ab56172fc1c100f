import type { RecordedBreach, ScenarioRecord } from './scenario-record.ts';
import type { TestOutcome } from './test-run.ts';

/** The shape of `report.json`; a change that old readers would take wrongly raises it. */
export const REPORT_VERSION = 1;

export type Report = {
  readonly version: typeof REPORT_VERSION;
  readonly startedAt: string;
  readonly seconds: number;
  readonly scale: number;
  readonly runs: readonly StageReport[];
};

export type StageReport = {
  readonly stage: 'one machine' | 'fleet';
  /** Why it did not run to its end, or at all; null: it did. */
  readonly trouble: string | null;
  readonly scenarios: readonly ScenarioReport[];
};

/** A test, with all that it recorded. */
export type ScenarioReport = TestOutcome & {
  /** The name of its file, by which it is chosen. */
  readonly name: string;
  readonly rules: readonly string[];
  readonly rulesChecked: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly measured: Readonly<Record<string, unknown>>;
  readonly breaches: readonly RecordedBreach[];
};

const RULE = /\[([A-Z]+[\d.]+)\]/g;
const NEEDS = /\((needs [^()]+)\)/;

/** Puts what was recorded to the tests that recorded it. */
export function reportOf(
  tests: readonly TestOutcome[],
  records: readonly ScenarioRecord[],
): ScenarioReport[] {
  const recordsOf = assign(tests, records);
  return tests.map((test) => {
    const own = recordsOf.get(test) ?? [];
    const telling = own.filter(({ isAsked }) => isAsked || test.outcome === 'failed');
    const rules = [...test.title.matchAll(RULE)].flatMap(([, rule]) => rule ?? []);
    return {
      ...test,
      name: test.file.replace('.test.ts', ''),
      rules: [...new Set(rules)],
      rulesChecked: [...new Set(own.flatMap(({ rulesChecked }) => rulesChecked))],
      counts: highestOf(own.map(({ counts }) => counts)),
      measured: Object.assign({}, ...own.map(({ measured }) => measured)) as Record<string, unknown>,
      breaches: telling.flatMap(({ breaches }) => breaches),
    };
  });
}

/** Whether anything is wrong. A scenario that breaks a rule is red even where its test goes on to pass. */
export function isRed({ runs }: Pick<Report, 'runs'>): boolean {
  return runs.some(
    ({ trouble, scenarios }) =>
      trouble !== null ||
      scenarios.some(({ outcome, breaches }) => outcome === 'failed' || breaches.length > 0),
  );
}

/** What a skipped test would have needed. */
export function needsOf({ title }: { readonly title: string }): string {
  return [...title.matchAll(new RegExp(NEEDS, 'g'))].at(-1)?.[1] ?? '';
}

/**
 * A record is of the last test that begins at or above its line. Where several do - rows of one table - they recorded
 * in their order; one that failed may have recorded nothing.
 */
function assign(
  tests: readonly TestOutcome[],
  records: readonly ScenarioRecord[],
): ReadonlyMap<TestOutcome, ScenarioRecord[]> {
  const assigned = new Map<TestOutcome, ScenarioRecord[]>();
  const ran = tests.filter(({ outcome }) => outcome !== 'skipped');
  const byPlace = Map.groupBy(records, ({ place }) => `${place.file} ${place.line}`);
  for (const own of byPlace.values()) {
    const inOrder = own.toSorted((a, b) => a.atMs - b.atMs);
    const place = inOrder[0]?.place;
    const line = Math.max(
      0,
      ...ran.filter((test) => test.file === place?.file && test.line <= place.line).map((test) => test.line),
    );
    const rows = ran.filter((test) => test.file === place?.file && test.line === line);
    let spare = rows.length - inOrder.length;
    for (const row of rows) {
      const isSilent = spare > 0 && row.outcome === 'failed' && (inOrder[0]?.breaches.length ?? 0) === 0;
      if (isSilent) spare -= 1;
      else assigned.set(row, [...(assigned.get(row) ?? []), ...inOrder.splice(0, 1)]);
    }
    // More than one check in each: they belong together as nobody can tell which is whose.
    const last = rows.at(-1);
    if (last !== undefined) assigned.set(last, [...(assigned.get(last) ?? []), ...inOrder]);
  }
  return assigned;
}

/** A history is counted as a whole each time that it is checked. */
function highestOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const highest: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) highest[name] = Math.max(highest[name] ?? 0, count);
  }
  return highest;
}

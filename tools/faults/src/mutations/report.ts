import { isGood, type Judged, type Verdict } from './mutation.ts';

const BY_SHOWN = 90;

/** What is said of a verdict in one line. */
export function sayVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'found':
      return `found   [${verdict.rule}]  ${verdict.by.slice(0, BY_SHOWN)}`;
    case 'survived':
      return 'SURVIVED: the suite stays green';
    case 'beside the point':
      return 'RED FOR ANOTHER REASON: no failure names a rule that it breaks';
    case 'does not fit':
      return `DOES NOT FIT: ${verdict.reason}`;
    case 'not judged':
      return `NOT JUDGED: ${verdict.reason}`;
    case 'skipped':
      return `skipped (${verdict.needs})`;
  }
}

/** The table at the end: each mutation, what found it and how long that took. */
export function tableOf(judged: readonly Judged[]): string {
  const width = Math.max(...judged.map(({ mutation }) => mutation.name.length));
  return judged
    .map(({ mutation, verdict, seconds }) => {
      const took = seconds.toFixed(1).padStart(6);
      return `${mutation.name.padEnd(width)} ${took} s  ${mutation.suite.padEnd(15)} ${sayVerdict(verdict)}`;
    })
    .join('\n');
}

/** One line that sums them up. */
export function summaryOf(judged: readonly Judged[]): string {
  const found = judged.filter(({ verdict }) => verdict.kind === 'found').length;
  const skipped = judged.filter(({ verdict }) => verdict.kind === 'skipped').length;
  const bad = judged.filter(({ verdict }) => !isGood(verdict)).length;
  return `${found} of ${judged.length} mutations found, ${bad} not${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** The run as a JUnit report: a mutation is a test, which passes where the mutation is found. */
export function junitOf(judged: readonly Judged[]): string {
  const cases = judged.map(({ mutation, verdict, seconds }) => {
    const needs = verdict.kind === 'skipped' ? ` (${verdict.needs})` : '';
    const name = escaped(`${mutation.name}${needs}`);
    const start = `<testcase name="${name}" file="${escaped(mutation.suite)}" time="${seconds.toFixed(3)}"`;
    if (verdict.kind === 'skipped') return `${start}><skipped /></testcase>`;
    if (isGood(verdict)) return `${start} />`;
    return `${start}><failure message="${escaped(sayVerdict(verdict))}" /></testcase>`;
  });
  return `<?xml version="1.0"?>\n<testsuites>\n${cases.join('\n')}\n</testsuites>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

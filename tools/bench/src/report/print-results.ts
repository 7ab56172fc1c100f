import type { Scenario } from '../scenario.ts';
import { comparisonOf, goalsOf, type TextTable, whatsOf } from './comparison.ts';
import type { ScenarioResults } from './results.ts';

/** What a scenario found, as the terminal shows it. */
export function textOfResults(scenario: Scenario, found: ScenarioResults): string {
  const { rows, leftOut, tookSeconds } = found;
  if (leftOut !== null) return `${scenario.name}: left out. ${leftOut}\n`;
  const parts = whatsOf(rows).map((what) => {
    const table = comparisonOf(rows.filter((row) => row.what === what));
    return `${what}\n${textOfTable(table)}`;
  });
  const broken = rows.flatMap(({ subject, what, broken: sentences }) =>
    sentences.map((sentence) => `VOID ${subject}, ${what}: ${sentence}\n`),
  );
  const goals = scenario.goals.length === 0 ? [] : [textOfTable(goalsOf(scenario, rows))];
  return `\n${scenario.name}: ${scenario.title} (took ${tookSeconds} s)\n\n${[...parts, ...goals].join('\n')}${broken.join('')}`;
}

function textOfTable({ head, lines }: TextTable): string {
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  const textOf = (line: readonly string[]): string =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return all.map((line) => `  ${textOf(line)}\n`).join('');
}

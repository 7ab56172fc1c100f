import { needsOf, type Report, type ScenarioReport } from './report.ts';
import { SCENARIOS } from './scenarios.ts';

const TITLE_CHARACTERS_MAX = 96;

/** What there is to choose from. */
export function listOfScenarios(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  const lines = SCENARIOS.map(({ name, stage, breaks, bound, needs }) => {
    const where = stage === 'both' ? 'one machine, fleet' : stage;
    const wants = needs === '' ? '' : `; needs ${needs}`;
    return `${name.padEnd(width)}  ${breaks}\n${' '.repeat(width)}  -> ${bound}\n${' '.repeat(width)}     (${where}${wants})`;
  });
  return lines.join('\n');
}

/** The result for a terminal: a line a scenario, and what went wrong. */
export function tableOf({ runs }: Report): string {
  return runs
    .map(({ stage, trouble, scenarios }) => {
      const rows = scenarios.map(rowOf).join('\n');
      return `== ${stage}${trouble === null ? '' : `: ${trouble}`}\n${rows}`;
    })
    .join('\n\n');
}

function rowOf(scenario: ScenarioReport): string {
  const { name, title, seconds, counts, measured, breaches } = scenario;
  const what = title.replace(/^.* > /, '').slice(0, TITLE_CHARACTERS_MAX);
  const sums = ['attempts', 'acknowledged', 'deliveries', 'powerCuts']
    .filter((word) => (counts[word] ?? 0) > 0)
    .map((word) => `${counts[word]} ${word}`);
  const pauses = Object.entries(measured)
    .filter(([word, value]) => word.endsWith('Ms') && typeof value === 'number' && value > 0)
    .map(([word, value]) => `${word} ${Math.round(Number(value))}`);
  const cost = [...sums, ...pauses].join(', ');
  const wrong = breaches.slice(0, 3).map(({ rule, what: said }) => `\n          [${rule}] ${said}`);
  return `${resultOf(scenario).padEnd(7)} ${seconds.toFixed(1).padStart(6)} s  ${name}: ${what}${cost === '' ? '' : `\n          ${cost}`}${wrong.join('')}`;
}

/** One word for it; a skipped one says what it needs. */
function resultOf(scenario: ScenarioReport): string {
  if (scenario.outcome === 'failed' || scenario.breaches.length > 0) return 'RED';
  return scenario.outcome === 'skipped'
    ? `skipped${needsOf(scenario) === '' ? '' : ` (${needsOf(scenario)})`}`
    : 'ok';
}

import type { Scenario } from '../scenario.ts';
import { comparisonOf, goalsOf, type TextTable, whatsOf } from './comparison.ts';
import { pictureOf } from './picture.ts';
import type { Results, ScenarioResults } from './results.ts';

/** docs/performance.md: everything in it is from the scenarios' own words and from results. */
export function performancePage(scenarios: readonly Scenario[], results: Results): string {
  const sections = results.scenarios.flatMap((found) => {
    const scenario = scenarios.find(({ name }) => name === found.name);
    return scenario === undefined ? [] : [sectionOf(scenario, found)];
  });
  return `${introductionOf(results)}\n${summaryOf(scenarios, results)}\n${sections.join('\n')}`;
}

function introductionOf({ measuredAt, machine, seconds, runs }: Results): string {
  const { processor, cores, memoryGiB, kernel, bun, loadAtStart } = machine;
  return `# Performance

<!-- Made by \`npm run bench -- all --publish\` from performance/results.json; the words are in tools/bench/src/scenarios. -->

What Confab does on one small machine, and what it could do at best there. Each figure was measured beside the limit of
the sockets (Bun's WebSocket server with nothing behind it), the limit of the disk (SQLite alone, every transaction
synced) and the servers one would write by hand, in the same run and by the same generator. Everything runs on this
machine over loopback; a message is acknowledged after its fsync, and rate limits are off.

A run counts only if what was acknowledged and read agrees with the logs afterwards: nothing lost, doubled or out of
order at any reader. Latencies are counted from when a message should have been sent, so a stall counts for every message
that it held up; in closed loops that is when it was sent. Percentiles are from HDR histograms. Processor time is that of
the whole server process, kernel included; where the generator's is near one core, it was the generator that set the pace.
In brackets beside a baseline: Confab's figure divided by it.

Measured on ${measuredAt.slice(0, 10)}: ${processor}, ${cores} cores, ${memoryGiB} GiB, Linux ${kernel}, Bun ${bun}, load ${loadAtStart.toFixed(2)} at the
start; ${seconds} s a row after a warm-up, ${runs === 1 ? 'one run' : `the median of ${runs} runs, with lowest and highest`}. Figures of other machines will differ; ratios less so.

\`npm run bench -- all\` measures all of it again, \`npm run bench -- SCENARIO --profile\` shows where the time goes: it leaves
Bun's CPU profile of the server in \`.bench\`, as a \`.cpuprofile\` for a browser's developer tools and as a \`.md\` to read.
`;
}

function summaryOf(scenarios: readonly Scenario[], results: Results): string {
  const lines = results.scenarios.flatMap((found) => {
    const scenario = scenarios.find(({ name }) => name === found.name);
    if (scenario === undefined || found.leftOut !== null) return [];
    return goalsOf(scenario, found.rows).lines.map((line) => [
      `[${scenario.name}](#${anchorOf(scenario)})`,
      ...line,
    ]);
  });
  return `## Goals\n\n${markdownOf({ head: ['scenario', 'goal', 'bar', 'stretch', 'measured', ''], lines })}`;
}

function sectionOf(scenario: Scenario, found: ScenarioResults): string {
  const { name, title, what, limits } = scenario;
  const head = `## ${title}\n\n\`npm run bench -- ${name}\`\n\n${what}\n`;
  if (found.leftOut !== null) return `${head}\nNot measured. ${found.leftOut}\n`;
  const tables = whatsOf(found.rows).map((one) => {
    const table = comparisonOf(found.rows.filter((row) => row.what === one));
    return `\n### ${one}\n\n${markdownOf(table)}`;
  });
  const hasPicture = pictureOf(scenario, found) !== null;
  const picture = hasPicture ? `\n![${title}: latency and memory over time](performance/${name}.svg)\n` : '';
  return `${head}${tables.join('')}${picture}${limits === '' ? '' : `\n**What limits it.** ${limits}\n`}`;
}

/** As GitHub makes the anchor of a heading. */
function anchorOf({ title }: Scenario): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

function markdownOf({ head, lines }: TextTable): string {
  return [markdownLine(head), markdownLine(head.map(() => '---')), ...lines.map(markdownLine)].join('');
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

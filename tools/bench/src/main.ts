import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BASELINES, type BaselineKind } from './baselines/baseline-kinds.ts';
import { Bench } from './bench.ts';
import { HELP, readCommand, type RunOptions } from './command-line.ts';
import { describeMachine, warningOf } from './machine.ts';
import { pictureOf } from './report/picture.ts';
import { textOfResults } from './report/print-results.ts';
import { publish, publishPage } from './report/publish.ts';
import { isVoid, type Results, RESULTS_VERSION, type ScenarioResults } from './report/results.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const BASELINE_KINDS = Object.keys(BASELINES) as BaselineKind[];
const VOID_EXIT_CODE = 1;
const WRONG_WORDS_EXIT_CODE = 2;
const STOPPED_EXIT_CODE = 130;

function chosen(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return SCENARIOS.filter(({ isInAll }) => isInAll);
  return names.map((name) => {
    const scenario = SCENARIOS.find((one) => one.name === name);
    if (scenario === undefined) throw new Error(`no scenario "${name}"; --list names them`);
    return scenario;
  });
}

function benchFor({ name }: Scenario, options: RunOptions): Bench {
  const { isSmall, isAlone, seconds, minutes, settings, isProfiling, folder } = options;
  return new Bench({
    isSmall,
    baselines: isAlone ? [] : BASELINE_KINDS,
    seconds,
    minutes,
    settings,
    profileFolder: isProfiling ? join(folder, 'profiles', name) : null,
    onProgress: (text) => console.error(`.. ${text}`),
  });
}

async function run(options: RunOptions): Promise<number> {
  const scenarios = chosen(options.names);
  const machine = describeMachine();
  console.log(
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Bun ${machine.bun}, load ${machine.loadAtStart.toFixed(2)}`,
  );
  const warning = warningOf(machine);
  if (warning !== null) console.warn(warning);
  mkdirSync(options.folder, { recursive: true });
  const done: ScenarioResults[] = [];
  const results: Results = {
    version: RESULTS_VERSION,
    measuredAt: new Date().toISOString(),
    machine,
    seconds: options.seconds,
    runs: options.runs,
    isSmall: options.isSmall,
    scenarios: done,
  };
  for (const scenario of scenarios) {
    const found = await runScenario(benchFor(scenario, options), scenario, options.runs);
    done.push(found);
    console.log(textOfResults(scenario, found));
    // After each one, so that a long run that is stopped leaves what it has found.
    writeFileSync(join(options.folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
    const picture = pictureOf(scenario, found);
    if (picture !== null) writeFileSync(join(options.folder, `${scenario.name}.svg`), picture);
  }
  console.log(`Results and pictures are in ${options.folder}.`);
  if (done.some(({ rows }) => rows.some(isVoid))) {
    console.error('VOID: a promise was broken; see above.');
    return VOID_EXIT_CODE;
  }
  if (options.isPublishing) publish(results);
  return 0;
}

async function main(words: readonly string[]): Promise<number> {
  try {
    const command = readCommand(words);
    switch (command.kind) {
      case 'help':
        console.log(HELP);
        return 0;
      case 'list':
        for (const { name, title } of SCENARIOS) console.log(`${name.padEnd(24)} ${title}`);
        return 0;
      case 'page':
        publishPage();
        return 0;
      case 'run':
        return await run(command.options);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return WRONG_WORDS_EXIT_CODE;
  }
}

// What was started ends with this process, as its exit sees to.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => process.exit(STOPPED_EXIT_CODE));
process.exit(await main(process.argv.slice(2)));

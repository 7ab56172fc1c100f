import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { judge } from './judge.ts';
import { isGood, type Judged, type Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';
import { junitOf, sayVerdict, summaryOf, tableOf } from './report.ts';

const HELP = `npm run mutate -- [OPTIONS] [NAME...]

Breaks the code in a copy of this tree, one fault at a time, and sees whether the tests notice. Exit code 1 where one
does not. Without a name: the mutations of npm test; "all": all of them; a name, or the start of one: these.

  --list          say them and run nothing
  --at-once N     how many at once (as many as there are cores, at most ${availableParallelism()})
  --report FILE   write a JUnit report
  --help`;

/** Told to end: what runs is ended on the way out. */
const EXIT_AT_ONCE = 130;

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    list: { type: 'boolean', default: false },
    'at-once': { type: 'string', default: String(availableParallelism()) },
    report: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(EXIT_AT_ONCE));

if (values.help) {
  console.log(HELP);
} else {
  const chosen = choose(positionals);
  if (values.list) list(chosen);
  else process.exit(await run(chosen));
}

function choose(names: readonly string[]): readonly Mutation[] {
  if (names.includes('all')) return mutations;
  if (names.length === 0) return mutations.filter(({ when }) => when === 'daily');
  const unknown = names.filter((name) => !mutations.some((mutation) => mutation.name.startsWith(name)));
  if (unknown.length > 0) {
    console.error(`No mutation ${unknown.join(', ')}. All of them: npm run mutate -- all --list`);
    process.exit(1);
  }
  return mutations.filter((mutation) => names.some((name) => mutation.name.startsWith(name)));
}

function list(chosen: readonly Mutation[]): void {
  for (const { name, breaks, suite, edits, when } of chosen) {
    console.log(`${name}  (${when}; ${suite} must say ${breaks.join(' or ')})`);
    for (const { file, find, replace } of edits) {
      console.log(`    ${file}\n${indent('-', find)}\n${indent('+', replace)}`);
    }
  }
}

function indent(mark: string, text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${mark} ${line.trim()}`)
    .join('\n');
}

async function run(chosen: readonly Mutation[]): Promise<number> {
  const judged = await judge({
    mutations: chosen,
    atOnce: Math.min(Number(values['at-once']), chosen.length),
    onUnmutated: (suite, { isGreen, output }, seconds) => {
      console.log(`${suite}, unmutated: ${isGreen ? 'green' : 'RED'} (${seconds.toFixed(1)} s)`);
      if (!isGreen) console.log(output.slice(-3_000));
    },
    onJudged: ({ mutation, verdict, seconds }: Judged) => {
      console.log(`${mutation.name} (${seconds.toFixed(1)} s): ${sayVerdict(verdict)}`);
      if (verdict.kind === 'beside the point') console.log(verdict.output);
    },
  });
  console.log(`\n${tableOf(judged)}\n\n${summaryOf(judged)}`);
  if (values.report !== undefined) writeFileSync(values.report, junitOf(judged));
  return judged.every(({ verdict }) => isGood(verdict)) ? 0 : 1;
}

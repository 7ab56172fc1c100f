import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, HELP, readCommandLine } from './report/command-line.ts';
import { pageOf } from './report/page.ts';
import { isRed, type Report, REPORT_VERSION, type StageReport } from './report/report.ts';
import { runStage } from './report/run-stage.ts';
import { listOfScenarios, tableOf } from './report/table.ts';
import type { Progress } from './report/test-run.ts';

const EXIT_AT_ONCE = 130;
const TITLE_CHARACTERS_MAX = 110;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(EXIT_AT_ONCE));
process.exit(await run(readCommandLine(process.argv.slice(2))));

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      console.log(HELP);
      return 0;
    case 'list':
      console.log(listOfScenarios());
      return 0;
    case 'wrong':
      console.error(command.message);
      return 1;
    case 'run':
      return await runAll(command);
  }
}

async function runAll({
  names,
  stages,
  mustHaveFleet,
  scale,
  folder,
}: Command & { kind: 'run' }): Promise<number> {
  const out = resolve(folder);
  // What an earlier run left would be taken for this one's.
  for (const part of ['one-machine', 'fleet']) rmSync(join(out, part), { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const startedAt = new Date();
  const runs: StageReport[] = [];
  for (const stage of stages) {
    if (stage === 'fleet' && !hasFleet()) {
      const needs = 'needs Cassandra, Redis and HAProxy: npm run services -- install';
      if (!mustHaveFleet) console.log(`\n== fleet: left out, ${needs}`);
      else runs.push({ stage, trouble: needs, scenarios: [] });
      continue;
    }
    console.log(`\n== ${stage}`);
    runs.push(await runStage({ stage, names, scale, folder: join(out, stage.replace(' ', '-')), tell: say }));
  }
  const seconds = (Date.now() - startedAt.getTime()) / 1_000;
  const report: Report = {
    version: REPORT_VERSION,
    startedAt: startedAt.toISOString(),
    seconds,
    scale,
    runs,
  };
  writeFileSync(join(out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(out, 'report.html'), pageOf(report));
  console.log(`\n${tableOf(report)}\n\n${summaryOf(report)}\n${join(out, 'report.html')}`);
  return isRed(report) ? 1 : 0;
}

function hasFleet(): boolean {
  return Bun.spawnSync([process.execPath, join(import.meta.dir, 'has-fleet.ts')]).exitCode === 0;
}

function say(progress: Progress): void {
  if (progress.kind === 'file') console.log(`   ${progress.file.replace(/^.*\/|\.test\.ts$/g, '')}`);
  else {
    const took = `${(progress.tookMs / 1_000).toFixed(1)} s`.padStart(9);
    console.log(
      `      ${progress.outcome.padEnd(8)}${took}  ${progress.title.replace(/^.* > /, '').slice(0, TITLE_CHARACTERS_MAX)}`,
    );
  }
}

function summaryOf({ runs }: Report): string {
  const all = runs.flatMap(({ scenarios }) => scenarios);
  const count = (outcome: string): number => all.filter((one) => one.outcome === outcome).length;
  const breaches = all.reduce((sum, one) => sum + one.breaches.length, 0);
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped, ${breaches} rules broken`;
}

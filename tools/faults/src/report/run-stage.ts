import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type StageReport, reportOf } from './report.ts';
import { RECORDS_FOLDER, type ScenarioRecord } from './scenario-record.ts';
import { SCENARIOS } from './scenarios.ts';
import { type Progress, readTests, TestOutput } from './test-run.ts';

export type StageOptions = {
  readonly stage: 'one machine' | 'fleet';
  /** None: all that run there. */
  readonly names: readonly string[];
  readonly scale: number;
  /** Where the logs and records of the run go. */
  readonly folder: string;
  readonly tell: (progress: Progress) => void;
};

const startFirst = fileURLToPath(import.meta.resolve('../fleet/start-first.ts'));
const root = join(import.meta.dir, '../../../..');
/** Each file sets the time of its own tests; this is for those that set none. */
const TEST_TIMEOUT_MS = 60_000;

/** Runs the scenarios of one stage under bun's test runner, and gathers what they recorded. */
export async function runStage({ stage, names, scale, folder, tell }: StageOptions): Promise<StageReport> {
  const files = SCENARIOS.filter((one) => one.stage === 'both' || one.stage === stage)
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map(({ name }) => `./tools/faults/src/scenarios/${name}.test.ts`);
  if (files.length === 0) return { stage, trouble: null, scenarios: [] };
  mkdirSync(folder, { recursive: true });
  const junit = join(folder, 'junit.xml');
  const records = join(folder, 'records');
  const first = stage === 'fleet' ? [`--preload=${startFirst}`] : [];
  const options = [`--timeout=${TEST_TIMEOUT_MS}`, '--reporter=junit', `--reporter-outfile=${junit}`];
  const child = Bun.spawn([process.execPath, '--no-orphans', 'test', ...first, ...options, ...files], {
    cwd: root,
    env: {
      ...process.env,
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      CONFAB_FAULTS_FLEET: stage === 'fleet' ? '1' : '0',
      CONFAB_FAULTS_SCALE: String(scale),
      CONFAB_FAULTS_FOLDER: join(folder, 'logs'),
      [RECORDS_FOLDER]: records,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const output = new TestOutput(tell);
  await Promise.all([follow(child.stdout, output), follow(child.stderr, output)]);
  await child.exited;
  const tests = existsSync(junit)
    ? readTests(readFileSync(junit, 'utf8'), (title) => output.outputOf(title))
    : [];
  const scenarios = reportOf(tests, readRecords(records));
  const isExplained = child.exitCode === 0 || scenarios.some(({ outcome }) => outcome === 'failed');
  const trouble = isExplained
    ? null
    : `It ended with ${child.exitCode ?? child.signalCode}: ${output.lastWords}`;
  return { stage, trouble, scenarios };
}

async function follow(stream: ReadableStream<Uint8Array>, output: TestOutput): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) output.take(decoder.decode(chunk, { stream: true }));
}

function readRecords(folder: string): ScenarioRecord[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ScenarioRecord,
  );
}

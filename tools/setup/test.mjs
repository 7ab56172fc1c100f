// "npm test": every gate in order, all failures at the end, and one line that sums them.
//
//   npm test                           everything
//   npm test -- --only lint,bun        these gates
//   npm test -- packages/core          only bun's tests, in files whose path contains this
//   CONFAB_TEST_ALL=1 npm test         a skipped test is a failure
//
// Where Cassandra is installed (npm run services -- install) and CONFAB_TEST_CASSANDRA names none, one is started for
// the tests that use it, while other gates run, and stopped at the end.
//
// A test that cannot run here says why at the end of its title, or of its group's title:
// "sends a message (needs Chromium: apt-get install chromium)".
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWeb } from './build-web.mjs';
import { SetupError, exitOf, install, root, runMain, toolOf } from './install.mjs';
import { readJunit } from './junit.mjs';
import { concernsCassandra, isCassandraInstalled, startTestCassandra } from './test-cassandra.mjs';

/** Timing decides no test: a machine with other things to do takes longer, and what hangs ends all the same. */
const TEST_TIMEOUT = '--timeout=60000';

/**
 * Each gate: a name for --only, a title, and a command (the first word is a program, 'node' and 'bun' are those of this
 * project). A command that writes a JUnit report to the path it is given counts by its tests; any other is one check.
 * `environment` is what it is given besides, and with `usesCassandra` that of the tests; where the command of `needs`
 * fails, the gate is skipped.
 */
const GATES = [
  {
    name: 'format',
    title: 'Format',
    command: () => ['node', toolOf('oxfmt'), '--check', '.'],
    fix: 'npm run format',
  },
  { name: 'lint', title: 'Lint', command: () => ['node', toolOf('oxlint'), '--type-aware'] },
  { name: 'types', title: 'Types', command: () => ['node', 'tools/setup/types.mjs'] },
  {
    name: 'unused',
    title: 'Unused',
    command: () => ['node', toolOf('knip'), '--no-progress', '--no-config-hints'],
  },
  {
    name: 'lockfile',
    title: 'Lockfile',
    command: () => ['node', 'tools/setup/complete-lockfile.mjs', '--check'],
    fix: 'npm run lockfile',
  },
  {
    name: 'bun',
    title: 'Tests',
    junit: true,
    usesCassandra: true,
    command: testWithBun,
  },
  {
    // Faults are written into a copy of the code, one after the other: each has to turn tests red.
    name: 'mutations',
    title: 'Mutations',
    junit: true,
    usesCassandra: true,
    command: (reportFile) => ['bun', 'tools/faults/src/mutations/main.ts', '--report', reportFile],
  },
  {
    name: 'fleet',
    title: 'Fleet',
    junit: true,
    // The same scenarios as on one machine and those of a fleet, small enough for every day.
    environment: { CONFAB_FAULTS_FLEET: '1', CONFAB_FAULTS_SCALE: process.env.CONFAB_FAULTS_SCALE ?? '0.1' },
    needs: {
      what: 'Cassandra, Redis and HAProxy: npm run services -- install',
      test: () => ['bun', 'tools/faults/src/has-fleet.ts'],
    },
    // Starting a fleet takes longer than a single test may, so it is there before the first one.
    command: (reportFile) =>
      testWithBun(reportFile, [
        '--preload=./tools/faults/src/fleet/start-first.ts',
        'tools/faults/src/scenarios',
      ]),
  },
  { name: 'web', title: 'Web app', run: buildWebApp },
];

const scratch = mkdtempSync(join(tmpdir(), 'confab-test-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

await runMain(async () => {
  const { gates, filters } = readArguments(process.argv.slice(2));
  const programs = { bun: await install(), node: process.execPath };
  const cassandra = needsCassandra(gates, filters) ? startTestCassandra() : undefined;
  const results = [];
  try {
    for (const gate of gates) results.push(await runGate(gate, { programs, filters, cassandra }));
  } finally {
    await cassandra?.stop();
  }
  return report(results, process.env.CONFAB_TEST_ALL === '1');
});

function readArguments(args) {
  let only;
  const filters = [];
  for (let at = 0; at < args.length; at += 1) {
    if (args[at] === '--only') only = (args[(at += 1)] ?? '').split(',');
    else filters.push(args[at]);
  }
  only ??= filters.length > 0 ? ['bun'] : GATES.map(({ name }) => name);
  const unknown = only.filter((name) => !GATES.some((gate) => gate.name === name));
  if (unknown.length > 0) {
    throw new SetupError(
      `No gate "${unknown.join(', ')}". There are: ${GATES.map(({ name }) => name).join(', ')}.`,
    );
  }
  return { gates: GATES.filter(({ name }) => only.includes(name)), filters };
}

/** Whether to start one: where one is named, that is the one to use. */
function needsCassandra(gates, filters) {
  if (process.env.CONFAB_TEST_CASSANDRA || !gates.some(({ usesCassandra }) => usesCassandra)) return false;
  return concernsCassandra(filters) && isCassandraInstalled();
}

async function runGate(gate, { programs, filters, cassandra }) {
  console.log(`\n== ${gate.title}`);
  const startedAt = performance.now();
  const reportFile = join(scratch, `${gate.name}.xml`);
  if (gate.needs && !(await runCommand(gate.needs.test(), { programs })))
    return { passed: 0, failed: [], skipped: [`${gate.title} - needs ${gate.needs.what}`] };
  let ok;
  try {
    ok = gate.run
      ? await gate.run()
      : await runCommand(gate.command(reportFile, filters), {
          programs,
          cassandra: gate.usesCassandra ? cassandra : undefined,
          environment: gate.environment,
        });
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    ok = false;
  }
  const counts = gate.junit ? readCounts(gate, reportFile, ok) : countsOfOne(gate, ok);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `   ${gate.title}: ${describe(counts.passed, counts.failed.length, counts.skipped.length)} (${seconds} s)`,
  );
  return counts;
}

/** Whether the command succeeded. Without the Cassandra that it was to have it runs all the same, and has failed. */
async function runCommand([program, ...args], { programs, cassandra, environment }) {
  const env = { ...process.env, ...environment };
  let isComplete = true;
  try {
    if (cassandra) env.CONFAB_TEST_CASSANDRA = await cassandra.contactPoint;
  } catch (error) {
    console.error(error.message);
    isComplete = false;
  }
  const child = spawn(programs[program] ?? program, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return (await exitOf(child)) === 0 && isComplete;
}

function testWithBun(reportFile, filters) {
  const options = ['--only-failures', TEST_TIMEOUT, '--reporter=junit', `--reporter-outfile=${reportFile}`];
  return ['bun', 'test', ...options, ...filters];
}

async function buildWebApp() {
  const outcome = await buildWeb();
  if (outcome === 'missing') throw new SetupError('apps/web/index.html is missing: nothing to build.');
  return true;
}

function countsOfOne(gate, ok) {
  const hint = gate.fix === undefined ? '' : ` (${gate.fix})`;
  return { passed: ok ? 1 : 0, failed: ok ? [] : [`${gate.title}${hint}`], skipped: [] };
}

function readCounts(gate, reportFile, ok) {
  let cases;
  try {
    cases = readJunit(readFileSync(reportFile, 'utf8'));
  } catch (error) {
    return { passed: 0, failed: [`${gate.title}: no report (${error.message})`], skipped: [] };
  }
  const named = (outcome) => cases.filter((one) => one.outcome === outcome);
  const failed = named('failed').map(({ file, title }) => `${file}: ${title}`);
  // A file that does not load, or an error between tests, is in no report.
  if (!ok && failed.length === 0)
    failed.push(`${gate.title}: the command failed outside any test (see above)`);
  return { passed: named('passed').length, failed, skipped: named('skipped').map(sayWhySkipped) };
}

function sayWhySkipped({ title, message }) {
  const need = [...title.matchAll(/\((needs [^()]+)\)/g)].at(-1)?.[1] ?? message;
  return `${title.replace(/ \(needs [^()]+\)/g, '')} - ${need || 'gives no reason'}`;
}

function report(results, everySkipFails) {
  const skipped = results.flatMap((result) => result.skipped);
  const failed = results.flatMap((result) => result.failed);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  console.log('');
  for (const line of skipped) console.log(`skipped: ${line}`);
  if (everySkipFails)
    failed.push(...skipped.splice(0).map((line) => `skipped, and CONFAB_TEST_ALL=1: ${line}`));
  for (const line of failed) console.log(`failed: ${line}`);
  if (passed + failed.length + skipped.length === 0) failed.push('nothing ran');
  console.log(describe(passed, failed.length, skipped.length));
  return failed.length === 0 ? 0 : 1;
}

function describe(passed, failed, skipped) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

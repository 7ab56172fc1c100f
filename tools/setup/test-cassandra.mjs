// The Cassandra that "npm test" starts for its tests, where one is installed: a single node that syncs every write.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SetupError, root } from './install.mjs';

const services = join(root, 'tools', 'services', 'src', 'main.mjs');

/** Rooms with tests that use CONFAB_TEST_CASSANDRA. */
const ROOMS = ['packages/store-cassandra', 'apps/server', 'tools/faults', 'tools/cluster', 'tools/bench'];
const TEST_FILE = /\.test\.(ts|tsx|mjs)$/;
/** Options of bun's test runner whose next word is no path. */
const TAKES_A_WORD = new Set(['-t', '--test-name-pattern', '--timeout']);
const LAST_WORDS_CHARACTERS = 2_000;

/** Whether any test that a run of these filters takes in uses it. A filter is a part of a file's path, or an option. */
export function concernsCassandra(filters) {
  const parts = filters.filter((word, at) => !word.startsWith('-') && !TAKES_A_WORD.has(filters[at - 1]));
  if (parts.length === 0) return true;
  const files = ROOMS.flatMap(testsOf);
  return parts.some((part) => files.some((file) => file.includes(part.replace(/^\.\//, ''))));
}

/** Whether a Cassandra can be started here. */
export function isCassandraInstalled() {
  const { status } = spawnSync(process.execPath, [services, 'has', 'cassandra'], { stdio: 'ignore' });
  return status === 0;
}

/**
 * Starts it in the background. `contactPoint` resolves with host:port once it answers and rejects with a SetupError where
 * it does not start; `stop` ends it. It ends with this process in any case.
 */
export function startTestCassandra() {
  // Its standard input is what keeps it: it ends when nobody holds the other end any more.
  const child = spawn(process.execPath, [services, 'run', 'cassandra'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = new Promise((settle) => child.once('exit', settle).once('error', settle));
  let said = '';
  child.stderr.on('data', (piece) => (said = (said + piece).slice(-LAST_WORDS_CHARACTERS)));
  const answers = new Promise((settle) => createInterface({ input: child.stdout }).once('line', settle));
  const contactPoint = Promise.race([
    answers.then((line) => JSON.parse(line).contactPoint),
    exited.then(() => {
      throw new SetupError(`The Cassandra for the tests did not start.\n${said.trimEnd()}`);
    }),
  ]);
  // Whoever never asks for it is not to be told by a crash.
  contactPoint.catch(() => {});
  const stop = async () => {
    child.stdin.end();
    await exited;
  };
  return { contactPoint, stop };
}

function testsOf(room) {
  try {
    return readdirSync(join(root, room), { recursive: true })
      .map((file) => `${room}/${file.replaceAll('\\', '/')}`)
      .filter((file) => TEST_FILE.test(file) && !file.includes('/node_modules/'));
  } catch {
    return [];
  }
}

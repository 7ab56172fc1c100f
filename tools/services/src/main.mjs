// "npm run services -- ...": real Cassandra and what else the tests need, on this machine, without containers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  changeBackground,
  describeBackground,
  startInBackground,
  stopBackground,
  wipeBackground,
} from './background.mjs';
import { isCommitLogSync } from './cassandra-config.mjs';
import {
  CASSANDRA_VERSION,
  installCassandraJars,
  isCassandraInstalled,
  jarsFolder,
} from './cassandra-jars.mjs';
import { planCassandra } from './cassandra.mjs';
import {
  PROGRAMS,
  aptCommand,
  canInstallPackages,
  describeMissing,
  findProgram,
  installPackages,
  missingPrograms,
} from './programs.mjs';
import { ServicesError } from './services-error.mjs';

const HELP = `npm run services -- COMMAND

  install [--system]            fetch Cassandra ${CASSANDRA_VERSION} (about 66 MB, once) and say what else is missing;
                                with --system, as root on Debian: install that too
  start cassandra [NODES]       start it in the background, on 127.0.0.1, 127.0.0.2, ..., and wait until it answers
        [--sync batch|group|periodic] [--port 9042]
  status                        what is installed and what runs
  has cassandra                 says by its exit code whether it is installed
  kill N | pause N | resume N   a node: kill -9, SIGSTOP, SIGCONT
  start-node N                  start a node again on its own data
  stop                          stop all nodes; data stay
  wipe                          stop all nodes and delete their data
  run cassandra [NODES]         in the foreground, on a free port and in a scratch folder: prints one line of JSON,
        [--sync ...] [--port N] {"contactPoint": "host:port"}, and ends when its standard input does

Files are in .services of the repository, or in CONFAB_SERVICES_DIR.`;

const EXIT_USAGE = 64;

/** @type {Record<string, (words: readonly string[], flags: Flags) => number | void | Promise<number | void>>} */
const COMMANDS = {
  install,
  start: startCommand,
  run: runCommand,
  status,
  has: ([service]) => (service === 'cassandra' && isCassandraInstalled() ? 0 : 1),
  kill: ([n]) => change((cassandra) => cassandra.kill(numberOf(n))),
  pause: ([n]) => change((cassandra) => cassandra.pause(numberOf(n))),
  resume: ([n]) => change((cassandra) => cassandra.resume(numberOf(n))),
  'start-node': ([n]) => change((cassandra) => cassandra.startNode(numberOf(n))),
  stop: stopBackground,
  wipe: wipeBackground,
};

/** @typedef {{system?: boolean | undefined, sync?: string | undefined, port?: string | undefined}} Flags */

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ServicesError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/** @param {string[]} args */
async function main(args) {
  const { positionals, values } = readWords(args);
  const [name = 'help', ...words] = positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    console.log(HELP);
    return name === 'help' ? 0 : EXIT_USAGE;
  }
  return (await command(words, values)) ?? 0;
}

/** @param {string[]} args */
function readWords(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { system: { type: 'boolean' }, sync: { type: 'string' }, port: { type: 'string' } },
    });
  } catch (error) {
    throw new ServicesError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

/**
 * @param {readonly string[]} _words
 * @param {Flags} flags
 */
async function install(_words, { system }) {
  const absent = missingPrograms();
  if (system === true && absent.length > 0) {
    if (canInstallPackages()) installPackages(absent);
    else console.error('Not root, or no apt-get: nothing of the system is installed.');
  }
  const missing = missingPrograms();
  const canFetch = [PROGRAMS.java, PROGRAMS.maven].every((program) => !missing.includes(program));
  if (canFetch || isCassandraInstalled()) {
    const outcome = await installCassandraJars();
    console.log(`Cassandra ${CASSANDRA_VERSION}: ${outcome} (${jarsFolder()})`);
  }
  for (const program of missing) console.error(describeMissing(program));
  if (missing.length > 0) console.error(`On Debian, as root: ${aptCommand(missing)}`);
  return isCassandraInstalled() ? 0 : 1;
}

/**
 * @param {readonly string[]} words
 * @param {Flags} flags
 */
async function startCommand(words, flags) {
  const startedAt = performance.now();
  const cassandra = await startInBackground(cassandraOptions(words, flags));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(
    `Cassandra ${CASSANDRA_VERSION} answers at ${cassandra.contactPoints.join(', ')} (${seconds} s)`,
  );
  console.log(
    `CONFAB_TEST_CASSANDRA=${cassandra.contactPoint} npm test uses it; npm run services -- stop ends it.`,
  );
}

/**
 * @param {readonly string[]} words
 * @param {Flags} flags
 */
async function runCommand(words, flags) {
  const ended = new Promise((settle) => {
    process.stdin.resume().once('end', settle).once('error', settle);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, settle);
  });
  const folder = mkdtempSync(join(tmpdir(), 'confab-cassandra-'));
  try {
    const cassandra = await planCassandra({ ...cassandraOptions(words, flags), folder });
    const started = cassandra.startAll();
    try {
      const outcome = await Promise.race([started.then(() => 'started'), ended.then(() => 'ended')]);
      if (outcome === 'ended') return;
      console.log(JSON.stringify({ contactPoint: cassandra.contactPoint, pids: cassandra.pids }));
      await ended;
    } finally {
      await cassandra.discard();
      await started.catch(() => {});
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {Parameters<typeof changeBackground>[0]} toDo */
async function change(toDo) {
  await changeBackground(toDo);
  for (const line of await describeBackground()) console.log(line);
}

async function status() {
  console.log(`Cassandra ${CASSANDRA_VERSION}: ${isCassandraInstalled() ? 'installed' : 'not installed'}`);
  for (const program of Object.values(PROGRAMS))
    console.log(`${program.name}: ${findProgram(program) ?? 'missing'}`);
  for (const line of await describeBackground()) console.log(line);
}

/**
 * @param {readonly string[]} words
 * @param {Flags} flags
 */
function cassandraOptions([service, nodes = '1'], { sync = 'batch', port }) {
  if (service !== 'cassandra') throw new ServicesError(`"${service ?? ''}" is no service.\n\n${HELP}`);
  if (!isCommitLogSync(sync)) throw new ServicesError('--sync is batch, group or periodic.');
  return { nodes: numberOf(nodes), sync, ...(port === undefined ? {} : { port: numberOf(port) }) };
}

/** @param {string | undefined} word */
function numberOf(word) {
  if (word !== undefined && /^\d{1,5}$/.test(word)) return Number(word);
  throw new ServicesError(`"${word ?? ''}" is no number.\n\n${HELP}`);
}

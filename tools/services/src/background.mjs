import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { servicesFolder } from './cassandra-jars.mjs';
import { isCommitLogSync } from './cassandra-config.mjs';
import { planCassandra } from './cassandra.mjs';
import { freePort } from './free-port.mjs';
import { ServicesError } from './services-error.mjs';

/** @typedef {import('./cassandra.mjs').Cassandra} Cassandra */
/** @typedef {import('./cassandra.mjs').CassandraOptions} CassandraOptions */

/** Where people and drivers expect it. */
const CQL_PORT = 9042;

/** The folder of the one Cassandra that runs in the background, from one command to the next. */
function backgroundFolder() {
  return join(servicesFolder(), 'cassandra');
}

function stateFile() {
  return join(backgroundFolder(), 'state.json');
}

/** Starts it, or what of it does not run, and notes what it is made of for later commands.
 * @param {Pick<CassandraOptions, 'nodes' | 'sync' | 'port'>} wanted
 * @returns {Promise<Cassandra>}
 */
export async function startInBackground(wanted) {
  const known = readState();
  if (known?.pids.some((pid) => pid !== null)) {
    throw new ServicesError('Cassandra runs already: npm run services -- stop, or start-node N.');
  }
  const { nodes = 1, sync = 'batch', port = CQL_PORT } = wanted;
  if (known !== undefined && known.nodes !== nodes) {
    throw new ServicesError(`Its data are of ${known.nodes} nodes, not ${nodes}: npm run services -- wipe`);
  }
  // Nodes remember each other by this port too.
  const storagePort = known?.storagePort ?? (await freePort());
  const options = { nodes, sync, port, storagePort };
  const cassandra = await planCassandra({ ...options, folder: backgroundFolder(), isTied: false });
  mkdirSync(backgroundFolder(), { recursive: true });
  try {
    await cassandra.startAll();
  } finally {
    keepState({ ...options, pids: cassandra.pids });
  }
  return cassandra;
}

/** Does something to the Cassandra in the background and notes what of it runs then.
 * @param {(cassandra: Cassandra) => void | Promise<void>} change
 */
export async function changeBackground(change) {
  const state = readState();
  if (state === undefined)
    throw new ServicesError('No Cassandra was started: npm run services -- start cassandra');
  const { pids, ...options } = state;
  const cassandra = await planCassandra({ ...options, pids, folder: backgroundFolder(), isTied: false });
  try {
    await change(cassandra);
  } finally {
    keepState({ ...options, pids: cassandra.pids });
  }
}

/** Stops it, where it runs. */
export async function stopBackground() {
  if (readState() !== undefined) await changeBackground((cassandra) => cassandra.stop());
}

/** Ends it and deletes its data. */
export async function wipeBackground() {
  if (readState() !== undefined) await changeBackground((cassandra) => cassandra.discard());
  rmSync(backgroundFolder(), { recursive: true, force: true });
}

/** One line a node; none where it was never started.
 * @returns {Promise<readonly string[]>}
 */
export async function describeBackground() {
  if (readState() === undefined) return [];
  /** @type {string[]} */
  const lines = [];
  await changeBackground(({ processes, contactPoints }) => {
    for (const [index, { state, pid }] of processes.entries())
      lines.push(
        `node ${index + 1}  ${contactPoints[index]}  ${state}${pid === null ? '' : `, process ${pid}`}`,
      );
  });
  return lines;
}

/** @typedef {{nodes: number, sync: import('./cassandra-config.mjs').CommitLogSync, port: number, storagePort: number, pids: (number | null)[]}} State */

/** @returns {State | undefined} */
function readState() {
  if (!existsSync(stateFile())) return undefined;
  const state = JSON.parse(readFileSync(stateFile(), 'utf8'));
  if (!isCommitLogSync(state.sync)) throw new ServicesError(`${stateFile()} is damaged.`);
  return { ...state, pids: state.pids.map(ofOurs) };
}

/** @param {State} state */
function keepState(state) {
  writeFileSync(stateFile(), `${JSON.stringify(state)}\n`);
}

/** After a reboot the number of a process may be another's.
 * @param {number | null} pid
 */
function ofOurs(pid) {
  return pid !== null && wordsOf(pid).includes(backgroundFolder()) ? pid : null;
}

/** What a process was started with; nothing where it is gone.
 * @param {number} pid
 */
function wordsOf(pid) {
  const file = `/proc/${pid}/cmdline`;
  try {
    if (existsSync('/proc/self')) return readFileSync(file, 'utf8');
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

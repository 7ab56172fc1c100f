import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { answersCql } from './accepts.mjs';
import { cassandraYaml, javaArguments, logbackXml } from './cassandra-config.mjs';
import { CASSANDRA_VERSION, isCassandraInstalled, jarsFolder } from './cassandra-jars.mjs';
import { freePort } from './free-port.mjs';
import { LocalProcess } from './local-process.mjs';
import { PROGRAMS, requireProgram } from './programs.mjs';
import { ServicesError } from './services-error.mjs';

/** @typedef {import('./cassandra-config.mjs').CommitLogSync} CommitLogSync */
/** @typedef {import('./cassandra-config.mjs').NodePlace} NodePlace */

/**
 * @typedef {object} CassandraOptions
 * @property {string} folder  of its data and configuration; what is there already is kept
 * @property {string} [logFolder]  default: the folder; node n logs to `cassandra-n.log`
 * @property {number} [nodes]  default 1; node n has the address 127.0.0.n
 * @property {CommitLogSync} [sync]  default `batch`
 * @property {number} [heapMiB]  of each node; default 1,024 for one node, 512 for several
 * @property {number} [port]  of CQL, the same on all nodes; default: a free one
 * @property {number} [storagePort]  of the nodes among themselves; default: a free one
 * @property {boolean} [isTied]  default true: it ends with this process, however that ends
 */

const NODES_MAX = 9;
const CQL_OPEN_MS_MAX = 120_000;
const STOP_MS_MAX = 20_000;

/** A ring of real Cassandra nodes on this machine. Nodes are counted from 1. */
export class Cassandra {
  #nodes;

  /** @param {readonly CassandraNode[]} nodes */
  constructor(nodes) {
    this.#nodes = nodes;
  }

  /** `host:port` of the first node. */
  get contactPoint() {
    return this.contactPoints[0] ?? '';
  }

  /** `host:port` of each node, running or not. */
  get contactPoints() {
    return this.#nodes.map(({ place }) => `${place.host}:${place.port}`);
  }

  /** The process id of each node; null for one that does not run. */
  get pids() {
    return this.#nodes.map(({ process }) => process.pid);
  }

  /** Each node's process, to be looked at. */
  get processes() {
    return this.#nodes.map(({ process }) => process);
  }

  /** Ends a node at once, as a crash would.
   * @param {number} n
   */
  async kill(n) {
    await this.#node(n).process.kill();
  }

  /** Stops a node in its tracks.
   * @param {number} n
   */
  pause(n) {
    this.#node(n).process.pause();
  }

  /** @param {number} n */
  resume(n) {
    this.#node(n).process.resume();
  }

  /** Starts a node on the data it has, and waits until it answers CQL.
   * @param {number} n
   */
  async startNode(n) {
    const { place, process } = this.#node(n);
    configure(place);
    await process.start();
    await process.untilReady(() => answersCql(place.host, place.port), CQL_OPEN_MS_MAX);
  }

  /** Stops a node, where it runs, and starts it again.
   * @param {number} n
   */
  async restartNode(n) {
    await this.#node(n).process.stop(STOP_MS_MAX);
    await this.startNode(n);
  }

  /** Starts what does not run, one after the other: two nodes that join at once may pick colliding tokens. */
  async startAll() {
    for (const [index, { process }] of this.#nodes.entries())
      if (process.state === 'down') await this.startNode(index + 1);
  }

  /** Stops all nodes and leaves their data. */
  async stop() {
    await Promise.all(this.#nodes.map(({ process }) => process.stop(STOP_MS_MAX)));
  }

  /** Ends all nodes at once: for data that nobody will read again. */
  async discard() {
    await Promise.all(this.#nodes.map(({ process }) => process.kill()));
  }

  /** @param {number} n */
  #node(n) {
    const node = this.#nodes[n - 1];
    if (node === undefined)
      throw new ServicesError(`There is no node ${n}: there are ${this.#nodes.length}.`);
    return node;
  }
}

/** @typedef {{readonly place: NodePlace, readonly process: LocalProcess}} CassandraNode */

/** Starts real Cassandra nodes and waits until each answers CQL. Throws a ServicesError where it is not installed or
 * does not start, with the end of its log; then none is left running.
 * @param {CassandraOptions} options
 * @returns {Promise<Cassandra>}
 */
export async function startCassandra(options) {
  const cassandra = await planCassandra(options);
  try {
    await cassandra.startAll();
  } catch (error) {
    await cassandra.stop();
    throw error;
  }
  return cassandra;
}

/** The same, before anything is started. `pids` are those of nodes that run already.
 * @param {CassandraOptions & {readonly pids?: readonly (number | null)[]}} options
 * @returns {Promise<Cassandra>}
 */
export async function planCassandra({ nodes = 1, sync = 'batch', isTied = true, pids = [], ...options }) {
  if (!isCassandraInstalled()) {
    requireProgram(PROGRAMS.java);
    throw new ServicesError(
      `Cassandra ${CASSANDRA_VERSION} is not installed here: npm run services -- install`,
    );
  }
  if (nodes < 1 || nodes > NODES_MAX)
    throw new ServicesError(`1 to ${NODES_MAX} nodes of Cassandra, not ${nodes}.`);
  const hosts = Array.from({ length: nodes }, (_, index) => `127.0.0.${index + 1}`);
  const port = options.port ?? (await freePort(hosts));
  const storagePort = options.storagePort ?? (await freePort(hosts));
  const heapMiB = options.heapMiB ?? (nodes === 1 ? 1_024 : 512);
  return new Cassandra(
    hosts.map((host, index) => {
      const folder = resolve(options.folder, `node${index + 1}`);
      const logFile = resolve(options.logFolder ?? options.folder, `cassandra-${index + 1}.log`);
      const place = { host, port, storagePort, seedHost: '127.0.0.1', folder, logFile, sync, heapMiB };
      return { place, process: new LocalProcess(processSpec(place, isTied), pids[index] ?? null) };
    }),
  );
}

/**
 * @param {NodePlace} place
 * @param {boolean} isTied
 * @returns {import('./local-process.mjs').ProcessSpec}
 */
function processSpec(place, isTied) {
  return {
    name: `Cassandra at ${place.host}:${place.port}`,
    command: requireProgram(PROGRAMS.java),
    args: javaArguments(place, jarsFolder()),
    folder: place.folder,
    logFile: place.logFile,
    environment: process.env,
    isTied,
  };
}

/** @param {NodePlace} place */
function configure(place) {
  mkdirSync(join(place.folder, 'conf'), { recursive: true });
  writeFileSync(join(place.folder, 'conf', 'cassandra.yaml'), cassandraYaml(place));
  writeFileSync(join(place.folder, 'conf', 'logback.xml'), logbackXml(place));
}

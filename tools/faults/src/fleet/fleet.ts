import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, DEFAULT_CLUSTER, GatewayProcess, SERVER_MAIN, startCluster } from '@confab/cluster';
import { freePort, type Haproxy, startHaproxy } from '@confab/services';
import { type Environment, SERVER_SETTINGS } from '../server-settings.ts';

/** Gateways and the balancer in front of them. */
export type Gateways = { readonly nodes: readonly GatewayProcess[]; readonly balancer: Haproxy };

/** How one more gateway differs from those that a fleet began with. */
export type GatewayOptions = {
  readonly nodeId: string;
  readonly main: string;
  readonly settings: Environment;
};

const NODES = 3;
const REPLICATION = '1';
/** A Cassandra that runs already; without one, each run has its own. */
const givenCassandra = process.env['CONFAB_TEST_CASSANDRA'] || null;
/** Whether the run uses a Cassandra that is not its own, and so not to be broken. */
export const hasGivenCassandra = givenCassandra !== null;
/** Where the logs of a run are kept to be read; without it they go with the run. */
const keptFolder = process.env['CONFAB_FAULTS_FOLDER'] || null;

/** Of all scenes of this run, from the first one on. */
let shared: Promise<Fleet> | undefined;

/**
 * What all scenes of a run share: Cassandra, Redis, three gateways and a balancer. Making tables and starting
 * processes takes longer than most scenes, and a fleet that has been through a few faults is the more honest one.
 */
export class Fleet {
  readonly cluster: Cluster;
  readonly folder: string;
  readonly #keyspace: string;
  #groups = 0;

  private constructor(cluster: Cluster, folder: string, keyspace: string) {
    this.cluster = cluster;
    this.folder = folder;
    this.#keyspace = keyspace;
  }

  /** The one of this run. */
  static async ofRun(): Promise<Fleet> {
    shared ??= Fleet.start(null);
    return shared;
  }

  /** Starts everything. It ends with this process, however that ends. `ring`: how many nodes of Cassandra; null: the
   * one that was given, or one of its own. */
  static async start(ring: number | null): Promise<Fleet> {
    const folder = keptFolder ?? mkdtempSync(join(tmpdir(), 'confab-fleet-'));
    if (keptFolder === null) process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const keyspace = `confab_faults_${randomBytes(4).toString('hex')}`;
    const cluster = await startCluster({
      ...DEFAULT_CLUSTER,
      folder: join(folder, keyspace),
      nodes: NODES,
      keyspace,
      settings: SERVER_SETTINGS,
      cassandra:
        ring === null && givenCassandra !== null
          ? { kind: 'use', contactPoints: givenCassandra.split(','), replication: REPLICATION }
          : { kind: 'start', nodes: ring ?? 1, sync: 'batch' },
    });
    return new Fleet(cluster, join(folder, keyspace), keyspace);
  }

  /** The gateways that it began with. */
  get gateways(): Gateways {
    const { nodes, balancer } = this.cluster;
    if (balancer === null) throw new Error('the fleet has no balancer');
    return { nodes, balancer };
  }

  /** Where its Cassandra is: `host:port`. */
  get contactPoints(): readonly string[] {
    return this.cluster.cassandra?.contactPoints ?? givenCassandra?.split(',') ?? [];
  }

  /** Starts further gateways of the same fleet, with settings that differ and a balancer of their own. */
  async startMore(settings: Environment): Promise<Gateways> {
    this.#groups += 1;
    const group = `more${this.#groups}`;
    return this.startGateways(
      group,
      Array.from({ length: NODES }, (_, index) => {
        return { nodeId: `${group}-${index + 1}`, main: SERVER_MAIN, settings };
      }),
    );
  }

  /** Starts gateways over the same Cassandra, behind a balancer of their own. */
  async startGateways(group: string, plans: readonly GatewayOptions[]): Promise<Gateways> {
    const folder = join(this.folder, group);
    const nodes: GatewayProcess[] = [];
    for (const { nodeId, main, settings } of plans) {
      const logFile = join(this.cluster.logFolder, `${nodeId}.log`);
      const all = { ...SERVER_SETTINGS, ...this.#sharedSettings(), ...settings };
      const place = { port: await freePort(), folder: this.folder, logFile };
      nodes.push(new GatewayProcess({ nodeId, main, ...place, settings: all }));
    }
    await Promise.all(nodes.map(async (node) => node.start()));
    const servers = nodes.map(({ nodeId, port }) => ({ name: nodeId, port }));
    return { nodes, balancer: await startHaproxy({ folder, port: await freePort(), servers }) };
  }

  /** What all gateways of a fleet have in common. */
  #sharedSettings(): Environment {
    const { redis } = this.cluster;
    return {
      CONFAB_CASSANDRA: this.contactPoints.join(),
      CONFAB_CASSANDRA_KEYSPACE: this.#keyspace,
      CONFAB_CASSANDRA_ALLOW: 'few_replicas',
      CONFAB_REDIS: redis.url,
      CONFAB_SECRET: readFileSync(join(this.folder, 'secret'), 'utf8'),
    };
  }
}

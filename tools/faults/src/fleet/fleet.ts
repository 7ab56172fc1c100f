import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, DEFAULT_CLUSTER, GatewayProcess, startCluster } from '@confab/cluster';
import { freePort, type Haproxy, startHaproxy } from '@confab/services';
import { type Environment, SERVER_SETTINGS } from '../server-settings.ts';

/** Gateways and the balancer in front of them. */
export type Gateways = { readonly nodes: readonly GatewayProcess[]; readonly balancer: Haproxy };

const NODES = 3;
const REPLICATION = '1';
/** A Cassandra that runs already; without one, each run has its own. */
const givenCassandra = process.env['CONFAB_TEST_CASSANDRA'] || null;
/** Whether the run uses a Cassandra that is not its own, and so not to be broken. */
export const hasGivenCassandra = givenCassandra !== null;
/** Where the logs of a run are kept to be read; without it they go with the run. */
const keptFolder = process.env['CONFAB_FAULTS_FOLDER'] || null;

/**
 * What all scenes of a run share: Cassandra, Redis, three gateways and a balancer. Making tables and starting
 * processes takes longer than most scenes, and a fleet that has been through a few faults is the more honest one.
 */
export class Fleet {
  readonly cluster: Cluster;
  readonly #folder: string;
  readonly #keyspace: string;
  #groups = 0;

  private constructor(cluster: Cluster, folder: string, keyspace: string) {
    this.cluster = cluster;
    this.#folder = folder;
    this.#keyspace = keyspace;
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

  /** Starts further gateways of the same fleet, with settings that differ and a balancer of their own. */
  async startMore(settings: Environment): Promise<Gateways> {
    this.#groups += 1;
    const group = this.#groups;
    const folder = join(this.#folder, `more${group}`);
    const { logFolder } = this.cluster;
    const nodes: GatewayProcess[] = [];
    for (let index = 1; index <= NODES; index += 1) {
      const nodeId = `more${group}-${index}`;
      const logFile = join(logFolder, `${nodeId}.log`);
      const all = { ...SERVER_SETTINGS, ...this.#sharedSettings(), ...settings };
      nodes.push(
        new GatewayProcess({ nodeId, port: await freePort(), folder: this.#folder, logFile, settings: all }),
      );
    }
    await Promise.all(nodes.map(async (node) => node.start()));
    const servers = nodes.map(({ nodeId, port }) => ({ name: nodeId, port }));
    return { nodes, balancer: await startHaproxy({ folder, port: await freePort(), servers }) };
  }

  /** What all gateways of a fleet have in common. */
  #sharedSettings(): Environment {
    const { cassandra, redis } = this.cluster;
    return {
      CONFAB_CASSANDRA: cassandra?.contactPoints.join() ?? givenCassandra ?? '',
      CONFAB_CASSANDRA_KEYSPACE: this.#keyspace,
      CONFAB_CASSANDRA_ALLOW: 'few_replicas',
      CONFAB_REDIS: redis.url,
      CONFAB_SECRET: readFileSync(join(this.#folder, 'secret'), 'utf8'),
    };
  }
}

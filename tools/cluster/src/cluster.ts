import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Cassandra,
  freePort,
  type Haproxy,
  type Redis,
  ServicesError,
  startCassandra,
  startHaproxy,
  startRedis,
} from '@confab/services';
import { GatewayProcess } from './gateway-process.ts';
import { type Environment, migrate, SERVER_MAIN } from './server-command.ts';

/** Where the history is: nodes of Cassandra started for this cluster, or some that run already. */
export type CassandraChoice =
  | { readonly kind: 'start'; readonly nodes: number; readonly sync: 'batch' | 'group' | 'periodic' }
  | { readonly kind: 'use'; readonly contactPoints: readonly string[]; readonly replication: string };

/** What a cluster is made of. */
export type ClusterOptions = {
  /** Of all its files: data, logs, the secret. What is there is kept and used again. */
  readonly folder: string;
  /** How many gateways, 1 to 9. */
  readonly nodes: number;
  readonly cassandra: CassandraChoice;
  readonly keyspace: string;
  /** Whether an HAProxy stands in front of the nodes. */
  readonly hasBalancer: boolean;
  /** The balancer's port, of which the nodes have the next ones; null: free ones. */
  readonly port: number | null;
  /** Further settings of every node, as CONFAB_ names. */
  readonly settings: Environment;
  /** Told what is going on, one sentence at a time. */
  readonly onProgress: (sentence: string) => void;
};

/** The fleet that runs: each of its processes can be killed, paused and started again. */
export type Cluster = {
  /** Where devices go: the balancer, or the first node where there is none. */
  readonly baseUrl: string;
  readonly nodes: readonly GatewayProcess[];
  /** Null where it uses one that is not its own. */
  readonly cassandra: Cassandra | null;
  readonly redis: Redis;
  readonly balancer: Haproxy | null;
  readonly logFolder: string;
  /** Stops all in order: nodes send their connections away first. */
  readonly stop: () => Promise<void>;
};

/** Three nodes behind a balancer, over one Cassandra that syncs every write. To be spread: only `folder` is missing. */
export const DEFAULT_CLUSTER: Omit<ClusterOptions, 'folder'> = {
  nodes: 3,
  cassandra: { kind: 'start', nodes: 1, sync: 'batch' },
  keyspace: 'confab',
  hasBalancer: true,
  port: null,
  settings: {},
  onProgress: () => {},
};

/** Two of the balancer's checks. */
const BALANCER_NOTICES_MS = '1000';
const SECRET_BYTES = 32;
/** What promises need three copies for. */
const COPIES_WANTED = 3;

/** Starts a whole fleet as processes of this machine and waits until every node takes traffic. All of it ends with this
 * process, however that ends. Throws a ServicesError with what is missing or what went wrong; then nothing is left running. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const stops: (() => Promise<void>)[] = [];
  /** The reverse of the order of the start. */
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    return { ...(await startParts(options, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: ClusterOptions,
  stops: (() => Promise<void>)[],
): Promise<Omit<Cluster, 'stop'>> {
  const { onProgress, settings: given } = options;
  const folder = resolve(options.folder);
  const logFolder = join(folder, 'logs');
  mkdirSync(logFolder, { recursive: true });

  const redis = await startRedis({ folder: logFolder });
  stops.push(() => redis.stop());
  const { cassandra, settings: store } = await openCassandra(options, { folder, logFolder });
  if (cassandra !== null) stops.push(() => cassandra.stop());

  const settings = {
    ...(options.hasBalancer ? { CONFAB_UNREADY_MS: BALANCER_NOTICES_MS } : {}),
    ...given,
    ...store,
    CONFAB_REDIS: redis.url,
    CONFAB_SECRET: secretOf(folder),
  };
  onProgress('Making the tables (confab migrate).');
  await migrate(settings, join(logFolder, 'migrate.log'));

  onProgress(`Starting ${options.nodes} nodes.`);
  const ports = await portsOf(options);
  const nodes = ports.nodes.map((port, index) => {
    const nodeId = `n${index + 1}`;
    const logFile = join(logFolder, `${nodeId}.log`);
    return new GatewayProcess({ nodeId, port, main: SERVER_MAIN, folder, logFile, settings });
  });
  stops.push(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  });
  await Promise.all(nodes.map((node) => node.start()));

  const balancer = options.hasBalancer
    ? await startHaproxy({
        folder,
        logFolder,
        port: ports.balancer,
        servers: nodes.map(({ nodeId, port }) => ({ name: nodeId, port })),
      })
    : null;
  if (balancer !== null) stops.splice(-1, 0, () => balancer.stop());
  return { baseUrl: balancer?.url ?? nodes[0]?.url ?? '', nodes, cassandra, redis, balancer, logFolder };
}

/** The Cassandra, and the settings by which nodes find it. */
async function openCassandra(
  { cassandra: choice, keyspace, onProgress }: ClusterOptions,
  { folder, logFolder }: { readonly folder: string; readonly logFolder: string },
): Promise<{ readonly cassandra: Cassandra | null; readonly settings: Environment }> {
  const name = { CONFAB_CASSANDRA_KEYSPACE: keyspace };
  if (choice.kind === 'use') {
    return {
      cassandra: null,
      settings: {
        ...name,
        ...replicationSettings(choice.replication),
        CONFAB_CASSANDRA: choice.contactPoints.join(),
      },
    };
  }
  const { nodes, sync } = choice;
  onProgress(`Starting Cassandra (${nodes === 1 ? 'one node' : `${nodes} nodes, one after the other`}).`);
  const ports = await ringPorts(folder, nodes);
  const cassandra = await startCassandra({
    folder: join(folder, 'cassandra'),
    logFolder,
    nodes,
    sync,
    ...ports,
  });
  const copies = Math.min(nodes, COPIES_WANTED);
  const replication = replicationSettings(String(copies), sync === 'periodic' ? ['periodic_commit_log'] : []);
  return {
    cassandra,
    settings: { ...name, ...replication, CONFAB_CASSANDRA: cassandra.contactPoints.join() },
  };
}

/** On one machine, fewer copies than a promise needs are what people ask for, so they are allowed by name. */
function replicationSettings(replication: string, allowed: readonly string[] = []): Environment {
  const isFew = Number(replication) < COPIES_WANTED;
  const names = [...(isFew ? ['few_replicas'] : []), ...allowed];
  return {
    CONFAB_CASSANDRA_REPLICATION: replication,
    ...(names.length === 0 ? {} : { CONFAB_CASSANDRA_ALLOW: names.join() }),
  };
}

type RingPorts = { readonly port: number; readonly storagePort: number };

/** Nodes of Cassandra remember each other by address and port: data that are kept keep their ring. */
async function ringPorts(folder: string, nodes: number): Promise<RingPorts> {
  const file = join(folder, 'cassandra-ring.json');
  if (existsSync(file)) {
    const { nodes: kept, ...ports } = JSON.parse(readFileSync(file, 'utf8')) as RingPorts & { nodes: number };
    if (kept === nodes) return ports;
    throw new ServicesError(
      `The data in ${folder} are of ${kept} nodes of Cassandra, not of ${nodes}. Begin afresh, or keep to ${kept}.`,
    );
  }
  const hosts = Array.from({ length: nodes }, (_, index) => `127.0.0.${index + 1}`);
  const ports = { port: await freePort(hosts), storagePort: await freePort(hosts) };
  writeFileSync(file, `${JSON.stringify({ nodes, ...ports })}\n`);
  return ports;
}

/** The secret of this cluster: a sign-in outlives a restart. */
function secretOf(folder: string): string {
  const file = join(folder, 'secret');
  if (!existsSync(file))
    writeFileSync(file, randomBytes(SECRET_BYTES).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

async function portsOf({
  port,
  nodes,
}: ClusterOptions): Promise<{ readonly balancer: number; readonly nodes: readonly number[] }> {
  if (port !== null)
    return { balancer: port, nodes: Array.from({ length: nodes }, (_, index) => port + 1 + index) };
  const free: number[] = [];
  while (free.length <= nodes) {
    const one = await freePort();
    if (!free.includes(one)) free.push(one);
  }
  const [balancer = 0, ...rest] = free;
  return { balancer, nodes: rest };
}

import { join, resolve } from 'node:path';
import { createLocalCluster, joinThreadCluster } from '@confab/cluster-local';
import type {
  Accounts,
  Archive,
  ConversationLog,
  Cursors,
  Devices,
  NodeBus,
  NodeDirectory,
  NodeRecord,
  Observer,
  SessionRegistry,
  Views,
  WorkQueue,
} from '@confab/contracts';
import { deliveryTiers } from '@confab/conversation';
import { type Chat, type ChatPorts, createChat, RateLimits } from '@confab/core';
import {
  createClock,
  createDigest,
  createPasswordHasher,
  createRandom,
  createTokens,
  type ExternalIssuer,
  loadOrCreateSecret,
  loadSecret,
} from '@confab/identity';
import type { CassandraConnection } from '@confab/store-cassandra';
import {
  connectSqliteStore,
  openSqliteStore,
  type SharedStore,
  type SqliteStore,
} from '@confab/store-sqlite';
import type { Config } from './config.ts';

/** Above Cassandra's own time-outs, which say more than ours. */
const CASSANDRA_ANSWER_MS_MAX = 5_000;

/** The rules of chat and what they stand on. */
export interface ComposedChat {
  readonly chat: Chat;
  readonly ports: ChatPorts;
  readonly store: Store;
  readonly cluster: Cluster;
}

/** What keeps everything, whichever it is. */
export interface Store {
  readonly log: ConversationLog;
  readonly views: Views;
  readonly work: WorkQueue;
  readonly cursors: Cursors;
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly archive: Archive;
  close(): Promise<void>;
}

/** What nodes share while they run. */
export interface Cluster {
  readonly registry: SessionRegistry;
  readonly directory: NodeDirectory;
  readonly bus: NodeBus;
  close(): Promise<void>;
}

type FaultListener = (fault: { readonly where: string; readonly error: unknown }) => void;

/** What a composition is given from outside. */
export interface ChatSurroundings {
  readonly observer: Observer;
  /** Told once when the store does not know what it holds. */
  readonly onFatal: (error: Error) => void;
  /** Puts something between the rules and what they stand on: how the fault suite makes a part slow, silent or wrong. */
  readonly decorate: (ports: ChatPorts) => ChatPorts;
  /** Which of several threads this is; null for a process with one. */
  readonly thread: ThreadPlace | null;
}

/** What one of several threads shares with the others. */
export interface ThreadPlace {
  /** From 0 on. */
  readonly index: number;
  readonly store: SharedStore;
  /** A port to each other thread. */
  readonly ports: readonly MessagePort[];
}

/** The rules of chat over this installation's history, without any door: what `confab user add` needs. */
export async function composeChat(
  config: Config,
  { observer, onFatal, decorate, thread }: ChatSurroundings,
): Promise<ComposedChat> {
  // The store goes first: it is what keeps a second process away from the folder.
  const store =
    thread === null ? await openStore(config, onFatal) : connectSqliteStore(thread.store, onFatal);
  try {
    const clock = createClock();
    const random = createRandom();
    const onFault: FaultListener = (fault) => observer.fault(fault);
    const secret = await secretOf(config);
    const digest = createDigest(secret);
    const nodeId = config.nodeId ?? `n${random.urlSafe(10)}`;
    const node = {
      nodeId: thread === null ? nodeId : `${nodeId}-${thread.index}`,
      bootId: random.urlSafe(16),
    };
    const cluster =
      thread === null ? await joinCluster(config, node, onFault) : joinThreads(thread, node, onFault);
    const { log, views, work, cursors, accounts, devices } = store;
    const { registry, directory, bus } = cluster;
    const ports = decorate({
      node,
      log,
      views,
      work,
      cursors,
      accounts,
      devices,
      registry,
      directory,
      bus,
      clock,
      random,
      digest,
      passwords: createPasswordHasher(),
      tokens: createTokens({ secret, issuers: issuersOf(config), clock, digest, onFault }),
      observer,
      rateLimits: new RateLimits(clock, config.rateLimits === 'on'),
      registration: config.registration,
      accessTokenMs: config.accessTokenSeconds * 1_000,
      tiers: deliveryTiers,
    });
    return { chat: createChat(ports), ports, store, cluster };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/**
 * The history: in Cassandra where that is set, else in a file of the data folder. The drivers of a fleet are loaded
 * where they are used, so that one machine starts without them.
 */
export async function openStore(config: Config, onFatal: (error: Error) => void): Promise<Store> {
  return config.cassandra === null ? await openSqlite(config, onFatal) : await openCassandra(config);
}

/** The history in a file of the data folder. */
export async function openSqlite(config: Config, onFatal: (error: Error) => void): Promise<SqliteStore> {
  const { dataDir, checkpointMib } = config;
  return await openSqliteStore({ path: join(resolve(dataDir), 'confab.sqlite'), onFatal, checkpointMib });
}

/** The history in Cassandra. Throws where its settings do not keep the promises, or its tables are not there. */
export async function openCassandra(config: Config): Promise<Store> {
  const allowed = new Set(config.cassandraAllow ?? []);
  const { openCassandraStore } = await import('@confab/store-cassandra');
  return await openCassandraStore({
    connection: cassandraOf(config),
    keyspace: config.cassandraKeyspace,
    allow: {
      fewReplicas: allowed.has('few_replicas'),
      oneWritingDatacenter: allowed.has('one_writing_datacenter'),
      periodicCommitLog: allowed.has('periodic_commit_log'),
      paxosV1: allowed.has('paxos_v1'),
    },
  });
}

/** Makes the keyspace and its tables, or brings them up to this program. */
export async function migrateSchema(config: Config): Promise<void> {
  const { cassandraDatacenter, cassandraKeyspace, cassandraReplication } = config;
  const replication =
    typeof cassandraReplication === 'number'
      ? { [cassandraDatacenter]: cassandraReplication }
      : cassandraReplication;
  const { migrateCassandra } = await import('@confab/store-cassandra');
  await migrateCassandra({ connection: cassandraOf(config), keyspace: cassandraKeyspace, replication });
}

function cassandraOf(config: Config): CassandraConnection {
  const { cassandra, cassandraDatacenter, cassandraUsername, cassandraPassword, cassandraTls } = config;
  return {
    contactPoints: cassandra ?? [],
    localDataCenter: cassandraDatacenter,
    credentials:
      cassandraUsername === null || cassandraPassword === null
        ? null
        : { username: cassandraUsername, password: cassandraPassword },
    tls: cassandraTls === 'on' ? {} : null,
    requestTimeoutMs: CASSANDRA_ANSWER_MS_MAX,
  };
}

/** One node is a cluster of one. */
async function joinCluster(
  { cassandraKeyspace, redis }: Config,
  node: NodeRecord,
  onFault: FaultListener,
): Promise<Cluster> {
  if (redis === null)
    return { ...createLocalCluster({ onFault }).node(node), close: () => Promise.resolve() };
  const { connectRedisCluster } = await import('@confab/cluster-redis');
  return await connectRedisCluster({ target: redis, prefix: `confab:${cassandraKeyspace}`, node, onFault });
}

function joinThreads({ ports }: ThreadPlace, node: NodeRecord, onFault: FaultListener): Cluster {
  const { registry, directory, bus, ...cluster } = joinThreadCluster({ node, ports, onFault });
  return { registry, directory, bus, close: () => Promise.resolve(cluster.close()) };
}

/** The secret of the installation, which is made here where there is none. */
export async function secretOf({ dataDir, secret, secretFile }: Config): Promise<Uint8Array> {
  if (secret !== null) return new TextEncoder().encode(secret);
  if (secretFile !== null) return await loadSecret(resolve(secretFile));
  return await loadOrCreateSecret(join(resolve(dataDir), 'secret'));
}

function issuersOf({
  jwtIssuer,
  jwtAudience,
  jwtSecret,
  jwtJwksUrl,
  jwtAlgorithms,
}: Config): readonly ExternalIssuer[] {
  if (jwtIssuer === null || jwtAudience === null) return [];
  const named = { issuer: jwtIssuer, audience: jwtAudience };
  if (jwtSecret !== null)
    return [{ ...named, keys: { kind: 'secret', secret: new TextEncoder().encode(jwtSecret) } }];
  if (jwtJwksUrl === null) return [];
  return [{ ...named, keys: { kind: 'jwks', url: jwtJwksUrl, algorithms: jwtAlgorithms } }];
}

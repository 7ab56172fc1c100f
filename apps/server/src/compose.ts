import { join, resolve } from 'node:path';
import {
  createApi,
  createSite,
  type HttpDoor,
  type HttpPeer,
  systemRoutes,
  type OriginRules,
  originRulesOf,
} from '@confab/api';
import { createLocalCluster } from '@confab/cluster-local';
import type {
  Accounts,
  Archive,
  Clock,
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
import { createGateway, type Gateway, type Listener, startListener } from '@confab/gateway';
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
import { limits } from '@confab/protocol';
import type { CassandraConnection } from '@confab/store-cassandra';
import { openSqliteStore } from '@confab/store-sqlite';
import type { Config } from './config.ts';
import { connectKeyOf } from './connect-key.ts';
import { HttpDrain } from './http-drain.ts';
import type { Logger } from './log-lines.ts';
import { Metrics } from './metrics.ts';
import { createObserver } from './observer.ts';
import { readinessOf } from './readiness.ts';
import { VERSION } from './version.ts';

/** The web app as the build leaves it beside the server. */
const WEB_DIR = join(import.meta.dir, '..', '..', 'web', 'dist');
/** Ports that are tried where none was asked for and the default is taken. */
const PORTS_TRIED = 20;
/** Requests in hand at a stop get this long to be answered. */
const REQUESTS_MS_MAX = 500;
/** The listener's own bound answers without a problem body, so it stands far behind the API's, which reads no further. */
const BODY_BYTES_MAX = 256 * limits.frameBytesMax;

/** One node: the rules of chat, the doors to them, and what they stand on. */
export interface Server {
  /** Where it listens. Throws before `start`. */
  readonly address: ServerAddress;
  /** Opens the port. From here on it is ready. */
  start(): Promise<void>;
  /** Not ready any more; sends connections away over the configured time, and finishes what is in hand. */
  drain(): Promise<void>;
  /** Closes everything. After `drain` nothing is cut. */
  stop(): Promise<void>;
}

interface ServerAddress {
  /** As a browser on this machine opens it. */
  readonly url: string;
  readonly port: number;
  /** Whether it is another port than the default, which was taken. */
  readonly isPortMoved: boolean;
}

export interface ServerSurroundings {
  readonly logger: Logger;
  /** Told once when the store does not know what it holds: the process must end, without an answer. */
  readonly onFatal: (error: Error) => void;
}

/** Puts a server together from its settings: the one place that names adapters. */
export async function composeServer(
  config: Config,
  { logger, onFatal }: ServerSurroundings,
): Promise<Server> {
  let openGateway: Gateway | null = null;
  const metrics = new Metrics({
    connections: () => connectionsOf(openGateway),
    outboundBytes: () => openGateway?.stats().outboundBytes ?? 0,
  });
  const observer = createObserver(logger, metrics);
  const composed = await composeChat(config, observer, onFatal);
  const { chat, cluster, ports, store } = composed;
  const { clock, random, rateLimits } = ports;
  const listed = [...(config.allowedOrigins ?? []), ...(config.publicUrl === null ? [] : [config.publicUrl])];
  const origins = originRulesOf(listed, config.publicUrl === null);
  const gateway = createGateway({
    chat,
    clock,
    random,
    observer,
    rateLimits,
    revokedAmong: (devices) => store.devices.revokedAmong(devices),
    origins,
    connectKeyOf: connectKeyOf(config.trustedProxies ?? []),
  });
  openGateway = gateway;
  const requests = new HttpDrain();
  const state = { isDraining: false };
  const api = composeApi({ ...composed, config, gateway, metrics, observer, origins, state });
  const http = (request: Request, { address, gone }: HttpPeer): Promise<Response> =>
    requests.run(request, gone, (ended) => api(request, { address, gone: ended }));
  let listener: Listener | null = null;
  return {
    get address() {
      if (listener === null) throw new Error('The server does not listen yet.');
      return addressOf(config, listener.port);
    },
    async start() {
      await chat.start();
      const constants = {
        hostname: config.host,
        reusePort: false,
        requestBodyBytesMax: BODY_BYTES_MAX,
        http,
        gateway,
      };
      listener = listen(config, (port) => startListener({ ...constants, port }));
    },
    async drain() {
      state.isDraining = true;
      await chat.retire();
      await Promise.all([
        gateway.drain({ overMs: config.drainMs }),
        requests.drain(passed(clock, REQUESTS_MS_MAX)),
      ]);
    },
    async stop() {
      gateway.stop();
      await listener?.stop();
      await chat.stop();
      await cluster.close();
      await store.close();
      metrics.stop();
    },
  };
}

interface ApiSurroundings extends ComposedChat {
  readonly config: Config;
  readonly gateway: Gateway;
  readonly metrics: Metrics;
  readonly observer: Observer;
  readonly origins: OriginRules;
  readonly state: { readonly isDraining: boolean };
}

function composeApi(surroundings: ApiSurroundings): HttpDoor {
  const { chat, config, gateway, metrics, observer, origins, ports, state, store } = surroundings;
  const { clock, random, rateLimits } = ports;
  const { log, work } = store;
  return createApi({
    chat,
    rateLimits,
    observer,
    settings: { apiKey: config.apiKey, origins, trustedProxies: config.trustedProxies ?? [] },
    extraRoutes: [
      { method: 'POST', path: '/v1/stream', answer: (request, peer) => gateway.stream(request, peer) },
      { method: 'POST', path: '/v1/frames', answer: (request, peer) => gateway.frames(request, peer) },
      ...systemRoutes({
        readiness: () => readinessOf({ log, work, clock, isDraining: () => state.isDraining }),
        metrics: () => metrics.print(),
        metricsToken: config.metricsToken,
        version: VERSION,
      }),
    ],
    site: createSite(config.webDir === null ? WEB_DIR : resolve(config.webDir)),
    newFaultId: () => random.urlSafe(12),
  });
}

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
interface Cluster {
  readonly registry: SessionRegistry;
  readonly directory: NodeDirectory;
  readonly bus: NodeBus;
  close(): Promise<void>;
}

/** The rules of chat over this installation's history, without any door: what `confab user add` needs. */
export async function composeChat(
  config: Config,
  observer: Observer,
  onFatal: (error: Error) => void,
): Promise<ComposedChat> {
  // The store goes first: it is what keeps a second process away from the folder.
  const store = await openStore(config, onFatal);
  try {
    const clock = createClock();
    const random = createRandom();
    const onFault = (fault: { readonly where: string; readonly error: unknown }): void =>
      observer.fault(fault);
    const secret = await secretOf(config);
    const digest = createDigest(secret);
    const node = { nodeId: config.nodeId ?? `n${random.urlSafe(10)}`, bootId: random.urlSafe(16) };
    const cluster = await joinCluster(config, node, onFault);
    const { log, views, work, cursors, accounts, devices } = store;
    const { registry, directory, bus } = cluster;
    const ports: ChatPorts = {
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
    };
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
export async function openSqlite(config: Config, onFatal: (error: Error) => void): Promise<Store> {
  return await openSqliteStore({ path: join(resolve(config.dataDir), 'confab.sqlite'), onFatal });
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
  };
}

/** One node is a cluster of one. */
async function joinCluster(
  { cassandraKeyspace, redis }: Config,
  node: NodeRecord,
  onFault: (fault: { readonly where: string; readonly error: unknown }) => void,
): Promise<Cluster> {
  if (redis === null)
    return { ...createLocalCluster({ onFault }).node(node), close: () => Promise.resolve() };
  const { connectRedisCluster } = await import('@confab/cluster-redis');
  return await connectRedisCluster({ target: redis, prefix: `confab:${cassandraKeyspace}`, node, onFault });
}

async function secretOf({ dataDir, secret, secretFile }: Config): Promise<Uint8Array> {
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

/** Opens the port that was asked for; where none was, the first free one from the default on. */
function listen(config: Config, open: (port: number) => Listener): Listener {
  const last = config.given.has('port') || config.port === 0 ? config.port : config.port + PORTS_TRIED;
  for (let port = config.port; ; port += 1) {
    try {
      return open(port);
    } catch (error) {
      if (port >= last || !isPortTaken(error)) throw error;
    }
  }
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/** Where it listens to all addresses, this machine's own is the one to open. */
function addressOf(config: Config, port: number): ServerAddress {
  const isAny = config.host === '0.0.0.0' || config.host === '::';
  const host = isAny ? '127.0.0.1' : config.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { url, port, isPortMoved: config.port !== 0 && port !== config.port };
}

function connectionsOf(gateway: Gateway | null): Readonly<Record<string, number>> {
  if (gateway === null) return {};
  const { awaitingAuthentication, resuming, live, closing } = gateway.stats();
  return { awaiting_authentication: awaitingAuthentication, resuming, live, closing };
}

function passed(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolvePassed) => {
    clock.after(delayMs, resolvePassed);
  });
}

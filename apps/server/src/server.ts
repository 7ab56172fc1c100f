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
import type { Clock, Observer } from '@confab/contracts';
import { createGateway, type Gateway, type Listener, startListener } from '@confab/gateway';
import { limits } from '@confab/protocol';
import {
  type ChatSurroundings,
  type Cluster,
  type ComposedChat,
  composeChat,
  type ThreadPlace,
} from './compose.ts';
import type { Config } from './config.ts';
import { connectKeyOf } from './connect-key.ts';
import { HttpDrain } from './http-drain.ts';
import type { Logger } from './log-lines.ts';
import { type MetricValues, Metrics, type PrintedMetrics } from './metrics.ts';
import { createObserver } from './observer.ts';
import { addressOf, listen, type ServerAddress } from './address.ts';
import { readinessOf } from './readiness.ts';
import { VERSION } from './version.ts';

/** The web app as the build leaves it beside the server. */
const WEB_DIR = join(import.meta.dir, '..', '..', 'web', 'dist');
/** Requests in hand at a stop get this long to be answered. */
const REQUESTS_MS_MAX = 500;
/** The listener's own bound answers without a problem body, so it stands far behind the API's, which reads no further. */
const BODY_BYTES_MAX = 256 * limits.frameBytesMax;

/** One node: the rules of chat, the doors to them, and what they stand on. */
export interface Server {
  /** Where it listens. Throws before `start`. */
  readonly address: ServerAddress;
  /** Its name among the nodes of a fleet. */
  readonly nodeId: string;
  /** Opens the port. From here on it is ready. */
  start(): Promise<void>;
  /**
   * Not ready any more and owner of nothing, but serving on for the configured time; then sends connections away over
   * another, and finishes what is in hand.
   */
  drain(): Promise<void>;
  /** Closes everything. After `drain` nothing is cut. */
  stop(): Promise<void>;
}

/** A server that may be one of several threads of its process. */
export interface ComposedServer extends Server {
  /** What it counted, to be put together with that of other threads. */
  metrics(): Promise<MetricValues>;
}

export interface ServerSurroundings {
  readonly logger: Logger;
  /** Told once when the store does not know what it holds: the process must end, without an answer. */
  readonly onFatal: (error: Error) => void;
  readonly decorate: ChatSurroundings['decorate'];
  /** Null for a process with one thread. */
  readonly thread: ServingThread | null;
}

/** One of several threads behind one port. */
interface ServingThread {
  readonly place: ThreadPlace;
  /** The port that all of them open. */
  readonly port: number;
  /** What all of them counted. */
  readonly printMetrics: () => Promise<PrintedMetrics>;
}

/** Puts a server together from its settings: the rules of chat, and the doors to them. */
export async function composeServer(
  config: Config,
  { logger, onFatal, decorate, thread }: ServerSurroundings,
): Promise<ComposedServer> {
  let openGateway: Gateway | null = null;
  let joined: Cluster | null = null;
  const metrics = new Metrics({
    connections: () => connectionsOf(openGateway),
    outboundBytes: () => openGateway?.stats().outboundBytes ?? 0,
    nodes: () => joined?.directory.live().length ?? 0,
  });
  const observer = createObserver(logger, metrics);
  const composed = await composeChat(config, {
    observer,
    onFatal,
    decorate,
    thread: thread?.place ?? null,
  });
  const { chat, cluster, ports, store } = composed;
  joined = cluster;
  const { clock } = ports;
  const origins = originsOf(config);
  const gateway = composeGateway(composed, config, { observer, origins });
  openGateway = gateway;
  const requests = new HttpDrain();
  const state = { isDraining: false };
  const printMetrics = thread?.printMetrics ?? (() => metrics.print());
  const api = composeApi({ ...composed, config, gateway, observer, origins, printMetrics, state });
  const http = (request: Request, { address, gone }: HttpPeer): Promise<Response> =>
    requests.run(request, gone, (ended) => api(request, { address, gone: ended }));
  let listener: Listener | null = null;
  return {
    nodeId: ports.node.nodeId,
    get address() {
      if (listener === null) throw new Error('The server does not listen yet.');
      return addressOf(config, listener.port);
    },
    async start() {
      await chat.start();
      const constants = {
        hostname: config.host,
        reusePort: thread !== null,
        requestBodyBytesMax: BODY_BYTES_MAX,
        http,
        gateway,
      };
      const open = (port: number): Listener => startListener({ ...constants, port });
      listener = thread === null ? listen(config, open) : open(thread.port);
    },
    async drain() {
      state.isDraining = true;
      await Promise.all([chat.retire(), passed(clock, config.unreadyMs)]);
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
    metrics: () => metrics.values(),
  };
}

function originsOf({ allowedOrigins, publicUrl }: Config): OriginRules {
  const listed = [...(allowedOrigins ?? []), ...(publicUrl === null ? [] : [publicUrl])];
  return originRulesOf(listed, publicUrl === null);
}

function composeGateway(
  { chat, ports }: ComposedChat,
  { trustedProxies }: Config,
  { observer, origins }: { readonly observer: Observer; readonly origins: OriginRules },
): Gateway {
  const { clock, devices, random, rateLimits } = ports;
  return createGateway({
    chat,
    clock,
    random,
    observer,
    rateLimits,
    revokedAmong: (keys) => devices.revokedAmong(keys),
    origins,
    connectKeyOf: connectKeyOf(trustedProxies ?? []),
  });
}

interface ApiSurroundings extends ComposedChat {
  readonly config: Config;
  readonly gateway: Gateway;
  readonly observer: Observer;
  readonly origins: OriginRules;
  readonly printMetrics: () => Promise<PrintedMetrics>;
  readonly state: { readonly isDraining: boolean };
}

function composeApi(surroundings: ApiSurroundings): HttpDoor {
  const { chat, config, gateway, observer, origins, ports, printMetrics, state } = surroundings;
  const { clock, log, random, rateLimits, work } = ports;
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
        metrics: printMetrics,
        metricsToken: config.metricsToken,
        version: VERSION,
      }),
    ],
    site: createSite(config.webDir === null ? WEB_DIR : resolve(config.webDir)),
    newFaultId: () => random.urlSafe(12),
  });
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

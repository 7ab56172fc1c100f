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
import { type ChatSurroundings, type Cluster, type ComposedChat, composeChat } from './compose.ts';
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
  readonly decorate: ChatSurroundings['decorate'];
}

/** Puts a server together from its settings: the rules of chat, and the doors to them. */
export async function composeServer(
  config: Config,
  { logger, onFatal, decorate }: ServerSurroundings,
): Promise<Server> {
  let openGateway: Gateway | null = null;
  let joined: Cluster | null = null;
  const metrics = new Metrics({
    connections: () => connectionsOf(openGateway),
    outboundBytes: () => openGateway?.stats().outboundBytes ?? 0,
    nodes: () => joined?.directory.live().length ?? 0,
  });
  const observer = createObserver(logger, metrics);
  const composed = await composeChat(config, { observer, onFatal, decorate });
  const { chat, cluster, ports, store } = composed;
  joined = cluster;
  const { clock, random, rateLimits } = ports;
  const listed = [...(config.allowedOrigins ?? []), ...(config.publicUrl === null ? [] : [config.publicUrl])];
  const origins = originRulesOf(listed, config.publicUrl === null);
  const gateway = createGateway({
    chat,
    clock,
    random,
    observer,
    rateLimits,
    revokedAmong: (devices) => ports.devices.revokedAmong(devices),
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
    nodeId: ports.node.nodeId,
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
  const { chat, config, gateway, metrics, observer, origins, ports, state } = surroundings;
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
        metrics: () => metrics.print(),
        metricsToken: config.metricsToken,
        version: VERSION,
      }),
    ],
    site: createSite(config.webDir === null ? WEB_DIR : resolve(config.webDir)),
    newFaultId: () => random.urlSafe(12),
  });
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

import type { Server, ServerWebSocket } from 'bun';
import { ConfabError, limits, SUBPROTOCOL } from '@confab/protocol';
import type { Asker } from './asker.ts';
import type { Connection } from './connection.ts';
import type { Gateway } from './gateway.ts';
import { problem } from './problem.ts';
import type { Heartbeat, Transport } from './transport.ts';

/** Where to listen and who answers. */
export interface ListenerOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Lets several processes share the port. */
  readonly reusePort: boolean;
  /** The largest body of an HTTP request, in bytes; beyond it the answer is 413. */
  readonly requestBodyBytesMax: number;
  /** Answers everything but `GET /v1/ws`. What it throws is answered with 500 and told the gateway's observer. */
  readonly http: (request: Request, asker: Asker) => Response | Promise<Response>;
  readonly gateway: Gateway;
}

/** An open port. */
export interface Listener {
  readonly port: number;
  /** Closes the port and cuts what is still open; drain the gateway first. */
  stop(): Promise<void>;
}

const PATH = '/v1/ws';
/**
 * The runtime cuts a socket off at a frame above its own bound, with 1009. It is given more than a frame may have, so
 * that a client which says somewhat too much gets an answer instead.
 */
const RUNTIME_FRAME_BYTES_MAX = 2 * limits.frameBytesMax;
/** A request or response at which nothing moves for so long is cut. Longer than a long poll, and than a stream's heartbeat. */
const IDLE_SECONDS = 60;
const HEARTBEAT: Heartbeat = { intervalMs: limits.heartbeatIntervalMs, answerMs: limits.heartbeatTimeoutMs };

/** What a socket carries; null until it has opened. */
type SocketConnection = Connection | null;

/** Opens the port, or throws what the system says, as where it is taken. */
export function startListener(options: ListenerOptions): Listener {
  const { hostname, reusePort, gateway } = options;
  const server = Bun.serve<SocketConnection>({
    hostname,
    port: options.port,
    reusePort,
    development: false,
    idleTimeout: IDLE_SECONDS,
    maxRequestBodySize: options.requestBodyBytesMax,
    fetch(request, bun) {
      if (pathOf(request.url) === PATH) return upgrade(request, bun, gateway);
      return options.http(request, new RequestAsker(request, bun));
    },
    error(error) {
      gateway.faulted('http', error);
      return problem(new ConfabError('internal'));
    },
    websocket: {
      perMessageDeflate: false,
      maxPayloadLength: RUNTIME_FRAME_BYTES_MAX,
      // What a socket may hold is bounded by the connection, which stops writing when the socket is behind.
      backpressureLimit: 0,
      // The runtime starts its own idle clock anew with every write, so a dead peer that is written to stays. The
      // gateway's sweep counts what is heard.
      idleTimeout: 0,
      sendPings: false,
      open(socket) {
        socket.data = gateway.connect(new WebSocketTransport(socket));
      },
      message(socket, message) {
        if (typeof message === 'string') socket.data?.receive(message);
        else socket.data?.receiveBinary();
      },
      ping: heard,
      pong: heard,
      drain(socket) {
        socket.data?.drained();
      },
      close(socket, code) {
        socket.data?.transportClosed(code);
      },
    },
  });
  return { port: server.port ?? 0, stop: () => server.stop(true) };
}

function heard(socket: ServerWebSocket<SocketConnection>): void {
  socket.data?.heard();
}

function pathOf(url: string): string {
  const from = url.indexOf('/', url.indexOf('://') + 3);
  const query = url.indexOf('?', from);
  return query < 0 ? url.slice(from) : url.slice(from, query);
}

function upgrade(request: Request, server: Server<SocketConnection>, gateway: Gateway): Response | undefined {
  const { headers } = request;
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    return problem(new ConfabError('invalid', 'This path takes WebSockets only.'));
  }
  const refusal = gateway.refusalOf(headers, server.requestIP(request)?.address ?? '');
  if (refusal !== null) return refusal;
  const offered = (headers.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(SUBPROTOCOL)) {
    return problem(new ConfabError('invalid', `The subprotocol ${SUBPROTOCOL} has to be offered.`));
  }
  const isUpgraded = server.upgrade(request, {
    data: null,
    headers: { 'sec-websocket-protocol': SUBPROTOCOL },
  });
  return isUpgraded ? undefined : problem(new ConfabError('invalid', 'This is no WebSocket handshake.'));
}

/** Looks up what it is asked for only then: most requests need neither. */
class RequestAsker implements Asker {
  readonly #request: Request;
  readonly #server: Server<SocketConnection>;
  #gone: Promise<void> | null = null;

  constructor(request: Request, server: Server<SocketConnection>) {
    this.#request = request;
    this.#server = server;
  }

  get address(): string {
    return this.#server.requestIP(this.#request)?.address ?? '';
  }

  get gone(): Promise<void> {
    this.#gone ??= new Promise((resolve) => {
      const { signal } = this.#request;
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return this.#gone;
  }
}

/** Texts that are being written to one socket in one system call, and how many of them it took. */
let corkedTexts: readonly string[] = [];
let corkedTaken = 0;

function sendCorked(socket: ServerWebSocket<SocketConnection>): void {
  corkedTaken = 0;
  for (const text of corkedTexts) {
    corkedTaken += 1;
    // Below 0: taken, but the peer is behind. What follows waits outside, where other sockets share it.
    if (socket.sendText(text) < 0) return;
  }
}

/** A connection over a WebSocket of the runtime. */
class WebSocketTransport implements Transport {
  readonly #socket: ServerWebSocket<SocketConnection>;

  constructor(socket: ServerWebSocket<SocketConnection>) {
    this.#socket = socket;
  }

  get kind(): 'websocket' {
    return 'websocket';
  }

  get heartbeat(): Heartbeat {
    return HEARTBEAT;
  }

  get bufferedBytes(): number {
    return this.#socket.getBufferedAmount();
  }

  get isBlocked(): boolean {
    return this.#socket.getBufferedAmount() > 0;
  }

  send(texts: readonly string[]): number {
    const [only] = texts;
    if (texts.length === 1 && only !== undefined) {
      this.#socket.sendText(only);
      return 1;
    }
    corkedTexts = texts;
    this.#socket.cork(sendCorked);
    return corkedTaken;
  }

  beat(): void {
    this.#socket.ping();
  }

  setReading(isReading: boolean): void {
    if (isReading) this.#socket.resume();
    else this.#socket.pause();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}

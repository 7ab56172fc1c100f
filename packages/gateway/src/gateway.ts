import type { Clock, DeviceKey, Observer, Random } from '@confab/contracts';
import type { Chat, RateLimits } from '@confab/core';
import { closeCodes, ConfabError, limits } from '@confab/protocol';
import type { Asker } from './asker.ts';
import { Connection, type ConnectionPorts } from './connection.ts';
import type { DeviceSession } from './device-session.ts';
import { drainConnections } from './drain.ts';
import { type EndOfTurn, endOfTurn } from './end-of-turn.ts';
import { Flusher } from './flusher.ts';
import { Hub } from './hub.ts';
import { answerFrames } from './posted-frames.ts';
import { problem } from './problem.ts';
import { RevocationCheck } from './revocation-check.ts';
import { ResumeTurns } from './resume-turns.ts';
import { openStream } from './stream.ts';
import { Sweep } from './sweep.ts';
import type { Transport } from './transport.ts';

/** What a gateway stands on; every field is needed. */
export interface GatewayOptions {
  readonly chat: Chat;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer;
  readonly rateLimits: RateLimits;
  /** Which of these devices are signed out or unknown; asked every 30 s for the devices of open connections. */
  readonly revokedAmong: (devices: readonly DeviceKey[]) => Promise<readonly DeviceKey[]>;
  /** Which web pages may connect, by the headers of their request. */
  readonly origins: { allows(headers: Headers): boolean };
  /**
   * What new connections are counted by: where a request comes from, by its headers and the address of the peer that
   * speaks for it. Given what it gave before, it gives the same.
   */
  readonly connectKeyOf: (headers: Headers, peerAddress: string) => string;
}

/** Numbers for metrics, taken when asked for. */
export interface GatewayStats {
  readonly awaitingAuthentication: number;
  readonly resuming: number;
  readonly live: number;
  readonly closing: number;
  /** Bytes that wait in this process for slow readers. */
  readonly outboundBytes: number;
  /** Conversations that slow readers will be told to sync. */
  readonly behindConversations: number;
}

/** All device connections of this node, whatever carries them. */
export interface Gateway {
  /** `POST /v1/stream`: a connection as an event stream. Answers a problem where the token is refused. Never rejects. */
  stream(request: Request, asker: Asker): Promise<Response>;
  /** `POST /v1/frames`: frames of a stream, or of nobody's. Never rejects. */
  frames(request: Request, asker: Asker): Promise<Response>;
  /** For listeners: the refusal of a new connection (going away, origin, crowd, rate), or null where it may come. */
  refusalOf(headers: Headers, peerAddress: string): Response | null;
  /** For listeners: a transport that has opened becomes a connection; `hello` is said within this call. */
  connect(transport: Transport): Connection;
  /** For listeners: something threw that nobody expected. */
  faulted(where: string, error: unknown): void;
  stats(): GatewayStats;
  /** Takes no new connections, tells the present ones to come back elsewhere over `overMs`, flushes and closes them. */
  drain(options: { readonly overMs: number }): Promise<void>;
  /** Ends timers and cuts what is still open. */
  stop(): void;
}

/**
 * Makes the gateway of this node. It listens to nothing until a listener is started with it. `soon` is for simulations,
 * whose turns are their own.
 */
export function createGateway(options: GatewayOptions, soon: EndOfTurn = endOfTurn): Gateway {
  return new NodeGateway(options, soon);
}

/** When a refused client may come back to this address: by then another process answers there. */
const DRAINING_RETRY_MS = 1_000;
/** When one refused for those who have not authenticated may come back: by then some of them did, or are out of time. */
const CROWDED_RETRY_MS = limits.authenticationDeadlineMs / 2;
/** When one may come back that is one too many for the node at this moment: those of a storm spread out until then. */
const STORM_RETRY_MS_MIN = 1_000;
const STORM = 'This node takes no more connections at this moment.';
const CROWDED = 'Too many connections have not authenticated yet.';

class NodeGateway implements Gateway {
  readonly #options: GatewayOptions;
  readonly #connections = new Set<Connection>();
  readonly #streams = new Map<string, Connection>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #sweep: Sweep;
  readonly #revocation: RevocationCheck;
  readonly #ports: ConnectionPorts;
  #isDraining = false;
  /** Connections that have not yet authenticated; counted, so that a full door costs its refusals only. */
  #beforeReady = 0;

  constructor(options: GatewayOptions, soon: EndOfTurn) {
    this.#options = options;
    this.#sweep = new Sweep(options.clock, this.#connections);
    this.#revocation = new RevocationCheck(options, this.#connections);
    const { chat, clock, observer, rateLimits, revokedAmong } = options;
    this.#ports = {
      chat,
      clock,
      observer,
      rateLimits,
      revokedAmong,
      flusher: new Flusher({
        soon,
        clock,
        faulted: (error) => observer.fault({ where: 'flush', error }),
      }),
      hub: new Hub<DeviceSession>(),
      turns: new ResumeTurns(soon),
      tick: () => this.#sweep.tick,
      isDraining: () => this.#isDraining,
      leftDoor: () => void (this.#beforeReady -= 1),
      ended: (connection, code, detached) => this.#ended(connection, code, detached),
      forgotten: (connection) => void this.#connections.delete(connection),
    };
  }

  connect(transport: Transport): Connection {
    const connection = new Connection(this.#options.random.urlSafe(22), transport, this.#ports);
    this.#connections.add(connection);
    this.#beforeReady += 1;
    if (transport.kind === 'stream') this.#streams.set(connection.id, connection);
    this.#options.observer.connectionOpened({ transport: transport.kind });
    connection.open();
    return connection;
  }

  refusalOf(headers: Headers, peerAddress: string): Response | null {
    if (this.#isDraining)
      return problem(new ConfabError('draining', undefined, { afterMs: DRAINING_RETRY_MS }));
    if (!this.#options.origins.allows(headers)) return problem(new ConfabError('origin_not_allowed'));
    if (this.#beforeReady >= limits.connectionsBeforeReadyMax)
      return problem(new ConfabError('unavailable', CROWDED, { afterMs: CROWDED_RETRY_MS }));
    const key = this.#options.connectKeyOf(headers, peerAddress);
    const afterMs = this.#options.rateLimits.take('connect', key);
    if (afterMs > 0) return problem(new ConfabError('rate_limited', undefined, { afterMs }));
    const admittedMs = this.#options.rateLimits.take('admit', '');
    if (admittedMs === 0) return null;
    return problem(
      new ConfabError('unavailable', STORM, { afterMs: Math.max(admittedMs, STORM_RETRY_MS_MIN) }),
    );
  }

  async stream(request: Request, asker: Asker): Promise<Response> {
    const refusal = this.refusalOf(request.headers, asker.address);
    if (refusal !== null) return refusal;
    return await openStream(request, asker, {
      ...this.#options,
      turns: this.#ports.turns,
      connect: (transport) => this.connect(transport),
    });
  }

  async frames(request: Request, asker: Asker): Promise<Response> {
    if (!this.#options.origins.allows(request.headers)) return problem(new ConfabError('origin_not_allowed'));
    const connection = this.#streams.get(request.headers.get('confab-connection') ?? '') ?? null;
    return await answerFrames(request, { connection, address: asker.address, ports: this.#ports });
  }

  faulted(where: string, error: unknown): void {
    this.#options.observer.fault({ where: `gateway ${where}`, error });
  }

  stats(): GatewayStats {
    const states = { awaiting_authentication: 0, resuming: 0, live: 0, closing: 0 };
    let outboundBytes = 0;
    let behindConversations = 0;
    for (const { state, outbound } of this.#connections) {
      states[state.kind] += 1;
      outboundBytes += outbound.waitingBytes;
      behindConversations += outbound.behind?.size ?? 0;
    }
    const { awaiting_authentication: awaitingAuthentication, resuming, live, closing } = states;
    return { awaitingAuthentication, resuming, live, closing, outboundBytes, behindConversations };
  }

  async drain({ overMs }: { readonly overMs: number }): Promise<void> {
    this.#isDraining = true;
    const { clock, random } = this.#options;
    await drainConnections(this.#connections, { overMs, clock, random, leaving: this.#leaving });
  }

  stop(): void {
    this.#isDraining = true;
    this.#sweep.stop();
    this.#revocation.stop();
    for (const connection of this.#connections) connection.close(closeCodes.goingAway, 'going_away');
  }

  #ended(connection: Connection, code: number, detached: Promise<void>): void {
    const { kind } = connection.transport;
    const { observer } = this.#options;
    this.#streams.delete(connection.id);
    observer.connectionClosed({ code, transport: kind });
    const leaving = detached
      .catch((error: unknown) => observer.fault({ where: 'gateway detach', error }))
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}

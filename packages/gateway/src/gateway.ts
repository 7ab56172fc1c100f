import type { Clock, DeviceKey, Observer, Random } from '@confab/contracts';
import type { Chat, RateLimits } from '@confab/core';
import type { Asker } from './asker.ts';

/** What a gateway stands on; every field is needed. */
export interface GatewayOptions {
  readonly chat: Chat;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: Observer;
  readonly rateLimits: RateLimits;
  /** Which of these devices are signed out or unknown; asked every 30 s for the devices of open connections. */
  readonly revokedAmong: (devices: readonly DeviceKey[]) => Promise<readonly DeviceKey[]>;
  /** Origins allowed besides the server's own, as `https://chat.example.org:8443`: scheme, host and port are compared. */
  readonly allowedOrigins: readonly string[];
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
  stats(): GatewayStats;
  /** Takes no new connections, tells the present ones to come back elsewhere over `overMs`, flushes and closes them. */
  drain(options: { readonly overMs: number }): Promise<void>;
  /** Ends timers and cuts what is still open. */
  stop(): void;
}

/** Makes the gateway of this node. It listens to nothing until a listener is started with it. */
export function createGateway(options: GatewayOptions): Gateway {
  throw new Error(`not yet: ${Object.keys(options).join()}`);
}

import { openWebSocket } from '#websocket';
import type {
  ClientLogger,
  ClientOptions,
  FetchLike,
  Timers,
  TransportKind,
  WebSocketFactory,
} from '../client-types.ts';
import type { ClientStorage } from '../storage/client-storage.ts';
import { defaultStorage } from './default-storage.ts';
import { systemTimers } from './system-timers.ts';

/** The options with every field decided. */
export interface Settings {
  readonly url: string;
  readonly clientName: string;
  readonly deviceName: string | null;
  readonly storage: ClientStorage;
  readonly transports: readonly TransportKind[];
  readonly getToken: ((stale: string | null) => Promise<string>) | null;
  readonly timelineItemsMax: number;
  readonly logger: ClientLogger;
  readonly webSocket: WebSocketFactory;
  readonly fetch: FetchLike;
  readonly timers: Timers;
  readonly random: () => number;
  readonly newId: () => string;
}

const TIMELINE_ITEMS_MAX = 2_000;

/** Decides what the options leave open. Throws where the URL is none. */
export function settingsOf(options: ClientOptions): Settings {
  const { origin, pathname } = new URL(options.url);
  const url = origin + pathname.replace(/\/+$/, '');
  const { transport = 'auto' } = options;
  return {
    url,
    clientName: options.clientName,
    deviceName: options.deviceName ?? null,
    storage: options.storage ?? defaultStorage(url),
    transports: transport === 'auto' ? ['websocket', 'stream', 'poll'] : [transport],
    getToken: options.getToken ?? null,
    timelineItemsMax: options.timelineItemsMax ?? TIMELINE_ITEMS_MAX,
    logger: options.logger ?? silent,
    webSocket: options.webSocket ?? openWebSocket,
    // Browsers insist on being called as a method of the window.
    fetch: options.fetch ?? (async (url_, init) => await globalThis.fetch(url_, init)),
    timers: options.timers ?? systemTimers,
    random: options.random ?? (() => Math.random()),
    newId: options.newId ?? randomId,
  };
}

const silent: ClientLogger = { debug: () => undefined, warn: () => undefined };

/** A UUID; on pages without TLS, where browsers hide `randomUUID`, 128 random bits in hexadecimal. */
function randomId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

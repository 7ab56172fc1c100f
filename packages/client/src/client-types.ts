import type { AnswerOf, Device, HttpVerb, LogEvent, MessageEvent, RequestOf, User } from '@confab/protocol';
import type { Conversations, ConversationView } from './conversation-types.ts';
import type { ChatError } from './errors.ts';
import type { Observable, Unsubscribe } from './observable.ts';
import type { ClientStorage } from './storage/client-storage.ts';
import type { PendingMessage, Timeline } from './timeline-types.ts';

/** The least of a WebSocket the SDK needs: browsers', Bun's and the `ws` package's all fit. */
export interface WebSocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
}

/** Opens a WebSocket, asking for one subprotocol. May throw where the platform refuses the address. */
export type WebSocketFactory = (url: string, subprotocol: string) => WebSocketLike;

/** `fetch` as the SDK calls it. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** Time as the SDK sees it; tests drive one of their own. */
export interface Timers {
  /** Milliseconds since the epoch. Used for waits and expiry only, never for order. */
  readonly now: () => number;
  /** Calls back once after `delayMs`; the result cancels it. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
}

/** Where the SDK's own log lines go. Silent by default. Lines never carry tokens, passwords or bodies. */
export interface ClientLogger {
  readonly debug: (message: string, facts: Readonly<Record<string, unknown>>) => void;
  readonly warn: (message: string, facts: Readonly<Record<string, unknown>>) => void;
}

/** The ways to a server. `auto` takes the first that works: WebSocket, then stream, then long poll. */
export type TransportKind = 'websocket' | 'stream' | 'poll';

/** What a client is made with. Only `url` and `clientName` are needed. */
export interface ClientOptions {
  /** Origin of the server, `https://chat.example`; a path in front of `/v1` is kept. */
  readonly url: string;
  /** Name and version of the app, up to 64 printable ASCII characters: `acme-web/2.1`. */
  readonly clientName: string;
  /** How this device is shown in the list of devices. */
  readonly deviceName?: string;
  /** IndexedDB where there is one, else memory. For Bun and Node: `fileStorage` of `@confab/client/node`. */
  readonly storage?: ClientStorage;
  /** `auto` by default. */
  readonly transport?: 'auto' | TransportKind;
  /**
   * For embedding in a product with users of its own: gives a JWT. Called again when the last one ran out or was
   * refused (`stale` is that one). With it, `account.logIn` is `not_applicable`.
   */
  readonly getToken?: (stale: string | null) => Promise<string>;
  /** How many messages one timeline holds at most while it is watched; 2,000 by default. */
  readonly timelineItemsMax?: number;
  readonly logger?: ClientLogger;
  /** The following are for tests and unusual platforms. */
  readonly webSocket?: WebSocketFactory;
  readonly fetch?: FetchLike;
  readonly timers?: Timers;
  /** A number in [0, 1), for jitter only. */
  readonly random?: () => number;
  /** A new id of at least 122 random bits: `crypto.randomUUID` by default. */
  readonly newId?: () => string;
}

/** Who is logged in on this device. */
export type SessionState =
  /** Storage has not been read yet; it takes milliseconds. */
  | { readonly kind: 'loading' }
  | { readonly kind: 'signed_out'; readonly reason: SignedOutReason }
  | { readonly kind: 'signed_in'; readonly userId: string; readonly deviceId: string };

/** `never`: nobody logged in here yet. `ended`: the server ended the session, or the device was revoked. */
export type SignedOutReason = 'never' | 'logged_out' | 'ended';

/** Accounts and the session of this device. Logging in connects; logging out disconnects and erases local data. */
export interface Account {
  readonly session: Observable<SessionState>;
  /** The user's own profile; null until it was read. */
  readonly profile: Observable<User | null>;
  /** Creates an account. Does not log in. Errors: `username_taken`, `forbidden` (registration is closed), `invalid`. */
  readonly register: (request: RegisterRequest) => Promise<{ readonly userId: string }>;
  /** Errors: `invalid_credentials`, `too_many_devices`, `rate_limited`. */
  readonly logIn: (request: { readonly username: string; readonly password: string }) => Promise<void>;
  /** Ends the session here even where the server cannot be told; unsent messages are erased with the rest. */
  readonly logOut: () => Promise<void>;
  readonly devices: () => Promise<readonly Device[]>;
  readonly revokeDevice: (deviceId: string) => Promise<void>;
}

/** A new account: a name of 3 to 32 characters, a password of 8 to 256. */
export interface RegisterRequest {
  readonly username: string;
  readonly password: string;
  readonly displayName?: string;
}

/** The life of the connection. */
export type ConnectionState =
  /** The platform says there is no network. */
  | { readonly kind: 'offline' }
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'authenticating' }
  /** Authenticated; sends are on their way; what was missed is coming in. */
  | { readonly kind: 'catching_up' }
  | { readonly kind: 'live'; readonly transport: TransportKind }
  /** The next attempt is at `untilMs` (since the epoch); `connect` hurries it. */
  | { readonly kind: 'waiting'; readonly untilMs: number; readonly attempt: number }
  /** The server is going away; the connection works until the move to another node. */
  | { readonly kind: 'draining' }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/**
 * `not_started`: `connect` was not called. `closed`: by `close`. `signed_out`: no valid session. `replaced`: too many
 * tabs of this device. `too_old`: the server speaks a newer protocol. `refused`: the server will not have this client.
 */
export type StopReason = 'not_started' | 'closed' | 'signed_out' | 'replaced' | 'too_old' | 'refused';

/** The one connection of a client. It comes back by itself until `close`. */
export interface Connection {
  readonly state: Observable<ConnectionState>;
  /** Connects and stays connected until `close`. In `waiting` it tries at once. Needs a session. */
  readonly connect: () => void;
  /** Disconnects and stays so. Unsent messages are kept. */
  readonly close: () => void;
  /** Tells the server whether the user looks at this device; follows the page's visibility by itself. */
  readonly setActive: (active: boolean) => void;
}

/** Users by id, read once and kept. */
export interface Users {
  /** Reads the user from the server when it is first subscribed to. Null until then, or if there is none. */
  readonly user: (userId: string) => Observable<User | null>;
  /** Users whose name begins so, at most 20. */
  readonly search: (query: string) => Promise<readonly User[]>;
}

/** What can be listened to with `client.on`. */
export interface ClientEvents {
  /** A message was applied to its conversation, in order and once. `live` is false while catching up. */
  readonly message: {
    readonly message: MessageEvent;
    readonly own: boolean;
    readonly mentioned: boolean;
    readonly live: boolean;
    readonly conversation: ConversationView | null;
  };
  /** Any log event was applied, messages too. */
  readonly event: LogEvent;
  /** The server acknowledged a message: it is durable and has its place. */
  readonly acknowledged: {
    readonly conversationId: string;
    readonly clientMessageId: string;
    readonly messageId: string;
    readonly sequence: number;
  };
  /** A send was refused for good; it waits in its timeline for `retry` or `discard`. */
  readonly send_failed: { readonly pending: PendingMessage; readonly error: ChatError };
  readonly conversation_added: { readonly conversation: ConversationView };
  /** The user left it or was removed. */
  readonly conversation_removed: { readonly conversationId: string };
  readonly connection: ConnectionState;
  readonly session: SessionState;
  /** Something in the background failed; nothing is lost, but somebody may want to know. */
  readonly error: ChatError;
}

/** A name for `client.on`. */
export type ClientEventName = keyof ClientEvents;

/** The SDK. Made by `createClient`; it does nothing on the network before `logIn` or `connection.connect`. */
export interface ChatClient {
  readonly account: Account;
  readonly connection: Connection;
  readonly conversations: Conversations;
  readonly users: Users;
  /** How many messages wait to be acknowledged, in all conversations of this tab. */
  readonly pendingCount: Observable<number>;
  /** The timeline of a conversation: always the same object for the same id. */
  readonly timeline: (conversationId: string) => Timeline;
  readonly on: <E extends ClientEventName>(
    event: E,
    listener: (fact: ClientEvents[E]) => void,
  ) => Unsubscribe;
  /** Any operation over HTTP, typed by the operations table. */
  readonly call: <V extends HttpVerb>(verb: V, request: RequestOf<V>) => Promise<AnswerOf<V>>;
  /** Resolves when storage has been read: the first snapshots from the cache are there. */
  readonly loaded: Promise<void>;
  /** Disconnects, writes what is left to storage and lets go of it. */
  readonly close: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

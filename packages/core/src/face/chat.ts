import type { StoredEvent } from '@confab/contracts';
import type { ConversationSummary, Head, RequestOf, Verb, Watermarks } from '@confab/protocol';
import type { LocalSession } from './local-session.ts';
import type { Lane } from '../log/lane.ts';

/** Who asks. A user's request names the device it comes from; `server` is the embedding product with its API key. */
export type Caller =
  | { readonly kind: 'anyone' }
  | { readonly kind: 'user'; readonly userId: string; readonly deviceId: string }
  | { readonly kind: 'server' };

/** What a connection proved with its token. */
export interface Authenticated {
  readonly userId: string;
  readonly deviceId: string;
  readonly expiresAtMs: number;
}

/** An answer, encoded once: `json` is one JSON object, or null where success is all there is to say. */
export interface Reply {
  readonly json: string | null;
  /** True where an earlier request had already done it. */
  readonly existing: boolean;
}

/** What a request may need of the connection it came on. */
export interface RequestContext {
  /** The lane of this connection to this conversation, for sends of sockets; entered at the moment of arrival. */
  readonly lane: Lane | null;
  /** Resolves when the asker has gone, so that a long poll ends. */
  readonly gone: Promise<void> | null;
}

/** Events after a cursor, not yet encoded. */
export interface EventPagePlan {
  readonly conversationId: string;
  readonly events: readonly StoredEvent[];
  readonly head: Head | null;
  readonly reset: boolean;
  readonly watermarks: readonly Watermarks[];
}

/** What a resuming device hands over. */
export interface ResumeRequest {
  readonly userId: string;
  readonly deviceId: string;
  readonly cursors: readonly string[];
  readonly pending: readonly (readonly [conversationId: string, clientMessageId: string])[];
}

/** Which of the pending sends are in the log: conversation, client id, message id, sequence, time. */
export type Landed = readonly [string, string, string, number, string];

/**
 * Where a resume is told to, in this order: `ready`, `heads` pages, events and pages, `caughtUp`. Each call may make
 * the caller wait while the reader is slow; a rejected one ends the resume.
 */
export interface ResumeSink {
  ready(news: {
    readonly ownLog: { readonly conversationId: string; readonly head: Head | null };
    readonly landed: readonly Landed[];
  }): Promise<void>;
  heads(items: readonly ConversationSummary[], next: boolean): Promise<void>;
  events(events: readonly StoredEvent[]): Promise<void>;
  page(page: EventPagePlan): Promise<void>;
  /**
   * For each conversation the highest sequence that was delivered to this session since it was attached and not
   * passed on; the resume reads those from the log. A conversation is taken out once it is level.
   */
  readonly behind: Map<string, number>;
  /** Called in the same turn in which `behind` was found empty: from here on events are passed on as they come. */
  caughtUp(): void;
}

/** The face of the rules of chat, the same for sockets, streams and HTTP. */
export interface Chat {
  /** Does one operation for a caller, or rejects with the ConfabError that refuses it. */
  handle<V extends Verb>(
    verb: V,
    caller: Caller,
    request: RequestOf<V>,
    context: RequestContext,
  ): Promise<Reply>;
  /**
   * Verifies a token and that its device is not signed out. `deviceId` is what the client says it is: it must be the
   * token's own, or for a user of an embedding product it names one.
   */
  authenticate(token: string, deviceId: string | null): Promise<Authenticated>;
  /** Lets a session hear from here on. Attach first, then resume, then pass on what comes. */
  attach(session: LocalSession): Promise<void>;
  detach(session: LocalSession): Promise<void>;
  resume(
    request: ResumeRequest,
    sink: ResumeSink,
  ): Promise<{ readonly conversations: number; readonly replayed: number }>;
  /** The heads of conversations a session fell behind in, to be told as `head_event`; those it may still read. */
  headsFor(userId: string, conversationIds: readonly string[]): Promise<ReadonlyMap<string, Head>>;
  start(): Promise<void>;
  /** Gives up what this node owns, so that others write it while this one's connections go elsewhere. */
  retire(): Promise<void>;
  /** Finishes what was taken and leaves the cluster. */
  stop(): Promise<void>;
}

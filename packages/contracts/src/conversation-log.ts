import type { LogHead } from '@confab/conversation';
import type { LogEventType } from '@confab/protocol';
import type { ViewPut } from './views.ts';
import type { WorkItem } from './work.ts';

/**
 * The log: durable, ordered, idempotent, conditional on the head.
 *
 * - `[LOG1]` A committed event survives the death of the process and of the machine; `commit` answers only then.
 * - `[LOG2]` Sequences of a conversation are 1, 2, 3... without a gap or a reuse.
 * - `[LOG3]` A commit applies wholly or not at all, and only where the head is the expected one.
 * - `[LOG4]` One (user, clientMessageId) stands at most once in a conversation, for ever; a commit that would add a
 *   second one changes nothing and names the first.
 * - `[LOG5]` Events, head, views and work of a commit become visible together; who reads the new head sees them all.
 * - `[LOG6]` A page has at most `limit` events and `bytesMax` bytes of JSON but at least one event where there is one.
 * - `[LOG7]` `countOwn` counts exactly the countable events of a user between two sequences.
 * - `[LOG8]` A commit holds at most `room` events; a larger one is a fault that writes nothing.
 */
export interface ConversationLog {
  commit(request: CommitRequest): Promise<CommitOutcome>;
  /** How many events the next commit at this head may hold: at least 1, at most `EVENTS_PER_COMMIT_MAX`. */
  room(head: number): number;
  /** The heads of the conversations that exist. */
  heads(conversationIds: readonly string[]): Promise<ReadonlyMap<string, LogHead>>;
  /** Events in ascending order. */
  read(request: ReadRequest): Promise<readonly StoredEvent[]>;
  /** For each key the event it once made, or null; in the order asked. */
  findByClientIds(
    conversationId: string,
    keys: readonly IdempotencyKey[],
  ): Promise<readonly (FoundEvent | null)[]>;
  /** Countable events of a user between two sequences, for unread counts; one number for each question, in order. */
  countOwn(questions: readonly OwnCountQuestion[]): Promise<readonly number[]>;
}

/** How many countable events of a user stand above a sequence, up to and with another. */
export interface OwnCountQuestion {
  readonly conversationId: string;
  readonly userId: string;
  readonly aboveSequence: number;
  readonly throughSequence: number;
}

/** Who asked, and the id they chose. */
export interface IdempotencyKey {
  readonly userId: string;
  readonly clientMessageId: string;
}

/**
 * An event as it is kept and sent: `json` is its frame without `clientMessageId`, encoded once; the other fields are
 * what stores index and what routes it.
 */
export interface StoredEvent {
  readonly conversationId: string;
  readonly sequence: number;
  readonly ordinal: number;
  readonly eventId: string;
  readonly type: LogEventType;
  readonly senderId: string;
  readonly clientMessageId: string;
  readonly sentAt: string;
  readonly json: string;
}

/** An event to append, with the hash that tells a retry from a different request under the same id. */
export interface NewEvent extends StoredEvent {
  /** Hash of the canonical verb and durable fields: 32 hexadecimal characters. */
  readonly contentHash: string;
}

/** What a client id once made. */
export interface FoundEvent {
  readonly event: StoredEvent;
  readonly contentHash: string;
}

/** k events at `expectedHead + 1 ...`, with all that must change together with them. At most `room` events. */
export interface CommitRequest {
  readonly conversationId: string;
  /** The sequence the head must have; 0 where the log must be empty. */
  readonly expectedHead: number;
  readonly events: readonly NewEvent[];
  readonly head: LogHead;
  readonly views: readonly ViewPut[];
  readonly work: readonly WorkItem[];
}

/**
 * How a commit ended. `unknown`: it may or may not have been applied, and the same request must be sent again until
 * it is decided. `unavailable`: it was certainly not applied.
 */
export type CommitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'head_moved' }
  | { readonly kind: 'duplicates'; readonly found: readonly Duplicate[] }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** `index` into the request's events. */
export interface Duplicate extends FoundEvent {
  readonly index: number;
}

/** A page of a log. `bytesMax` counts the UTF-8 of `json`. */
export interface ReadRequest {
  readonly conversationId: string;
  /** Exclusive. With `before` null: the first events above this. */
  readonly after: number;
  /** Exclusive, or null. Where given, the page is the *last* events below it (and above `after`). */
  readonly before: number | null;
  readonly limit: number;
  readonly bytesMax: number;
  /** Only events of this type, or null for all. */
  readonly type: LogEventType | null;
}

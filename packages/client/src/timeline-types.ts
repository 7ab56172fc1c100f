import type { ConversationEvent, MemberEvent, MessageFormat, Watermarks } from '@confab/protocol';
import type { ChatError } from './errors.ts';
import type { Observable } from './observable.ts';

/** What became of a message. Others' messages are `received`. */
export type MessageState =
  | { readonly kind: 'received' }
  /** Kept on this device, not on its way: there is no connection, or an earlier one has to go first. */
  | { readonly kind: 'queued' }
  | { readonly kind: 'sending' }
  /** Acknowledged: durable, with its place for ever. */
  | { readonly kind: 'sent' }
  /** Received by the peer's device; in a group, by every other member. */
  | { readonly kind: 'delivered' }
  | { readonly kind: 'read' }
  /** Refused for good. `retry` of the timeline sends it again, `discard` forgets it. */
  | { readonly kind: 'failed'; readonly error: ChatError; readonly canRetry: boolean };

/** A message in a timeline, its own unsent ones included. Immutable; the same object until something of it changes. */
export interface MessageItem {
  readonly kind: 'message';
  /** Stable from the moment of sending on, through acknowledgement: made for lists. */
  readonly key: string;
  /** Null until acknowledged. */
  readonly messageId: string | null;
  /** Null until acknowledged. */
  readonly sequence: number | null;
  readonly clientMessageId: string | null;
  readonly senderId: string;
  readonly own: boolean;
  readonly body: string;
  readonly format: MessageFormat;
  readonly replyTo: string | null;
  readonly mentions: readonly string[];
  /** RFC 3339. The server's time once acknowledged, before that this device's. */
  readonly sentAt: string;
  readonly state: MessageState;
}

/** Something that happened to the conversation: created, renamed, members joined or left. */
export interface SystemItem {
  readonly kind: 'system';
  readonly key: string;
  readonly sequence: number;
  readonly senderId: string;
  readonly sentAt: string;
  readonly event: ConversationEvent | MemberEvent;
}

/** One line of a timeline. */
export type TimelineItem = MessageItem | SystemItem;

/** What a timeline shows. Immutable; the same object until something of it changes. */
export interface TimelineView {
  readonly conversationId: string;
  /** Ascending by sequence, then the unsent in the order of sending. */
  readonly items: readonly TimelineItem[];
  /**
   * `empty`: nothing was asked for yet. `loading`: the first page is coming. `current`: up to the newest event.
   * `stale`: events are missing at the end and are being fetched, or wait for a connection. `gone`: not a member.
   */
  readonly status: 'empty' | 'loading' | 'current' | 'stale' | 'gone';
  readonly hasOlder: boolean;
  readonly isLoadingOlder: boolean;
  /** The last failure of loading, until the next success. */
  readonly error: ChatError | null;
  /** The unread floor: a line "new messages" belongs behind this sequence. */
  readonly readSequence: number;
  /** How far others have received and read, for "seen by". */
  readonly watermarks: readonly Watermarks[];
}

/** What may be said of a message beside its text. */
export interface SendOptions {
  readonly format?: MessageFormat;
  /** A messageId of the same conversation. */
  readonly replyTo?: string;
  readonly mentions?: readonly string[];
}

/** A message that was sent here and is not acknowledged yet. */
export interface PendingMessage {
  readonly conversationId: string;
  readonly clientMessageId: string;
  readonly body: string;
  readonly format: MessageFormat | null;
  readonly replyTo: string | null;
  readonly mentions: readonly string[];
  /** RFC 3339, this device's clock. */
  readonly queuedAt: string;
}

/**
 * One conversation's messages. Subscribing opens it: what is missing is fetched. Several subscribers share one window.
 */
export interface Timeline extends Observable<TimelineView> {
  readonly conversationId: string;
  /**
   * Sends a message. Resolves as soon as it is kept on this device, before it was sent; from then on it survives the
   * end of the process and goes out in order. What becomes of it stands in the timeline. Rejects only where nothing
   * was kept: `invalid`, `too_large`, `storage`, `signed_out`.
   */
  readonly send: (body: string, options?: SendOptions) => Promise<{ readonly clientMessageId: string }>;
  /** Sends a failed or waiting message again, now. */
  readonly retry: (clientMessageId: string) => Promise<void>;
  /** Forgets a message that was not acknowledged. False where it is too late: it was acknowledged meanwhile. */
  readonly discard: (clientMessageId: string) => Promise<boolean>;
  /** Loads the page before the oldest. False where there is none, or the window has its most items. */
  readonly loadOlder: () => Promise<boolean>;
  /** Shrinks the window to the newest page; for readers who came back to the end. */
  readonly releaseOlder: () => void;
  /** The user has seen everything up to this sequence. Never moves back. */
  readonly markRead: (throughSequence: number) => void;
  /** The user is typing; call it on every key, it is sent at most every 3 s. */
  readonly typing: () => void;
}

import type { EventDelivery, ReceiptNews } from '@confab/contracts';

/** An event as a session hears it. */
export type HeardEvent = Omit<EventDelivery, 'userIds' | 'joined' | 'departed'> & {
  readonly conversationId: string;
};

/**
 * Something on this node that hears what a user hears: a socket, a stream, a long poll. Its methods must not throw and
 * must not wait.
 */
export interface LocalSession {
  readonly userId: string;
  readonly deviceId: string;
  readonly connectionId: string;
  /** The running copy of the client that opened it; null for one that replaces nothing, such as a poll. */
  readonly instanceId: string | null;
  /** Milliseconds since the epoch. */
  readonly openedAtMs: number;
  receiveEvent(event: HeardEvent, shared: SharedFrames): void;
  /** The session may have missed events of a conversation, up to this sequence: it is to be told where that stands. */
  fellBehind(conversationId: string, sequence: number): void;
  receiveReceipt(news: ReceiptNews): void;
  receiveTyping(conversationId: string, userId: string): void;
  deviceRevoked(): void;
  /** A newer session of the same (user, device, instance) has been opened on another node. */
  replaced(): void;
}

/** Room for a session to keep the bytes of an event that all its neighbours send too: encoded once a node. */
export interface SharedFrames {
  everyone: unknown;
  sender: unknown;
}

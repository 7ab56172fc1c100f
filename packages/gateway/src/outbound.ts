import { ConfabError, limits } from '@confab/protocol';
import type { Flushable, Flusher } from './flusher.ts';
import type { Transport } from './transport.ts';

/** Above these, what is waiting for a slow reader costs it typing notes, then receipts, then events. */
export const outboundBounds = {
  typingBytesMax: limits.outboundBytesMax / 4,
  receiptBytesMax: limits.outboundBytesMax / 2,
  eventBytesMax: limits.outboundBytesMax,
  /** Answers are not shed; a reader that asks on and on and takes nothing is closed here. */
  hardBytesMax: limits.outboundBytesMax * 2,
  /** Below this a reader has caught its breath: it is told what it missed, and is read from again. */
  calmBytesMax: limits.outboundBytesMax / 4,
  /** Conversations noted for one slow reader; beyond it the reader is closed and resumes. */
  behindConversationsMax: 1_000,
} as const;

/** A frame and how long it is in UTF-8. */
export interface EncodedFrame {
  readonly text: string;
  readonly bytes: number;
}

/** Measures a frame once, for all who send it. */
export function encodedFrame(text: string): EncodedFrame {
  return { text, bytes: Buffer.byteLength(text) };
}

/** Who is told of a slow reader's turns. */
export interface OutboundOwner {
  /** A bound was crossed that ends the connection. */
  overflowed(): void;
  /** The reader has caught its breath, or what was waiting is gone. */
  calmed(): void;
  /** A number that grows by one a second. */
  readonly tick: number;
}

/**
 * What waits to be written to one peer: bounded, written once a turn, and never silent about a message. Texts stay
 * here, shared with other connections, until the transport has room, so a slow reader costs references, not copies.
 */
export class Outbound implements Flushable {
  readonly #transport: Transport;
  readonly #flusher: Flusher;
  readonly #owner: OutboundOwner;
  #queue: string[] | null = null;
  #queuedBytes = 0;
  #bufferedBytes = 0;
  #isStopped = false;
  #isReading = true;
  #room: {
    readonly promise: Promise<void>;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  } | null = null;
  isInTurn = false;
  isInCrowd = false;
  /** The tick at which the reader fell behind; 0 while it keeps up. */
  strainedSinceTick = 0;
  /** Conversations whose events were not passed on, each with the highest sequence; null where there are none. */
  behind: Map<string, number> | null = null;

  constructor(transport: Transport, flusher: Flusher, owner: OutboundOwner) {
    this.#transport = transport;
    this.#flusher = flusher;
    this.#owner = owner;
  }

  get waitingBytes(): number {
    return this.#queuedBytes + this.#bufferedBytes;
  }

  get isCalm(): boolean {
    return this.waitingBytes <= outboundBounds.calmBytesMax;
  }

  /** An answer, or a frame the protocol cannot do without. */
  say(text: string): void {
    this.#push(text, Buffer.byteLength(text));
    if (this.waitingBytes <= outboundBounds.eventBytesMax) return;
    this.#strain();
    if (this.waitingBytes > outboundBounds.hardBytesMax) this.#owner.overflowed();
    else this.#setReading(false);
  }

  /** A live event: queued, or noted so that the reader is told where its conversation stands. */
  sayEvent(conversationId: string, sequence: number, frame: EncodedFrame): void {
    const isBehind = this.behind !== null && this.behind.has(conversationId);
    if (!isBehind && this.waitingBytes + frame.bytes <= outboundBounds.eventBytesMax) {
      this.#push(frame.text, frame.bytes);
      return;
    }
    if (!isBehind) this.#strain();
    this.noteBehind(conversationId, sequence);
  }

  sayReceipt(text: string): void {
    if (this.waitingBytes <= outboundBounds.receiptBytesMax) this.#push(text, Buffer.byteLength(text));
  }

  sayTyping(text: string): void {
    if (this.waitingBytes <= outboundBounds.typingBytesMax) this.#push(text, Buffer.byteLength(text));
  }

  noteBehind(conversationId: string, sequence: number): void {
    if (this.#isStopped) return;
    this.behind ??= new Map();
    const known = this.behind.get(conversationId) ?? 0;
    if (sequence > known) this.behind.set(conversationId, sequence);
    if (this.behind.size > outboundBounds.behindConversationsMax) this.#owner.overflowed();
  }

  /** Resolves when there is room for a page; rejects when the connection has ended. */
  room(): Promise<void> {
    if (this.#isStopped) return Promise.reject(ended());
    if (this.isCalm) return Promise.resolve();
    this.#strain();
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** Writes what waits, as far as the peer takes it. */
  flush(): void {
    const queue = this.#queue;
    if (queue === null || this.#isStopped || this.#transport.isBlocked) return;
    // Taken out first: a transport may say within `send` that it has room again.
    this.#queue = null;
    const taken = this.#transport.send(queue);
    if (this.#isStopped) return;
    if (taken === queue.length) {
      this.#queuedBytes = 0;
    } else {
      for (const text of queue.splice(0, taken)) this.#queuedBytes -= Buffer.byteLength(text);
      this.#queue = queue;
    }
    this.#bufferedBytes = this.#transport.bufferedBytes;
    if (this.strainedSinceTick !== 0) this.#settle();
  }

  /** The transport wrote something of what it had kept. */
  drained(): void {
    if (this.#isStopped) return;
    this.#bufferedBytes = this.#transport.bufferedBytes;
    this.flush();
    if (this.strainedSinceTick !== 0) this.#settle();
  }

  /** Forgets what waits: the connection has ended. */
  stop(): void {
    this.#isStopped = true;
    this.#queue = null;
    this.#queuedBytes = 0;
    this.#bufferedBytes = 0;
    this.behind = null;
    this.#room?.reject(ended());
    this.#room = null;
  }

  #push(text: string, bytes: number): void {
    if (this.#isStopped) return;
    if (this.#queue === null) this.#queue = [text];
    else this.#queue.push(text);
    this.#queuedBytes += bytes;
    this.#flusher.add(this);
  }

  #strain(): void {
    if (this.strainedSinceTick === 0) this.strainedSinceTick = this.#owner.tick;
  }

  #settle(): void {
    if (!this.isCalm) return;
    this.strainedSinceTick = 0;
    this.#setReading(true);
    this.#room?.resolve();
    this.#room = null;
    this.#owner.calmed();
  }

  #setReading(isReading: boolean): void {
    if (this.#isReading === isReading) return;
    this.#isReading = isReading;
    this.#transport.setReading(isReading);
  }

  /** False while nothing is read from the peer, so that its silence is ours. */
  get isReading(): boolean {
    return this.#isReading;
  }
}

function ended(): ConfabError {
  return new ConfabError('unavailable', 'The connection has ended.');
}

import type { ClientFrame } from '@confab/protocol';
import type { Timers } from '../client-types.ts';

/** At most one receipt of a conversation in this time. */
const INTERVAL_MS = 1_000;
/** One that was refused for now is said again after this time. */
const REFUSED_MS = 5_000;
/** A receipt that left this shortly before its link was found broken, which takes 33 s, may not have arrived. */
const UNSURE_MS = 45_000;

interface ReceiptBatchPorts {
  readonly timers: Timers;
  /** False where there is no ready link. */
  readonly send: (frame: ClientFrame) => boolean;
}

interface Marks {
  delivered: number;
  read: number;
  sentDelivered: number;
  sentRead: number;
  sentAtMs: number;
  cancel: (() => void) | null;
}

/** Says how far was received and read: rising watermarks, at most one frame a conversation and second. */
export class ReceiptBatch {
  readonly #ports: ReceiptBatchPorts;
  readonly #marks = new Map<string, Marks>();

  constructor(ports: ReceiptBatchPorts) {
    this.#ports = ports;
  }

  note(conversationId: string, news: { readonly delivered?: number; readonly read?: number }): void {
    const marks = this.#marksOf(conversationId);
    marks.delivered = Math.max(marks.delivered, news.delivered ?? 0);
    marks.read = Math.max(marks.read, news.read ?? 0);
    if (marks.cancel === null) this.#flush(conversationId, marks);
  }

  /** A new link: what the last one may have lost is said again, with what came meanwhile. */
  ready(): void {
    for (const [conversationId, marks] of this.#marks) this.#flush(conversationId, marks);
  }

  /** The server could not take a receipt of this conversation. */
  refused(conversationId: string, afterMs: number | null): void {
    const marks = this.#marks.get(conversationId);
    if (marks === undefined) return;
    marks.sentDelivered = 0;
    marks.sentRead = 0;
    this.#arm(conversationId, marks, afterMs ?? REFUSED_MS);
  }

  linkLost(): void {
    const nowMs = this.#ports.timers.now();
    for (const marks of this.#marks.values()) {
      marks.cancel?.();
      marks.cancel = null;
      if (nowMs - marks.sentAtMs > UNSURE_MS) continue;
      marks.sentDelivered = 0;
      marks.sentRead = 0;
    }
  }

  clear(): void {
    for (const marks of this.#marks.values()) marks.cancel?.();
    this.#marks.clear();
  }

  #marksOf(conversationId: string): Marks {
    const known = this.#marks.get(conversationId);
    if (known !== undefined) return known;
    const marks: Marks = { delivered: 0, read: 0, sentDelivered: 0, sentRead: 0, sentAtMs: 0, cancel: null };
    this.#marks.set(conversationId, marks);
    return marks;
  }

  #flush(conversationId: string, marks: Marks): void {
    const isDelivered = marks.delivered > marks.sentDelivered;
    const isRead = marks.read > marks.sentRead;
    if (!isDelivered && !isRead) return;
    const isSent = this.#ports.send({
      type: 'receipt',
      conversationId,
      ...(isDelivered ? { delivered: marks.delivered } : {}),
      ...(isRead ? { read: marks.read } : {}),
    });
    if (!isSent) return;
    marks.sentDelivered = marks.delivered;
    marks.sentRead = marks.read;
    marks.sentAtMs = this.#ports.timers.now();
    this.#arm(conversationId, marks, INTERVAL_MS);
  }

  #arm(conversationId: string, marks: Marks, delayMs: number): void {
    marks.cancel?.();
    marks.cancel = this.#ports.timers.after(delayMs, () => {
      marks.cancel = null;
      this.#flush(conversationId, marks);
    });
  }
}

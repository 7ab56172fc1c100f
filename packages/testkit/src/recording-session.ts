import type { ReceiptNews, StoredEvent } from '@confab/contracts';
import {
  encodePage,
  type EventPagePlan,
  type HeardEvent,
  frameFor,
  type Landed,
  type LocalSession,
  type ResumeSink,
} from '@confab/core';
import type { ConversationSummary, EventPage, Head, LogEvent } from '@confab/protocol';

/** Something a session was told, in the order it was told. */
export type Told =
  | {
      readonly kind: 'ready';
      readonly ownLog: { readonly conversationId: string; readonly head: Head | null };
      readonly landed: readonly Landed[];
    }
  | { readonly kind: 'heads'; readonly items: readonly ConversationSummary[] }
  | { readonly kind: 'event'; readonly event: LogEvent; readonly isLive: boolean }
  | { readonly kind: 'page'; readonly page: EventPage }
  | { readonly kind: 'caught_up' }
  | { readonly kind: 'behind'; readonly conversationId: string; readonly sequence: number }
  | { readonly kind: 'receipt'; readonly news: ReceiptNews }
  | { readonly kind: 'typing'; readonly conversationId: string; readonly userId: string }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'replaced' };

interface SessionOptions {
  readonly userId: string;
  readonly deviceId: string;
  readonly connectionId: string;
  readonly openedAtMs: number;
  /** Told of each thing as it comes. */
  readonly onTold: (told: Told) => void;
}

/**
 * A connection that writes down what it is told. Like the gateway's it does not queue what comes while it resumes, but
 * keeps the highest sequence of each conversation.
 */
export class RecordingSession implements LocalSession, ResumeSink {
  readonly userId: string;
  readonly deviceId: string;
  readonly connectionId: string;
  readonly instanceId: string;
  readonly openedAtMs: number;
  readonly behind = new Map<string, number>();
  readonly told: Told[] = [];
  isLive = false;
  /** A closed session hears nothing more, and ends the resume that speaks to it. */
  isClosed = false;
  readonly #onTold: (told: Told) => void;

  constructor({ userId, deviceId, connectionId, openedAtMs, onTold }: SessionOptions) {
    this.userId = userId;
    this.deviceId = deviceId;
    this.connectionId = connectionId;
    this.instanceId = `${deviceId}-instance`;
    this.openedAtMs = openedAtMs;
    this.#onTold = onTold;
  }

  #tell(told: Told): void {
    if (this.isClosed) return;
    this.told.push(told);
    this.#onTold(told);
  }

  #checkOpen(): void {
    if (this.isClosed) throw new Error('the session is closed');
  }

  receiveEvent(event: HeardEvent): void {
    if (this.isLive) {
      this.#tell({
        kind: 'event',
        event: JSON.parse(frameFor(this.userId, event)) as LogEvent,
        isLive: true,
      });
      return;
    }
    this.#noteBehind(event.conversationId, event.sequence);
  }

  fellBehind(conversationId: string, sequence: number): void {
    if (this.isLive) this.#tell({ kind: 'behind', conversationId, sequence });
    else this.#noteBehind(conversationId, sequence);
  }

  #noteBehind(conversationId: string, sequence: number): void {
    this.behind.set(conversationId, Math.max(sequence, this.behind.get(conversationId) ?? 0));
  }

  receiveReceipt(news: ReceiptNews): void {
    this.#tell({ kind: 'receipt', news });
  }

  receiveTyping(conversationId: string, userId: string): void {
    this.#tell({ kind: 'typing', conversationId, userId });
  }

  deviceRevoked(): void {
    this.#tell({ kind: 'revoked' });
  }

  replaced(): void {
    this.#tell({ kind: 'replaced' });
  }

  async ready(news: Omit<Extract<Told, { kind: 'ready' }>, 'kind'>): Promise<void> {
    this.#checkOpen();
    this.#tell({ kind: 'ready', ...news });
  }

  async heads(items: readonly ConversationSummary[]): Promise<void> {
    this.#checkOpen();
    this.#tell({ kind: 'heads', items });
  }

  async events(events: readonly StoredEvent[]): Promise<void> {
    this.#checkOpen();
    for (const event of events) {
      this.#tell({
        kind: 'event',
        event: JSON.parse(frameFor(this.userId, event)) as LogEvent,
        isLive: false,
      });
    }
  }

  async page(page: EventPagePlan): Promise<void> {
    this.#checkOpen();
    this.#tell({ kind: 'page', page: JSON.parse(encodePage(page, this.userId)) as EventPage });
  }

  caughtUp(): void {
    this.#checkOpen();
    this.isLive = true;
    this.#tell({ kind: 'caught_up' });
  }
}

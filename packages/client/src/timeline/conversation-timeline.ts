import { limits, type Watermarks } from '@confab/protocol';
import { Derived } from '../cell.ts';
import type { Timers } from '../client-types.ts';
import { type ConversationEntry, unwatchedItemsMax } from '../conversations/conversation-entry.ts';
import type { ConversationRecord } from '../conversations/conversation-record.ts';
import { type ChatError, toChatError } from '../errors.ts';
import type { HttpCaller } from '../http/http-caller.ts';
import { trimmed } from '../log/log-window.ts';
import type { SendQueue } from '../queue/send-queue.ts';
import type { ReceiptBatch } from '../receipts/receipt-batch.ts';
import type { SendOptions, Timeline, TimelineView } from '../timeline-types.ts';
import { loadOlderPage } from './history.ts';
import { timelineItems } from './timeline-items.ts';

/** Fewer events than this do not fill a screen. */
const FIRST_PAGE_MIN = 30;

const NOBODY: readonly Watermarks[] = [];

export interface TimelinePorts {
  readonly timers: Timers;
  readonly http: HttpCaller;
  readonly queue: SendQueue;
  readonly receipts: ReceiptBatch;
  readonly me: () => string;
  readonly isReady: () => boolean;
  /** Whether the list of conversations has come, so that an unknown one is none. */
  readonly isListed: () => boolean;
  readonly sendTyping: (conversationId: string) => void;
  readonly timelineItemsMax: number;
}

/** A conversation's messages as the user sees and makes them. */
export class ConversationTimeline implements Timeline {
  readonly conversationId: string;
  readonly #ports: TimelinePorts;
  readonly #entry: ConversationEntry;
  readonly #view: Derived<TimelineView>;
  #loading: Promise<boolean> | null = null;
  #error: ChatError | null = null;
  #wasKnown = false;
  #typingAtMs = Number.NEGATIVE_INFINITY;

  constructor(entry: ConversationEntry, ports: TimelinePorts) {
    this.conversationId = entry.conversationId;
    this.#entry = entry;
    this.#ports = ports;
    this.#view = new Derived((previous) => this.#compute(previous), {
      watched: () => this.#watched(true),
      unwatched: () => this.#watched(false),
    });
    entry.watch(() => {
      this.#view.invalidate();
      this.#fill();
    });
  }

  get get(): Timeline['get'] {
    return this.#view.get;
  }

  get subscribe(): Timeline['subscribe'] {
    return this.#view.subscribe;
  }

  /** The queue or the connection changed. */
  invalidate(): void {
    this.#view.invalidate();
  }

  /** A new link: what could not be loaded is tried again. */
  reconnected(): void {
    this.#error = null;
    this.#view.invalidate();
    this.#fill();
  }

  readonly send = async (
    body: string,
    options: SendOptions = {},
  ): Promise<{ readonly clientMessageId: string }> => {
    const readHere = this.#entry.record?.readHere ?? 0;
    this.#typingAtMs = Number.NEGATIVE_INFINITY;
    return await this.#ports.queue.enqueue(this.conversationId, body, {
      ...options,
      readThrough: readHere > 0 ? readHere : null,
    });
  };

  readonly retry = async (clientMessageId: string): Promise<void> => {
    await this.#ports.queue.retry(this.conversationId, clientMessageId);
  };

  readonly discard = async (clientMessageId: string): Promise<boolean> => {
    return await this.#ports.queue.discard(this.conversationId, clientMessageId);
  };

  readonly loadOlder = async (): Promise<boolean> => {
    const { record } = this.#entry;
    if (record === null || record.window.isWhole) return false;
    if (record.window.events.length >= this.#ports.timelineItemsMax) return false;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
      this.#view.invalidate();
      this.#fill();
    });
    return await this.#loading;
  };

  readonly releaseOlder = (): void => {
    this.#entry.changeWindow(({ window }) => trimmed(window, unwatchedItemsMax));
  };

  readonly markRead = (throughSequence: number): void => {
    const before = this.#entry.record;
    if (before === null || throughSequence <= before.readHere) return;
    this.#entry.read(throughSequence);
    this.#ports.receipts.note(this.conversationId, { read: Math.min(throughSequence, before.head.sequence) });
  };

  readonly typing = (): void => {
    const nowMs = this.#ports.timers.now();
    if (nowMs - this.#typingAtMs < limits.typingShownMs / 2) return;
    this.#typingAtMs = nowMs;
    this.#ports.sendTyping(this.conversationId);
  };

  #watched(isWatched: boolean): void {
    this.#entry.isWatched = isWatched;
    if (isWatched) this.#fill();
    else this.releaseOlder();
  }

  /** Loads the first page where somebody looks at less than a screen. */
  #fill(): void {
    const { record } = this.#entry;
    if (!this.#view.isWatched || record === null || this.#loading !== null || this.#error !== null) return;
    if (record.window.isWhole || record.window.events.length >= FIRST_PAGE_MIN) return;
    this.loadOlder().catch(() => undefined);
  }

  async #load(): Promise<boolean> {
    this.#view.invalidate();
    try {
      const from = this.#entry.record?.window.from;
      await loadOlderPage(this.#ports.http, this.#entry);
      this.#error = null;
      return this.#entry.record?.window.from !== from;
    } catch (thrown) {
      this.#error = toChatError(thrown);
      throw this.#error;
    }
  }

  #compute(previous: TimelineView | undefined): TimelineView {
    const { record } = this.#entry;
    if (record !== null) this.#wasKnown = true;
    const view: TimelineView = {
      conversationId: this.conversationId,
      items: this.#items(record, previous?.items ?? []),
      status: this.#status(),
      hasOlder: record !== null && !record.window.isWhole,
      isLoadingOlder: this.#loading !== null,
      error: this.#error,
      readSequence: record?.unread.floor.sequence ?? 0,
      watermarks: record?.watermarks ?? NOBODY,
    };
    return previous !== undefined && isSame(previous, view) ? previous : view;
  }

  #items(record: ConversationRecord | null, previous: TimelineView['items']): TimelineView['items'] {
    const sources = {
      me: this.#ports.me(),
      events: record?.window.events ?? [],
      pending: this.#ports.queue.entries(this.conversationId),
      watermarks: record?.watermarks ?? NOBODY,
      memberCount: record?.memberCount ?? 0,
    };
    return timelineItems(sources, previous);
  }

  #status(): TimelineView['status'] {
    const { record } = this.#entry;
    if (record === null) return this.#wasKnown || this.#ports.isListed() ? 'gone' : 'loading';
    const isBare = record.window.events.length === 0 && !record.window.isWhole;
    if (isBare) return this.#loading === null ? 'empty' : 'loading';
    return this.#entry.isBehind || !this.#ports.isReady() ? 'stale' : 'current';
  }
}

function isSame(one: TimelineView, other: TimelineView): boolean {
  return (Object.keys(one) as (keyof TimelineView)[]).every((field) => Object.is(one[field], other[field]));
}

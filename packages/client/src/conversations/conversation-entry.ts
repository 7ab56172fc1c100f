import type { ConversationSummary, EventPage, LogEvent, ServerFrameOf } from '@confab/protocol';
import { Derived } from '../cell.ts';
import type { Timers } from '../client-types.ts';
import type { ConversationView } from '../conversation-types.ts';
import { LogFollower, type Position } from '../log/log-follower.ts';
import { trimmed, windowAfter, withNext } from '../log/log-window.ts';
import {
  type ConversationRecord,
  recordOf,
  viewOf,
  withEvent,
  withFloor,
  withRead,
  withSummary,
  withWatermark,
} from './conversation-record.ts';
import { TypingList } from './typing-list.ts';

/** Events kept of a conversation that nobody looks at. */
export const unwatchedItemsMax = 200;

export interface EntryPorts {
  readonly timers: Timers;
  readonly me: () => string;
  readonly requestSync: (conversationId: string, after: string | null) => boolean;
  readonly timelineItemsMax: number;
  /** An event was applied, in order and once. */
  readonly applied: (entry: ConversationEntry, event: LogEvent) => void;
  readonly gone: (entry: ConversationEntry) => void;
  /** It is followed from another place, so events may have been left out. */
  readonly leapt: (entry: ConversationEntry) => void;
  /** Anything of it changed: views and cache are to follow. */
  readonly changed: (entry: ConversationEntry) => void;
}

/** One conversation on this device, known or not: what is known of it, and the follower of its log. */
export class ConversationEntry {
  readonly conversationId: string;
  readonly view: Derived<ConversationView | null>;
  readonly typing: TypingList;
  readonly #ports: EntryPorts;
  readonly #watchers = new Set<() => void>();
  #record: ConversationRecord | null = null;
  #follower: LogFollower | null = null;
  /** The connection, by number, that last named this conversation; and the one its head is from. */
  seenEpoch = 0;
  headEpoch = 0;
  /** Somebody looks at its timeline, so the window is not cut. */
  isWatched = false;

  constructor(conversationId: string, ports: EntryPorts) {
    this.conversationId = conversationId;
    this.#ports = ports;
    this.typing = new TypingList(ports.timers, () => this.#announce());
    this.view = new Derived(() =>
      this.#record === null ? null : viewOf(this.#record, this.typing.users.get()),
    );
  }

  get record(): ConversationRecord | null {
    return this.#record;
  }

  get position(): Position | null {
    return this.#follower?.position ?? null;
  }

  get isBehind(): boolean {
    return this.#follower?.isBehind ?? false;
  }

  /** Calls back, at once and often, when anything of it changed: for marking what is computed from it. */
  watch(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  /** Meets the conversation. `position` is where its log is followed from; the window holds nothing before. */
  adopt(record: ConversationRecord, position: Position): void {
    this.#follower?.stop();
    this.#follower = new LogFollower({
      conversationId: this.conversationId,
      position,
      timers: this.#ports.timers,
      requestSync: this.#ports.requestSync,
      handlers: {
        apply: (event) => this.#apply(event),
        reset: ({ sequence }) => {
          this.#change((held) => ({ ...held, window: windowAfter(sequence) }));
          this.#ports.leapt(this);
        },
        gone: () => this.#ports.gone(this),
        changed: () => this.#announce(),
      },
    });
    this.#record = record;
    this.#follower.noteHead(record.head.sequence);
    this.#announce();
  }

  forget(): void {
    this.#follower?.stop();
    this.#follower = null;
    this.#record = null;
    this.typing.clear();
    this.#announce();
  }

  /** What a list of conversations says. `wasHandedOver`: the server had our cursor, so what we miss comes by itself. */
  summarize(summary: ConversationSummary, epoch: number, wasHandedOver: boolean): void {
    const isNewest = this.headEpoch !== epoch;
    this.#change((record) => withSummary(record, summary, isNewest));
    const { position } = this;
    if (position !== null && isNewest && !wasHandedOver && position.eventId !== summary.head.eventId) {
      this.#follower?.jumpTo({ sequence: summary.head.sequence, eventId: summary.head.eventId });
    } else this.#follower?.noteHead(summary.head.sequence);
    this.headEpoch = epoch;
    this.seenEpoch = epoch;
  }

  /** The whole truth about counts and description; the place in the log stays. */
  correct(summary: ConversationSummary): void {
    this.#change((record) => withSummary(record, summary, true));
    this.#follower?.noteHead(summary.head.sequence);
  }

  arrive(event: LogEvent): void {
    this.#follower?.arrive(event);
  }

  takePage(page: EventPage): void {
    this.#follower?.takePage(page);
    for (const { userId, delivered, read } of page.watermarks ?? []) this.watermark(userId, delivered, read);
  }

  /** The log has grown to here, and the events will not come by themselves. */
  tick(sequence: number): void {
    this.#follower?.noteHead(sequence, true);
  }

  caughtUp(): void {
    this.#follower?.caughtUp();
  }

  connectionLost(): void {
    this.typing.clear();
    this.#follower?.connectionLost();
  }

  syncFailed(error: Parameters<LogFollower['syncFailed']>[0]): void {
    this.#follower?.syncFailed(error);
  }

  receipt(frame: ServerFrameOf<'receipt_event'>): void {
    if (frame.userId !== this.#ports.me()) {
      this.watermark(frame.userId, frame.delivered ?? 0, frame.read ?? 0);
      return;
    }
    const { floor, unread, headSequence, headOrdinal } = frame;
    if (floor === undefined || unread === undefined) return;
    if (headSequence === undefined || headOrdinal === undefined) return;
    const head = { sequence: headSequence, ordinal: headOrdinal };
    this.#change((record) => withFloor(record, { floor, head, unread }));
  }

  watermark(userId: string, delivered: number, read: number): void {
    if (userId === this.#ports.me()) return;
    this.#change((record) => withWatermark(record, { userId, delivered, read }));
  }

  read(through: number): void {
    this.#change((record) => withRead(record, through, this.#ports.me()));
  }

  /** Replaces the window, as after an older page or a cut. */
  changeWindow(next: (record: ConversationRecord) => ConversationRecord['window']): void {
    this.#change((record) => {
      const window = next(record);
      return window === record.window ? record : { ...record, window };
    });
  }

  #apply(event: LogEvent): void {
    const itemsMax = this.isWatched ? this.#ports.timelineItemsMax : unwatchedItemsMax;
    this.#change((record) => {
      const window = withNext(record.window, event);
      // Cutting only at twice the size keeps a long replay from copying the window for every event.
      const isTooLong = window.events.length > (this.isWatched ? itemsMax : 2 * itemsMax);
      return {
        ...withEvent(record, event, this.#ports.me()),
        window: isTooLong ? trimmed(window, itemsMax) : window,
      };
    });
    if (event.type === 'message_event') this.typing.stopped(event.senderId);
    this.#ports.applied(this, event);
  }

  #change(next: (record: ConversationRecord) => ConversationRecord): void {
    if (this.#record === null) return;
    const record = next(this.#record);
    if (record === this.#record) return;
    this.#record = record;
    this.#announce();
  }

  #announce(): void {
    this.view.invalidate();
    for (const watcher of this.#watchers) watcher();
    this.#ports.changed(this);
  }
}

/** The record and place of a conversation that is met for the first time, or again after a while. */
export function firstMeeting(summary: ConversationSummary, firstEvent: LogEvent | undefined) {
  const record = recordOf(summary);
  const head: Position = { sequence: summary.head.sequence, eventId: summary.head.eventId };
  if (firstEvent === undefined || firstEvent.sequence > head.sequence) return { record, position: head };
  // Events came before the summary did. Following begins before them, so that each is applied and told of.
  const before = firstEvent.sequence - 1;
  return {
    record: { ...record, window: windowAfter(before) },
    position: { sequence: before, eventId: null },
  };
}

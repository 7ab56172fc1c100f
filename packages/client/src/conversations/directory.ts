import type { ConversationSummary, EventPage, LogEvent, ServerFrameOf } from '@confab/protocol';
import { Derived } from '../cell.ts';
import type { ClientLogger, Timers } from '../client-types.ts';
import type { ConversationList } from '../conversation-types.ts';
import type { Emitter } from '../emitter.ts';
import { type ChatError, toChatError } from '../errors.ts';
import type { Position } from '../log/log-follower.ts';
import { ConversationEntry, type EntryPorts, firstMeeting } from './conversation-entry.ts';
import type { ConversationRecord } from './conversation-record.ts';
import { OwnLog } from './own-log.ts';

/** A conversation whose summary could not be had is asked for again after this time. */
const MEET_AGAIN_MS = 10_000;
/** Events kept of one conversation while its summary is on the way. What is beyond is synced. */
const EARLY_EVENTS_MAX = 256;

export interface DirectoryPorts {
  readonly timers: Timers;
  readonly logger: ClientLogger;
  readonly emitter: Emitter;
  readonly timelineItemsMax: number;
  readonly me: () => string;
  readonly isCaughtUp: () => boolean;
  readonly requestSync: EntryPorts['requestSync'];
  readonly fetchConversation: (conversationId: string) => Promise<ConversationSummary>;
  /** An event was applied; for the queue, receipts and members. */
  readonly applied: (event: LogEvent) => void;
  /** A conversation was met whose messages this device has not held yet. */
  readonly met: (record: ConversationRecord) => void;
  /** A known conversation is followed from another place; events may have been left out. */
  readonly leapt: (conversationId: string) => void;
  readonly changed: (conversationId: string) => void;
}

/** All conversations of the user on this device, and the user's own log. The one place log events come to. */
export class Directory {
  readonly list: Derived<ConversationList>;
  readonly ownLog: OwnLog;
  readonly #ports: DirectoryPorts;
  readonly #entries = new Map<string, ConversationEntry>();
  /** Events of conversations that wait for the server's summary. */
  readonly #early = new Map<string, LogEvent[]>();
  /** How far conversations reach that wait for it, where that was told. */
  readonly #earlyHeads = new Map<string, number>();
  #handedOver: ReadonlySet<string> = new Set();
  /** The server has our cursors, or will: what it says next is about these places. */
  #isHandingOver = false;
  #source: ConversationList['source'] = 'empty';
  #epoch = 0;

  constructor(ports: DirectoryPorts) {
    this.#ports = ports;
    this.list = new Derived(() => this.#listed());
    this.ownLog = new OwnLog({
      timers: ports.timers,
      requestSync: ports.requestSync,
      joined: (conversationId) => void this.#meetLater(conversationId, []),
      left: (conversationId, sequence) => this.left(conversationId, sequence),
      changed: () => ports.changed(this.ownLog.conversationId ?? ''),
    });
  }

  /** The entry of an id, of a conversation that is known or is not. */
  entry(conversationId: string): ConversationEntry {
    const known = this.#entries.get(conversationId);
    if (known !== undefined) return known;
    const { timers, me, requestSync, timelineItemsMax } = this.#ports;
    const entry = new ConversationEntry(conversationId, {
      timers,
      me,
      requestSync,
      timelineItemsMax,
      applied: (applied, event) => this.#applied(applied, event),
      gone: (gone) => this.remove(gone.conversationId),
      leapt: (leaping) => this.#ports.leapt(leaping.conversationId),
      changed: () => {
        this.list.invalidate();
        this.#ports.changed(conversationId);
      },
    });
    this.#entries.set(conversationId, entry);
    return entry;
  }

  known(): ConversationEntry[] {
    return [...this.#entries.values()].filter(({ record }) => record !== null);
  }

  /** The known ones, newest activity first. */
  byActivity(): ConversationEntry[] {
    return this.known().sort((one, other) => compareActivity(one.record, other.record));
  }

  get isListed(): boolean {
    return this.#source === 'live';
  }

  /** Puts back what was kept on the device. */
  restore(record: ConversationRecord, position: Position): void {
    this.entry(record.conversationId).adopt(record, position);
    this.#source = 'cached';
  }

  /** Forgets everything, as another user begins. */
  clear(): void {
    for (const entry of this.known()) entry.forget();
    this.ownLog.clear();
    this.#early.clear();
    this.#source = 'empty';
    this.list.invalidate();
  }

  /** Cursors by importance: the own log, then conversations with the newest activity. */
  cursors(): { readonly conversationId: string; readonly eventId: string }[] {
    const places = this.byActivity().map(({ conversationId, position }) => ({ conversationId, position }));
    if (this.ownLog.conversationId !== null) {
      places.unshift({ conversationId: this.ownLog.conversationId, position: this.ownLog.position });
    }
    return places.flatMap(({ conversationId, position }) =>
      position === null || position.eventId === null ? [] : [{ conversationId, eventId: position.eventId }],
    );
  }

  /** These conversations' cursors go with the next `authenticate`; until `ready` they stay as they are. */
  handOver(conversationIds: readonly string[]): void {
    this.#handedOver = new Set(conversationIds);
    this.#isHandingOver = true;
  }

  ready(frame: ServerFrameOf<'ready'>): void {
    this.#epoch += 1;
    this.#isHandingOver = false;
    this.ownLog.ready(frame.ownLog, this.#handedOver.has(frame.ownLog.conversationId));
  }

  /** Another list of all conversations is on its way, on the same connection: what is followed stays where it is. */
  listBegins(): void {
    this.#epoch += 1;
    this.#handedOver = new Set(this.known().map(({ conversationId }) => conversationId));
  }

  heads(frame: ServerFrameOf<'heads'>): void {
    for (const summary of frame.items) this.upsert(summary);
    if (frame.next === true) return;
    // The pages together name all memberships; what none of them named is left or lost.
    for (const entry of this.known()) {
      if (entry.seenEpoch !== this.#epoch) this.remove(entry.conversationId);
    }
    this.#source = 'live';
    this.list.invalidate();
  }

  /** What the server says of a conversation, in a list or by itself. */
  upsert(summary: ConversationSummary): ConversationEntry {
    const entry = this.entry(summary.conversationId);
    const early = this.#takeEarly(summary.conversationId);
    if (entry.record === null) this.#meet(entry, summary, early[0]);
    else entry.summarize(summary, this.#epoch, this.#handedOver.has(summary.conversationId));
    for (const event of early) entry.arrive(event);
    const earlyHead = this.#earlyHeads.get(summary.conversationId);
    this.#earlyHeads.delete(summary.conversationId);
    if (earlyHead !== undefined) entry.tick(earlyHead);
    return entry;
  }

  /** A log event, live, replayed or from an answer. */
  arrive(event: LogEvent): void {
    // An answer over HTTP that overtakes the list would be taken back by it; the resume brings the event again.
    if (this.#isHandingOver) return;
    if (this.ownLog.owns(event.conversationId)) {
      this.ownLog.arrive(event);
      return;
    }
    const entry = this.entry(event.conversationId);
    if (entry.record === null) {
      // The user left; this is the echo.
      if (this.#isOwnLeaving(event)) return;
      if (!this.#hold(event)) void this.#meetLater(event.conversationId, [event]);
      return;
    }
    // Without our cursor the server cannot tell us that its history is another now; its list, on the way, can.
    const isPlaced = entry.seenEpoch === this.#epoch || this.#handedOver.has(event.conversationId);
    if (isPlaced) entry.arrive(event);
    else if (!this.#hold(event)) this.#early.set(event.conversationId, [event]);
  }

  takePage(page: EventPage): void {
    const counted = this.#entries.get(page.conversationId)?.record?.head.sequence ?? 0;
    if (this.ownLog.owns(page.conversationId)) this.ownLog.takePage(page);
    else this.entry(page.conversationId).takePage(page);
    if (page.reset !== true || page.head === null) return;
    // While catching up, the list that came before has said what a reset leaves open, where the page begins at its head.
    const isCounted = (page.events[0]?.sequence ?? page.head.sequence + 1) <= counted + 1;
    if (this.#ports.isCaughtUp() || !isCounted) void this.#correct(page.conversationId);
  }

  /** A log has grown to here. Events on this connection come in order, so what is missing will not come by itself. */
  tick(conversationId: string, sequence: number): void {
    if (this.ownLog.owns(conversationId)) {
      this.ownLog.noteHead(sequence);
      return;
    }
    const entry = this.entry(conversationId);
    if (entry.record !== null) {
      entry.tick(sequence);
      return;
    }
    // Its summary is on the way, perhaps from before that, or nothing has told of it yet.
    this.#earlyHeads.set(conversationId, Math.max(sequence, this.#earlyHeads.get(conversationId) ?? 0));
    void this.#meetLater(conversationId, []);
  }

  syncFailed(conversationId: string, error: ChatError): void {
    if (this.ownLog.owns(conversationId)) this.ownLog.syncFailed(error);
    else this.entry(conversationId).syncFailed(error);
  }

  caughtUp(): void {
    this.ownLog.caughtUp();
    for (const entry of this.known()) entry.caughtUp();
  }

  connectionLost(): void {
    this.ownLog.connectionLost();
    this.#early.clear();
    this.#earlyHeads.clear();
    for (const entry of this.known()) entry.connectionLost();
  }

  remove(conversationId: string): void {
    const entry = this.#entries.get(conversationId);
    this.#early.delete(conversationId);
    if (entry === undefined || entry.record === null) return;
    entry.forget();
    this.#ports.emitter.emit('conversation_removed', { conversationId });
  }

  /** The user left by the event at a sequence. */
  left(conversationId: string, sequence: number): void {
    const record = this.#entries.get(conversationId)?.record ?? null;
    // What is known beyond the leaving was learned after coming back.
    if (record !== null && record.head.sequence <= sequence) this.remove(conversationId);
  }

  #meet(entry: ConversationEntry, summary: ConversationSummary, firstEvent: LogEvent | undefined): void {
    const { record, position } = firstMeeting(summary, firstEvent);
    entry.seenEpoch = this.#epoch;
    entry.headEpoch = this.#epoch;
    entry.adopt(record, position);
    this.#ports.met(record);
    const view = entry.view.get();
    if (view === null || this.#source === 'empty') return;
    this.#ports.emitter.emit('conversation_added', { conversation: view });
  }

  /** Keeps an event for a summary that was asked for already. False where none was. */
  #hold(event: LogEvent): boolean {
    const early = this.#early.get(event.conversationId);
    if (early !== undefined && early.length < EARLY_EVENTS_MAX) early.push(event);
    return early !== undefined;
  }

  #takeEarly(conversationId: string): LogEvent[] {
    const early = this.#early.get(conversationId) ?? [];
    this.#early.delete(conversationId);
    return early.sort((one, other) => one.sequence - other.sequence);
  }

  /** Asks for the summary of a conversation that was heard of first in another way. */
  async #meetLater(conversationId: string, events: readonly LogEvent[]): Promise<void> {
    if (this.entry(conversationId).record !== null || this.#early.has(conversationId)) return;
    this.#early.set(conversationId, [...events]);
    const summary = await this.#fetch(conversationId);
    if (summary === 'later') this.#meetAgain(conversationId);
    else if (summary === null) this.#early.delete(conversationId);
    else this.upsert(summary);
  }

  /** The server could not be asked; the conversation is there all the same. */
  #meetAgain(conversationId: string): void {
    const early = this.#early.get(conversationId);
    this.#ports.timers.after(MEET_AGAIN_MS, () => {
      // After another connection its list has named it.
      if (early === undefined || this.#early.get(conversationId) !== early) return;
      this.#early.delete(conversationId);
      void this.#meetLater(conversationId, early);
    });
  }

  /** After a reset in mid-life: the counts are to be the server's again. */
  async #correct(conversationId: string): Promise<void> {
    const entry = this.entry(conversationId);
    let summary = await this.#fetch(conversationId);
    if (summary === 'later') {
      this.#ports.timers.after(MEET_AGAIN_MS, () => {
        if (this.#ports.isCaughtUp()) void this.#correct(conversationId);
      });
      return;
    }
    // Events that overtook the answer would be forgotten by taking it over.
    if (summary !== null && summary.head.sequence < (entry.position?.sequence ?? 0)) {
      summary = await this.#fetch(conversationId);
    }
    if (summary !== null && summary !== 'later') entry.correct(summary);
  }

  /** Null: there is none. `later`: it was not to be had. */
  async #fetch(conversationId: string): Promise<ConversationSummary | 'later' | null> {
    try {
      return await this.#ports.fetchConversation(conversationId);
    } catch (thrown) {
      const { code } = toChatError(thrown);
      if (code === 'not_found') {
        this.remove(conversationId);
        return null;
      }
      this.#ports.logger.warn('conversation not read', { conversationId, code });
      return 'later';
    }
  }

  #applied(entry: ConversationEntry, event: LogEvent): void {
    const me = this.#ports.me();
    const { emitter } = this.#ports;
    entry.headEpoch = this.#epoch;
    this.#ports.applied(event);
    emitter.emit('event', event);
    if (event.type === 'message_event') {
      emitter.emit('message', {
        message: event,
        own: event.senderId === me,
        mentioned: event.senderId !== me && (event.mentions ?? []).includes(me),
        live: this.#ports.isCaughtUp(),
        conversation: entry.view.get(),
      });
    }
    const head = entry.record?.head.sequence ?? 0;
    if (this.#isOwnLeaving(event) && head <= event.sequence) this.remove(entry.conversationId);
  }

  #isOwnLeaving(event: LogEvent): boolean {
    if (event.type !== 'member_event' || (event.change !== 'left' && event.change !== 'removed'))
      return false;
    return event.members.some(({ userId }) => userId === this.#ports.me());
  }

  #listed(): ConversationList {
    const items = this.byActivity().flatMap(({ view }) => view.get() ?? []);
    const unread = items.reduce((sum, item) => sum + item.unread, 0);
    const mentions = items.reduce((sum, item) => sum + item.mentions, 0);
    return { items, source: this.#source, unread, mentions };
  }
}

/** Newest activity first; the id decides between equals so that the list does not dance. */
function compareActivity(one: ConversationRecord | null, other: ConversationRecord | null): number {
  const [oneTime, otherTime] = [one?.head.sentAt ?? '', other?.head.sentAt ?? ''];
  if (oneTime !== otherTime) return oneTime < otherTime ? 1 : -1;
  return (one?.conversationId ?? '') < (other?.conversationId ?? '') ? -1 : 1;
}

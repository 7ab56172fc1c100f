import type { ConversationLog, IdempotencyKey } from '@confab/contracts';
import { type DeliveryTier, type LogHead, tierOf } from '@confab/conversation';
import { type ConversationSummary, limits, parseEventId, utf8Length } from '@confab/protocol';
import type { Landed, ResumeRequest, ResumeSink } from '../face/chat.ts';
import type { Access, ConversationIds, ReadableRange } from '../membership/access.ts';
import { headOf, type ListEntry, type Summaries } from '../conversations/summaries.ts';
import type { LocalSessions } from '../delivery/local-sessions.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { Pages } from './pages.ts';
import { endOf, headOfLog, replayStart } from './replay.ts';

/** Conversations described at once while the list is told. */
const DESCRIBED_AT_ONCE = 100;

interface ResumeOptions {
  readonly log: ConversationLog;
  readonly reader: LogReader;
  readonly access: Access;
  readonly ids: ConversationIds;
  readonly summaries: Summaries;
  readonly pages: Pages;
  readonly sessions: LocalSessions;
  readonly tiers: readonly DeliveryTier[];
  /** Told of a conversation in which a send of unknown end has landed: nobody may have been told of it. */
  readonly onLanded: (conversationId: string) => void;
}

/**
 * Brings a device level, from nothing but what it hands over: what landed, the list, what its cursors missed, then
 * what came in meanwhile - backfill, cut over, live. Any node can do it, after any absence.
 */
export class Resume {
  readonly #options: ResumeOptions;

  constructor(options: ResumeOptions) {
    this.#options = options;
  }

  async run(request: ResumeRequest, sink: ResumeSink): Promise<{ conversations: number; replayed: number }> {
    const { ids, log, summaries } = this.#options;
    const ownLogId = ids.ownLog(request.userId);
    const [landed, ownHead] = await Promise.all([this.#landed(request), headOfLog(log, ownLogId)]);
    const ownLog = { conversationId: ownLogId, head: ownHead === null ? null : headOf(ownHead) };
    await sink.ready({ ownLog, landed });
    const entries = await summaries.entries(request.userId);
    const told = await this.#tellHeads(request.userId, entries, sink);
    const run = new ResumeRun(this.#options, request.userId, sink);
    if (ownHead !== null) run.reached.set(ownLogId, ownHead.sequence);
    for (const { conversationId, head } of told) run.reached.set(conversationId, head.sequence);
    this.#noteHanded(ownLogId, ownHead?.sequence ?? 0, told);
    await this.#hearLarge(request.userId, told, sink);
    for (const [conversationId, cursor] of inOrder(request.cursors, ownLogId)) {
      await run.replay(conversationId, cursor);
    }
    await run.cutOver();
    return { conversations: entries.length, replayed: run.replayed };
  }

  async #landed(request: ResumeRequest): Promise<readonly Landed[]> {
    const { userId } = request;
    const byConversation = new Map<string, IdempotencyKey[]>();
    for (const [conversationId, clientMessageId] of request.pending) {
      const keys = byConversation.get(conversationId) ?? [];
      byConversation.set(conversationId, [...keys, { userId, clientMessageId }]);
    }
    const landed: Landed[] = [];
    for (const [conversationId, keys] of byConversation) {
      const found = await this.#options.log.findByClientIds(conversationId, keys);
      if (found.some((hit) => hit !== null)) this.#options.onLanded(conversationId);
      for (const hit of found) {
        if (hit === null) continue;
        const { clientMessageId, eventId, sequence, sentAt } = hit.event;
        landed.push([conversationId, clientMessageId, eventId, sequence, sentAt]);
      }
    }
    return landed;
  }

  #noteHanded(ownLogId: string, ownSequence: number, told: readonly ConversationSummary[]): void {
    const { handed } = this.#options.sessions;
    handed.note(ownLogId, ownSequence);
    for (const { conversationId, head } of told) handed.note(conversationId, head.sequence);
  }

  /** Conversations whose members are not looked up one by one: what they came to meanwhile is read at the end. */
  async #hearLarge(userId: string, told: readonly ConversationSummary[], sink: ResumeSink): Promise<void> {
    const { sessions, tiers } = this.#options;
    // One that has shrunk below its tier is followed on as long as anybody here is in it.
    const large = told.filter(
      ({ conversationId, type, memberCount }) =>
        tierOf(tiers, type, memberCount).delivery !== 'push' || sessions.followersOf(conversationId) !== null,
    );
    await Promise.all(
      large.map(async ({ conversationId, head }) => {
        const through = await sessions.listen(conversationId, userId);
        if (through > head.sequence)
          sink.behind.set(conversationId, Math.max(through, sink.behind.get(conversationId) ?? 0));
      }),
    );
  }

  /** Tells the list; gives what was told, which leaves out what the user was removed from meanwhile. */
  async #tellHeads(
    userId: string,
    entries: readonly ListEntry[],
    sink: ResumeSink,
  ): Promise<readonly ConversationSummary[]> {
    const told: ConversationSummary[] = [];
    let items: ConversationSummary[] = [];
    let bytes = 0;
    for (let from = 0; from < entries.length; from += DESCRIBED_AT_ONCE) {
      const described = await this.#options.summaries.describe(
        userId,
        entries.slice(from, from + DESCRIBED_AT_ONCE),
      );
      for (const item of described) {
        const size = utf8Length(JSON.stringify(item));
        if (items.length > 0 && bytes + size > limits.headsPageBytesMax - 64) {
          await sink.heads(items, true);
          items = [];
          bytes = 0;
        }
        items.push(item);
        told.push(item);
        bytes += size + 1;
      }
    }
    await sink.heads(items, false);
    return told;
  }
}

/** The user's own log first: it tells of conversations joined and left. Each conversation once. */
function inOrder(cursors: readonly string[], ownLogId: string): ReadonlyMap<string, string> {
  const byConversation = new Map<string, string>();
  for (const cursor of cursors) byConversation.set(conversationOf(cursor), cursor);
  const own = byConversation.get(ownLogId);
  byConversation.delete(ownLogId);
  return own === undefined ? byConversation : new Map([[ownLogId, own], ...byConversation]);
}

/** Of a cursor whose sequence no log can have, too: its device has to be told to start afresh. */
function conversationOf(cursor: string): string {
  return parseEventId(cursor)?.conversationId ?? cursor.slice(0, cursor.indexOf('.'));
}

class ResumeRun {
  /** How far the device is or knows of: replayed, or said in its list. */
  readonly reached = new Map<string, number>();
  replayed = 0;
  readonly #options: ResumeOptions;
  readonly #userId: string;
  readonly #sink: ResumeSink;

  constructor(options: ResumeOptions, userId: string, sink: ResumeSink) {
    this.#options = options;
    this.#userId = userId;
    this.#sink = sink;
  }

  /** What one cursor missed: events, or a fresh start. */
  async replay(conversationId: string, cursor: string): Promise<void> {
    const { access, log, reader } = this.#options;
    // The head first: who is a member after it was read may see all up to it.
    const head = await headOfLog(log, conversationId);
    const range = await access.readable(conversationId, this.#userId);
    if (range === null || head === null) return await this.#drop(conversationId);
    const start = await replayStart(reader, cursor, range, head);
    if (start.kind === 'after')
      return await this.#replayFrom(conversationId, start.sequence, endOf(range, head));
    await this.#reset(conversationId, range, head);
  }

  /** There is nothing of this conversation for the device any more. */
  async #drop(conversationId: string): Promise<void> {
    await this.#sink.page({ conversationId, events: [], head: null, reset: true, watermarks: [] });
  }

  /** A fresh start: what the device has does not lead to what it may see now. */
  async #reset(conversationId: string, range: ReadableRange, head: LogHead): Promise<void> {
    if (range.to !== null) return await this.#drop(conversationId);
    const request = { conversationId, userId: this.#userId, limit: limits.pageItemsDefault };
    const page = await this.#options.pages.resetPage(request, range, head);
    this.reached.set(conversationId, head.sequence);
    await this.#sink.page(page);
  }

  async #replayFrom(conversationId: string, after: number, through: number): Promise<void> {
    let reached = after;
    while (reached < through) {
      const events = await this.#options.reader.above(conversationId, reached, through, limits.pageItemsMax);
      const last = events.at(-1);
      if (last === undefined) break;
      await this.#sink.events(events);
      for (const event of events) this.#options.sessions.noteJoin(event);
      this.replayed += events.length;
      reached = last.sequence;
    }
    this.reached.set(conversationId, reached);
  }

  /** Reads what was delivered meanwhile from the log, until in one turn nothing is left; then it is live. */
  async cutOver(): Promise<void> {
    const { behind } = this.#sink;
    while (behind.size > 0) {
      // What comes in meanwhile joins the round.
      for (const [conversationId, through] of behind) {
        await this.#level(conversationId, through);
        const reached = this.reached.get(conversationId) ?? through;
        if ((behind.get(conversationId) ?? 0) <= reached) behind.delete(conversationId);
      }
    }
    this.#sink.caughtUp();
  }

  async #level(conversationId: string, through: number): Promise<void> {
    const known = this.reached.get(conversationId);
    if (known !== undefined && known >= through) return;
    const { access, log } = this.#options;
    const head = await headOfLog(log, conversationId);
    const range = await access.readable(conversationId, this.#userId);
    const end = range === null ? 0 : Math.min(through, range.to ?? through);
    // Of a conversation that was not in the list: from the join, or the end of the membership alone.
    const first = range === null ? through : range.to === null ? range.from - 1 : end - 1;
    if (range !== null && head !== null && known !== undefined && known < range.from - 1) {
      // Removed and back again since: what lies between is not for this device.
      await this.#reset(conversationId, range, head);
    } else {
      const from = known ?? first;
      if (from < end) await this.#replayFrom(conversationId, from, end);
    }
    this.reached.set(conversationId, Math.max(through, this.reached.get(conversationId) ?? 0));
  }
}

import type { ConversationLog } from '@confab/contracts';
import { type ConversationSummary, limits, parseEventId } from '@confab/protocol';
import type { Landed, ResumeRequest, ResumeSink } from '../face/chat.ts';
import type { Access, ConversationIds } from '../membership/access.ts';
import { headOf, type ListEntry, type Summaries } from '../conversations/summaries.ts';
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
    await this.#tellHeads(request.userId, entries, sink);
    const run = new ResumeRun(this.#options, request.userId, sink);
    if (ownHead !== null) run.reached.set(ownLogId, ownHead.sequence);
    for (const { conversationId, head } of entries) run.reached.set(conversationId, head.sequence);
    for (const cursor of inOrder(request.cursors, ownLogId)) await run.replay(cursor);
    await run.cutOver();
    return { conversations: entries.length, replayed: run.replayed };
  }

  async #landed(request: ResumeRequest): Promise<readonly Landed[]> {
    const byConversation = Map.groupBy(request.pending, ([conversationId]) => conversationId);
    const landed: Landed[] = [];
    for (const [conversationId, pending] of byConversation) {
      const keys = pending.map(([, clientMessageId]) => ({ userId: request.userId, clientMessageId }));
      const found = await this.#options.log.findByClientIds(conversationId, keys);
      for (const hit of found) {
        if (hit === null) continue;
        const { clientMessageId, eventId, sequence, sentAt } = hit.event;
        landed.push([conversationId, clientMessageId, eventId, sequence, sentAt]);
      }
    }
    return landed;
  }

  async #tellHeads(userId: string, entries: readonly ListEntry[], sink: ResumeSink): Promise<void> {
    let items: ConversationSummary[] = [];
    let bytes = 0;
    for (let from = 0; from < entries.length; from += DESCRIBED_AT_ONCE) {
      const described = await this.#options.summaries.describe(userId, entries.slice(from, from + DESCRIBED_AT_ONCE));
      for (const item of described) {
        const size = JSON.stringify(item).length;
        if (items.length > 0 && bytes + size > limits.headsPageBytesMax - 64) {
          await sink.heads(items, true);
          items = [];
          bytes = 0;
        }
        items.push(item);
        bytes += size + 1;
      }
    }
    await sink.heads(items, false);
  }
}

/** The user's own log first: it tells of conversations joined and left. Each conversation once. */
function inOrder(cursors: readonly string[], ownLogId: string): readonly string[] {
  const byConversation = new Map<string, string>();
  for (const cursor of cursors) {
    const place = parseEventId(cursor);
    if (place !== null) byConversation.set(place.conversationId, cursor);
  }
  const own = byConversation.get(ownLogId);
  byConversation.delete(ownLogId);
  return own === undefined ? [...byConversation.values()] : [own, ...byConversation.values()];
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
  async replay(cursor: string): Promise<void> {
    const { access, log, pages, reader } = this.#options;
    const conversationId = parseEventId(cursor)?.conversationId ?? '';
    const range = await access.readable(conversationId, this.#userId);
    const head = range === null ? null : await headOfLog(log, conversationId);
    if (range === null || head === null) {
      await this.#sink.page({ conversationId, events: [], head: null, reset: true, watermarks: [] });
      return;
    }
    const start = await replayStart(reader, cursor, range, head);
    if (start.kind === 'after') {
      await this.#replayFrom(conversationId, start.sequence, endOf(range, head));
      return;
    }
    if (range.to !== null) {
      await this.#sink.page({ conversationId, events: [], head: null, reset: true, watermarks: [] });
      return;
    }
    const page = await pages.resetPage({ conversationId, userId: this.#userId, limit: limits.pageItemsDefault }, range);
    this.reached.set(conversationId, page.head?.sequence ?? 0);
    await this.#sink.page(page);
  }

  async #replayFrom(conversationId: string, after: number, through: number): Promise<void> {
    let reached = after;
    while (reached < through) {
      const page = await this.#options.reader.above(conversationId, reached, through, limits.pageItemsMax);
      const events = page.filter((event) => event.sequence <= through);
      const last = events.at(-1);
      if (last === undefined) break;
      await this.#sink.events(events);
      this.replayed += events.length;
      reached = last.sequence;
    }
    this.reached.set(conversationId, reached);
  }

  /** Reads what was delivered meanwhile from the log, until in one turn nothing is left; then it is live. */
  async cutOver(): Promise<void> {
    const { behind } = this.#sink;
    while (behind.size > 0) {
      for (const [conversationId, through] of [...behind]) {
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
    const range = await this.#options.access.readable(conversationId, this.#userId);
    const end = range === null ? 0 : Math.min(through, range.to ?? through);
    const from = known ?? (range === null ? through : range.from - 1);
    if (from < end) await this.#replayFrom(conversationId, from, end);
    this.reached.set(conversationId, Math.max(through, this.reached.get(conversationId) ?? 0));
  }
}

import type { Clock, ConversationLog, ReceiptNews, Views } from '@confab/contracts';
import { conversationIdPrefix, type DeliveryTier, type LogHead, tierOf } from '@confab/conversation';
import { ConfabError, limits, parseEventId, type Watermarks } from '@confab/protocol';
import type { EventPagePlan } from '../face/chat.ts';
import type { Access, ReadableRange } from '../membership/access.ts';
import { headOf } from '../conversations/summaries.ts';
import type { LocalSessions } from '../delivery/local-sessions.ts';
import type { HeardEvent, LocalSession } from '../face/local-session.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { ToldMembers } from '../membership/told-members.ts';
import type { Receipts } from '../receipts/receipts.ts';
import { endOf, headOfLog, replayStart, type ReplayStart } from './replay.ts';

/** One question of a member for the events after a cursor. */
export interface PageRequest {
  readonly conversationId: string;
  readonly userId: string;
  /** A cursor, or a bare sequence. Null: the newest page, to start afresh with. */
  readonly after: string | number | null;
  readonly limit: number;
}

interface PagesOptions {
  readonly views: Views;
  readonly toldMembers: ToldMembers;
  readonly tiers: readonly DeliveryTier[];
  readonly log: ConversationLog;
  readonly reader: LogReader;
  readonly access: Access;
  readonly receipts: Receipts;
  readonly sessions: LocalSessions;
  readonly clock: Clock;
}

/** Pages of a log after a cursor, for syncing and the long poll. */
export class Pages {
  readonly #options: PagesOptions;

  constructor(options: PagesOptions) {
    this.#options = options;
  }

  async page(request: PageRequest): Promise<EventPagePlan> {
    const { conversationId, userId, after } = request;
    if (typeof after === 'string' && parseEventId(after)?.conversationId !== conversationId) {
      throw new ConfabError('invalid', 'Field after names an event of another conversation.');
    }
    const { access, log, reader, sessions } = this.#options;
    await this.#hear(conversationId, userId);
    // The head first: who is a member after it was read may see all up to it.
    const head = await headOfLog(log, conversationId);
    const range = await access.readable(conversationId, userId);
    if (range === null || range.to !== null || head === null) throw new ConfabError('not_found');
    const start = await this.#startOf(after, range, head);
    // Other sessions of the asker here may know less, where word of their joining was lost.
    if (sessions.of(userId).length > 0) sessions.handed.note(conversationId, range.from);
    if (start.kind === 'reset') return await this.resetPage(request, range, head);
    const events =
      start.sequence >= head.sequence
        ? []
        : await reader.above(conversationId, start.sequence, head.sequence, request.limit);
    if (sessions.of(userId).length > 0) for (const event of events) sessions.noteJoin(event);
    const watermarks = await this.#watermarks(conversationId, userId);
    return { conversationId, events, head: headOf(head), reset: false, watermarks };
  }

  /**
   * The asker's sessions here follow the conversation from here on, whatever of their joining it was lost. First, so
   * that what comes after the page is heard.
   */
  async #hear(conversationId: string, userId: string): Promise<void> {
    const { access, sessions, tiers, views } = this.#options;
    if (sessions.of(userId).length === 0 || !conversationId.startsWith(conversationIdPrefix.group)) return;
    if (sessions.followersOf(conversationId) === null) {
      const [row] = await views.getMany('conversation', [{ partition: conversationId, key: '' }]);
      if (row === undefined || tierOf(tiers, 'group', row.value.memberCount).delivery === 'push') return;
      // Whoever names it must not make this node read all of its members.
      if ((await access.readable(conversationId, userId))?.to !== null) return;
    }
    await sessions.listen(conversationId, userId);
  }

  /** A cursor is checked against the log; a bare sequence is a place in whatever log there is. */
  async #startOf(after: PageRequest['after'], range: ReadableRange, head: LogHead): Promise<ReplayStart> {
    if (after === null) return { kind: 'reset' };
    if (typeof after === 'number') return { kind: 'after', sequence: Math.max(after, range.from - 1) };
    return await replayStart(this.#options.reader, after, range, head);
  }

  /** The newest events of a range, to replace what the reader has. */
  async resetPage(
    request: Pick<PageRequest, 'conversationId' | 'userId' | 'limit'>,
    range: ReadableRange,
    head: LogHead,
  ): Promise<EventPagePlan> {
    const { conversationId, userId, limit } = request;
    const { reader } = this.#options;
    const events = await reader.newest(conversationId, range.from - 1, endOf(range, head), limit);
    const watermarks = await this.#watermarks(conversationId, userId);
    return { conversationId, events, head: headOf(head), reset: true, watermarks };
  }

  /** The other members' watermarks where the tier tells them. */
  async #watermarks(conversationId: string, userId: string): Promise<readonly Watermarks[]> {
    const { receipts, toldMembers } = this.#options;
    const members = await toldMembers.of(conversationId, (tier) => tier.receipts === 'everyone');
    const others = (members ?? []).filter((memberId) => memberId !== userId);
    const cursors = await receipts.cursors(others.map((memberId) => ({ conversationId, userId: memberId })));
    return cursors.flatMap((cursor) =>
      cursor === null ? [] : [{ userId: cursor.userId, delivered: cursor.delivered, read: cursor.read }],
    );
  }

  /**
   * A page that waits for news where there are none: until the time is up, or the asker has gone. It listens first and
   * reads then, so that an event is in the page or heard.
   */
  async waitForPage(request: PageRequest, wait: Wait): Promise<EventPagePlan> {
    if (wait.waitMs === 0) return await this.page(request);
    const { sessions, clock } = this.#options;
    if (sessions.of(request.userId).length >= limits.sessionsPerUserMax) {
      throw new ConfabError('rate_limited', 'Too many connections and polls of one user.', {
        afterMs: 1_000,
      });
    }
    const waiter = new NewsWaiter(request.userId, wait.deviceId, request.conversationId);
    try {
      await sessions.attach(waiter);
      const page = await this.page(request);
      if (page.events.length > 0 || page.reset) return page;
      waiter.waitAbove(page.head?.sequence ?? 0);
      const due = new Promise<void>((resolve) => waiter.onEnd(clock.after(wait.waitMs, resolve)));
      await Promise.race([waiter.news, due, ...(wait.gone === null ? [] : [wait.gone])]);
      if (waiter.isRevoked) throw new ConfabError('session_ended');
      return await this.page(request);
    } finally {
      waiter.end();
      await sessions.detach(waiter);
    }
  }
}

/** How long a poll waits, for which device, and what ends it early. */
export interface Wait {
  readonly waitMs: number;
  readonly deviceId: string;
  readonly gone: Promise<void> | null;
}

let pollCount = 0;

/** A long poll, heard as a session of its own. */
class NewsWaiter implements LocalSession {
  readonly userId: string;
  readonly deviceId: string;
  readonly instanceId = null;
  readonly openedAtMs = 0;
  isRevoked = false;
  readonly connectionId: string;
  readonly news: Promise<void>;
  readonly #conversationId: string;
  /** How far the asker's page reaches: what stands above it is news. Nothing is while it is being read. */
  #through = Number.POSITIVE_INFINITY;
  /** How far the conversation was said to reach. */
  #told = 0;
  #wake: () => void = () => undefined;
  #cancel: () => void = () => undefined;

  constructor(userId: string, deviceId: string, conversationId: string) {
    pollCount += 1;
    this.connectionId = `poll-${pollCount}`;
    this.userId = userId;
    this.deviceId = deviceId;
    this.#conversationId = conversationId;
    this.news = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  onEnd(cancel: () => void): void {
    this.#cancel = cancel;
  }

  end(): void {
    this.#cancel();
  }

  /** A node that begins to follow says how far the conversation reaches, which the page may have told already. */
  waitAbove(sequence: number): void {
    this.#through = sequence;
    this.#hear(this.#conversationId, this.#told);
  }

  receiveEvent(event: HeardEvent): void {
    this.#hear(event.conversationId, event.sequence);
  }

  fellBehind(conversationId: string, sequence: number): void {
    this.#hear(conversationId, sequence);
  }

  #hear(conversationId: string, sequence: number): void {
    if (conversationId !== this.#conversationId) return;
    this.#told = Math.max(this.#told, sequence);
    if (this.#told > this.#through) this.#wake();
  }

  receiveReceipt(_news: ReceiptNews): void {}

  receiveTyping(_conversationId: string, _userId: string): void {}

  replaced(): void {}

  deviceRevoked(): void {
    this.isRevoked = true;
    this.#wake();
  }
}

/** The page size asked for, or the default. */
export function limitOf(asked: number | undefined): number {
  return asked ?? limits.pageItemsDefault;
}

import {
  unreadAfterEvent,
  unreadAfterRead,
  unreadFrom,
  unreadOf,
  type UnreadState,
} from '@confab/conversation';
import { type Caller, Lane, type RequestContext } from '@confab/core';
import {
  type ConversationSummary,
  ConfabError,
  type EventPage,
  limits,
  type LogEvent,
  type RequestOf,
  type Verb,
} from '@confab/protocol';
import { DeviceLog } from './device-log.ts';
import { RecordingSession, type Told } from './recording-session.ts';
import type { DrivenClock } from './driven-clock.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { TestReply, TestUser } from './cluster-world.ts';
import type { TestNode } from './test-node.ts';

/** A message as its sender keeps it until it is acknowledged. */
export interface PendingSend {
  readonly conversationId: string;
  readonly clientMessageId: string;
  readonly body: string;
}

/** A promise the server made. */
export interface Acknowledged extends PendingSend {
  readonly messageId: string;
  readonly sequence: number;
}

interface DeviceOptions {
  readonly cluster: {
    readonly random: SeededRandom;
    readonly clock: DrivenClock;
    node(index: number): TestNode;
  };
  readonly user: TestUser;
  readonly deviceId: string;
}

/**
 * A device as a client would be: it applies what it is told by the three-way compare, keeps its cursors, follows its
 * unread counts, and goes on with both after any disconnect.
 */
export class TestDevice {
  readonly user: TestUser;
  readonly deviceId: string;
  readonly logs = new Map<string, DeviceLog>();
  readonly unread = new Map<string, UnreadState>();
  readonly summaries = new Map<string, ConversationSummary>();
  /** Sends without an acknowledgement, in the order sent. */
  readonly pending = new Map<string, PendingSend>();
  readonly acknowledged: Acknowledged[] = [];
  /** Conversations with a hole before the last event that came, or without a summary: `level` fills them. */
  readonly behind = new Set<string>();
  readonly sessions: RecordingSession[] = [];
  readonly #cluster: DeviceOptions['cluster'];
  #node: TestNode | null = null;
  #lanes = new Map<string, Lane>();

  constructor({ cluster, user, deviceId }: DeviceOptions) {
    this.#cluster = cluster;
    this.user = user;
    this.deviceId = deviceId;
  }

  get caller(): Caller & { kind: 'user' } {
    return { kind: 'user', userId: this.user.userId, deviceId: this.deviceId };
  }

  /** The connection there is, or null. */
  get session(): RecordingSession | null {
    const last = this.sessions.at(-1);
    return last === undefined || last.isClosed ? null : last;
  }

  get node(): TestNode {
    return this.#node ?? this.#cluster.node(0);
  }

  /** The last event applied of each conversation. */
  get cursors(): readonly string[] {
    return [...this.logs.values()].flatMap(({ cursor }) => cursor ?? []);
  }

  /** Connects to a node and resumes; resolves when it is level, and rejects where the connection ends before. */
  async connect(node: TestNode = this.#cluster.node(0)): Promise<void> {
    this.vanish();
    const session = new RecordingSession({
      userId: this.user.userId,
      deviceId: this.deviceId,
      connectionId: `${this.deviceId}-${String(this.sessions.length).padStart(6, '0')}`,
      openedAtMs: this.#cluster.clock.nowMs(),
      onTold: (told) => this.#take(told),
    });
    this.sessions.push(session);
    this.#node = node;
    this.#lanes = new Map();
    await node.chat.attach(session);
    const pending = [...this.pending.values()].map(
      (send) => [send.conversationId, send.clientMessageId] as const,
    );
    await node.chat.resume(
      {
        userId: this.user.userId,
        deviceId: this.deviceId,
        cursors: this.cursors.slice(0, limits.resumeCursorsMax),
        pending: pending.slice(0, limits.resumePendingMax),
      },
      session,
    );
  }

  /** Closes the connection in good order. */
  async disconnect(): Promise<void> {
    const { session } = this;
    this.vanish();
    if (session !== null) await this.node.chat.detach(session);
  }

  /** The connection is gone and nobody told the server. */
  vanish(): void {
    const { session } = this;
    if (session !== null) session.isClosed = true;
  }

  /** Asks over this connection: durable requests of one conversation go in its lane. */
  async request<V extends Verb>(verb: V, request: RequestOf<V>): Promise<TestReply> {
    const { conversationId } = request as { conversationId?: string };
    const context: RequestContext = {
      lane: conversationId === undefined ? null : this.lane(conversationId),
      gone: null,
    };
    const { json, existing } = await this.node.chat.handle(verb, this.caller, request, context);
    return { answer: json === null ? null : (JSON.parse(json) as Record<string, unknown>), existing };
  }

  /** The lane of this connection to a conversation. */
  lane(conversationId: string): Lane {
    const lane = this.#lanes.get(conversationId) ?? new Lane();
    this.#lanes.set(conversationId, lane);
    return lane;
  }

  /** Sends a new message; resolves with the acknowledgement, rejects with the refusal and keeps it as pending. */
  async send(conversationId: string, body: string): Promise<Acknowledged> {
    const clientMessageId = this.#cluster.random.urlSafe(22);
    return await this.resend({ conversationId, clientMessageId, body });
  }

  /** Sends a message, again or for the first time. */
  async resend(send: PendingSend): Promise<Acknowledged> {
    this.pending.set(send.clientMessageId, send);
    const { session } = this;
    try {
      const { answer } = await this.request('send_message', send);
      return this.#acknowledge(send, String(answer?.['messageId']), Number(answer?.['sequence']));
    } catch (error) {
      // A connection that has ended tells the device nothing any more.
      const isFinal = error instanceof ConfabError && error.retry === 'never' && session?.isClosed !== true;
      if (isFinal) this.pending.delete(send.clientMessageId);
      throw error;
    }
  }

  #acknowledge(send: PendingSend, messageId: string, sequence: number): Acknowledged {
    const acknowledged = { ...send, messageId, sequence };
    this.pending.delete(send.clientMessageId);
    this.acknowledged.push(acknowledged);
    return acknowledged;
  }

  /** Reads what is missing of the conversations that have a hole or no summary. */
  async level(): Promise<void> {
    while (this.behind.size > 0) {
      for (const conversationId of this.behind) {
        this.behind.delete(conversationId);
        try {
          await this.sync(conversationId);
          await this.#describe(conversationId);
        } catch (error) {
          if (!(error instanceof ConfabError) || error.code !== 'not_found') throw error;
          this.#drop(conversationId);
        }
      }
    }
  }

  /** Reads a conversation from the cursor up to its head. */
  async sync(conversationId: string): Promise<void> {
    for (;;) {
      const after = this.logs.get(conversationId)?.cursor ?? null;
      const { answer } = await this.request('sync', { conversationId, after });
      const page = answer as unknown as EventPage;
      this.#takePage(page);
      const reached = this.logs.get(conversationId)?.reached ?? 0;
      if (page.events.length === 0 || page.head === null || reached >= page.head.sequence) return;
    }
  }

  async #describe(conversationId: string): Promise<void> {
    if (this.unread.has(conversationId) || conversationId.startsWith('s')) return;
    const { answer } = await this.request('get_conversation', { conversationId });
    this.#takeSummary(answer?.['conversation'] as ConversationSummary);
  }

  /** Unread as this device counts it; null where it does not know the conversation. */
  unreadOf(conversationId: string): number | null {
    const state = this.unread.get(conversationId);
    return state === undefined ? null : unreadOf(state);
  }

  #take(told: Told): void {
    switch (told.kind) {
      case 'ready':
        this.#takeReady(told);
        break;
      case 'heads':
        for (const summary of told.items) this.#takeSummary(summary);
        break;
      case 'event':
        this.#takeEvent(told.event);
        break;
      case 'page':
        this.#takePage(told.page);
        break;
      case 'behind':
        // It is told of conversations it may not read too: what it does not follow it does not ask for.
        if ((this.logs.get(told.conversationId)?.reached ?? told.sequence) < told.sequence)
          this.behind.add(told.conversationId);
        break;
      case 'receipt':
        this.#takeReceipt(told.news);
        break;
      case 'caught_up':
      case 'typing':
      case 'revoked':
      case 'replaced':
        break;
    }
  }

  #takeReady({ ownLog, landed }: Extract<Told, { kind: 'ready' }>): void {
    const { conversationId, head } = ownLog;
    if (!this.logs.has(conversationId)) {
      const base = head ?? { sequence: 0, eventId: null };
      this.logs.set(conversationId, new DeviceLog(conversationId, base));
    }
    const log = this.logs.get(conversationId);
    // Without a cursor nothing was replayed.
    if (log?.cursor === null && head !== null) this.behind.add(conversationId);
    for (const [, clientMessageId, messageId, sequence] of landed) {
      const send = this.pending.get(clientMessageId);
      if (send !== undefined) this.#acknowledge(send, messageId, sequence);
    }
  }

  #takeSummary(summary: ConversationSummary): void {
    const { conversationId, head, read, unread } = summary;
    this.summaries.set(conversationId, summary);
    if (!this.logs.has(conversationId)) this.logs.set(conversationId, new DeviceLog(conversationId, head));
    this.unread.set(conversationId, unreadFrom(read, head, unread));
    // What was applied beyond the head that the summary speaks of is followed again.
    for (const event of this.logs.get(conversationId)?.events ?? []) this.#followUnread(event);
  }

  #takeEvent(event: LogEvent): void {
    const { conversationId } = event;
    const known = this.logs.get(conversationId);
    const log = known ?? new DeviceLog(conversationId, { sequence: event.sequence - 1, eventId: null });
    this.logs.set(conversationId, log);
    const outcome = log.apply(event);
    if (outcome === 'gap') this.behind.add(conversationId);
    if (outcome !== 'applied') return;
    if (event.type === 'membership_event') return this.#takeMembership(event);
    const { userId } = this.user;
    if (changeOf(event, userId) === 'left') this.unread.delete(conversationId);
    else if (changeOf(event, userId) === 'joined')
      this.unread.set(conversationId, unreadFrom(event, event, 0));
    else if (this.unread.has(conversationId)) this.#followUnread(event);
    else if (known === undefined) this.behind.add(conversationId);
  }

  /** The event by which the user joined or left may have been lost on its way; their own log tells of it again. */
  #takeMembership({ targetConversationId, targetSequence }: LogEvent & { type: 'membership_event' }): void {
    const reached = this.logs.get(targetConversationId)?.reached ?? 0;
    if (reached < targetSequence) this.behind.add(targetConversationId);
  }

  #followUnread(event: LogEvent): void {
    const state = this.unread.get(event.conversationId);
    if (state === undefined) return;
    const ownMessage = event.type === 'message_event' && event.senderId === this.user.userId;
    this.unread.set(event.conversationId, unreadAfterEvent(state, { ...event, ownMessage }));
  }

  #takePage(page: EventPage): void {
    const { conversationId, events, head } = page;
    if (page.reset !== true) {
      for (const event of events) this.#takeEvent(event);
      return;
    }
    if (head === null) {
      this.#drop(conversationId);
      return;
    }
    const [first] = events;
    const base = first === undefined ? head : { sequence: first.sequence - 1, eventId: null };
    this.logs.set(conversationId, new DeviceLog(conversationId, base));
    for (const event of events) this.logs.get(conversationId)?.apply(event);
    // A fresh start has a fresh count.
    this.unread.delete(conversationId);
    this.behind.add(conversationId);
  }

  #drop(conversationId: string): void {
    this.logs.delete(conversationId);
    this.unread.delete(conversationId);
    this.summaries.delete(conversationId);
  }

  #takeReceipt(news: Extract<Told, { kind: 'receipt' }>['news']): void {
    const { conversationId, floor, headSequence, headOrdinal, unread } = news;
    const state = this.unread.get(conversationId);
    if (state === undefined || news.userId !== this.user.userId || floor === undefined) return;
    if (headSequence === undefined || headOrdinal === undefined || unread === undefined) return;
    const head = { sequence: headSequence, ordinal: headOrdinal };
    this.unread.set(conversationId, unreadAfterRead(state, { floor, head, unread }));
  }
}

/** What an event means for one user's membership. */
export function changeOf(event: LogEvent, userId: string): 'joined' | 'left' | null {
  const isNamed = 'members' in event && event.members?.some((member) => member.userId === userId);
  if (!isNamed) return null;
  if (event.type === 'conversation_event') return 'joined';
  if (event.type !== 'member_event' || event.change === 'role_changed') return null;
  return event.change === 'joined' ? 'joined' : 'left';
}

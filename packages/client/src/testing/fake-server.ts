import type { Command } from '@confab/conversation';
import {
  type Authenticate,
  type ClientFrame,
  ConfabError,
  decodeClientFrame,
  errorTable,
  type ErrorCode,
  type LogEvent,
  limits,
  type OperationFrame,
  PROTOCOL_VERSION,
  type ServerFrame,
} from '@confab/protocol';
import { FakeHttp } from './fake-http.ts';
import { FakeLink } from './fake-link.ts';
import { FakeStore } from './fake-store.ts';

interface Seat {
  readonly link: FakeLink;
  userId: string | null;
  /** The send of each conversation that holds back the later ones. */
  readonly blocked: Map<string, string>;
}

/**
 * Decides what becomes of a send: null lets it through, a code refuses it, `lost` commits it without an answer, and
 * `vanish` is a frame that never arrived.
 */
export type SendPolicy = (
  frame: Extract<ClientFrame, { type: 'send_message' }>,
) => ErrorCode | 'lost' | 'vanish' | null;

/** A small server in the process: the real frames, the real rules, and a test that decides what goes wrong. */
export class FakeServer {
  readonly store = new FakeStore();
  readonly http: FakeHttp;
  readonly seats: Seat[] = [];
  /** What becomes of sends. */
  sendPolicy: SendPolicy = () => null;
  /** Whether a live event reaches a link. */
  delivers: (event: LogEvent, userId: string) => boolean = () => true;
  /** Refuses new links. */
  isDown = false;
  tokenRefusal: ErrorCode | null = null;
  /** What else is said to a link between `ready` and `heads`. */
  beforeHeads: (link: FakeLink) => void = () => undefined;

  constructor() {
    this.http = new FakeHttp(this);
  }

  /** The client's way in: a link that opens and is greeted in a later turn. */
  readonly webSocket = (): FakeLink => {
    const link = new FakeLink();
    const seat: Seat = { link, userId: null, blocked: new Map() };
    queueMicrotask(() => {
      if (this.isDown) {
        link.drop();
        return;
      }
      this.seats.push(seat);
      link.onSaid = (frame) => queueMicrotask(() => this.#take(seat, frame));
      link.open();
      link.say(hello(this.seats.length));
    });
    return link;
  };

  get lastLink(): FakeLink {
    const seat = this.seats.at(-1);
    if (seat === undefined) throw new Error('nobody connected');
    return seat.link;
  }

  /** A user with an id and a token of the same name. */
  addUser(userId: string): void {
    this.store.users.set(userId, { userId, username: userId, displayName: userId });
    if (!this.store.logs.has(ownLogOf(userId))) {
      this.#record(userId, 'joined', 'gnone', 1);
    }
  }

  /** Commits and delivers. */
  commit(command: Command): { readonly event: LogEvent; readonly isNew: boolean } {
    const before = new Set(this.store.membersOf(command.conversationId));
    const committed = this.store.commit(command);
    if (!committed.isNew) return committed;
    const after = new Set(this.store.membersOf(command.conversationId));
    for (const userId of new Set([...before, ...after])) this.#deliver(committed.event, userId);
    for (const userId of after)
      if (!before.has(userId))
        this.#record(userId, 'joined', command.conversationId, committed.event.sequence);
    for (const userId of before)
      if (!after.has(userId)) this.#record(userId, 'left', command.conversationId, committed.event.sequence);
    return committed;
  }

  /** A group of these users; the first is its owner. */
  group(conversationId: string, memberIds: readonly string[]): void {
    const [actorId = ''] = memberIds;
    const clientMessageId = `create-${conversationId}-0123456789abcdef`;
    this.commit({
      verb: 'create_conversation',
      type: 'group',
      title: conversationId,
      conversationId,
      actorId,
      clientMessageId,
      memberIds,
    });
  }

  direct(conversationId: string, memberIds: readonly [string, string]): void {
    const clientMessageId = `create-${conversationId}-0123456789abcdef`;
    this.commit({
      verb: 'create_conversation',
      type: 'direct',
      title: null,
      conversationId,
      actorId: memberIds[0],
      clientMessageId,
      memberIds,
    });
  }

  /** Somebody else writes. */
  write(actorId: string, conversationId: string, body: string, mentions: readonly string[] = []): LogEvent {
    const clientMessageId = `by-${actorId}-${conversationId}-${this.store.headOf(conversationId)?.sequence}-0123456789`;
    return this.commit({
      verb: 'send_message',
      actorId,
      conversationId,
      clientMessageId,
      body,
      format: null,
      replyTo: null,
      mentions,
    }).event;
  }

  mark(userId: string, conversationId: string, marks: { delivered?: number; read?: number }): void {
    const key = `${userId} ${conversationId}`;
    const { store } = this;
    store.delivered.set(key, Math.max(store.delivered.get(key) ?? 0, marks.delivered ?? 0));
    store.read.set(key, Math.max(store.read.get(key) ?? 0, marks.read ?? 0));
    const { read, unread, head } = store.summary(userId, conversationId);
    for (const { link, userId: hearer } of this.#open()) {
      if (hearer === null || !store.membersOf(conversationId).includes(hearer)) continue;
      const own = { floor: read, unread, headSequence: head.sequence, headOrdinal: head.ordinal };
      link.say({
        type: 'receipt_event',
        conversationId,
        userId,
        ...marks,
        ...(hearer === userId ? own : {}),
      });
    }
  }

  #open(): Seat[] {
    return this.seats.filter(({ link }) => !link.isClosed);
  }

  #record(
    userId: string,
    change: 'joined' | 'left',
    targetConversationId: string,
    targetSequence: number,
  ): void {
    const conversationId = ownLogOf(userId);
    const clientMessageId = `own-${userId}-${change}-${targetConversationId}-${targetSequence}-0123456789`;
    this.store.commit({
      verb: 'record_membership',
      actorId: userId,
      conversationId,
      clientMessageId,
      change,
      targetConversationId,
      targetSequence,
    });
    const event = this.store.logs.get(conversationId)?.events.at(-1);
    if (event !== undefined) this.#deliver(event, userId);
  }

  #deliver(event: LogEvent, userId: string): void {
    if (!this.delivers(event, userId)) return;
    for (const seat of this.#open()) if (seat.userId === userId) seat.link.say(shownTo(userId, event));
  }

  #take(seat: Seat, said: ClientFrame): void {
    if (seat.link.isClosed) return;
    // What the SDK says has to be what the real server takes.
    const frame = decodeClientFrame(JSON.parse(JSON.stringify(said)) as Record<string, unknown>);
    if (frame.type === 'ping') seat.link.say({ type: 'pong' });
    else if (frame.type === 'authenticate') this.#authenticate(seat, frame);
    else this.#operate(seat, frame);
  }

  #authenticate(seat: Seat, frame: Authenticate): void {
    const ref = frame.ref === undefined ? {} : { ref: frame.ref };
    const userId = this.http.userOfToken(frame.token);
    const refusal = this.tokenRefusal ?? (userId === null ? 'unauthenticated' : null);
    if (userId === null || refusal !== null) {
      seat.link.say(errorFrame(refusal ?? 'unauthenticated', ref));
      return;
    }
    if (seat.userId !== null) {
      seat.link.say({ type: 'accepted', verb: 'authenticate', ...ref });
      return;
    }
    seat.userId = userId;
    this.#resume(seat.link, userId, frame);
  }

  #resume(link: FakeLink, userId: string, { resume }: Authenticate): void {
    const { store } = this;
    const ownLog = ownLogOf(userId);
    const landed = (resume?.pending ?? []).flatMap(([conversationId, clientMessageId]) => {
      const event = store.logs
        .get(conversationId)
        ?.events.find((found) => found.senderId === userId && found.clientMessageId === clientMessageId);
      return event === undefined
        ? []
        : [
            [conversationId, clientMessageId, event.eventId, event.sequence, event.sentAt] as [
              string,
              string,
              string,
              number,
              string,
            ],
          ];
    });
    link.say({
      type: 'ready',
      userId,
      deviceId: `device-${userId}`,
      ownLog: { conversationId: ownLog, head: store.headOf(ownLog) },
      landed,
    });
    this.beforeHeads(link);
    const summaries = store.conversationsOf(userId).map((id) => store.summary(userId, id));
    link.say({ type: 'heads', items: summaries });
    for (const cursor of resume?.cursors ?? []) this.#replay(link, userId, cursor);
    link.say({ type: 'caught_up' });
  }

  #replay(link: FakeLink, userId: string, cursor: string): void {
    const conversationId = cursor.split('.')[0] ?? '';
    try {
      const page = this.store.page(userId, conversationId, cursor, limits.replayEventsMax);
      if (page.reset === true) link.say({ type: 'sync_page', ...page });
      else for (const event of page.events) link.say(shownTo(userId, event));
    } catch {
      link.say({ type: 'sync_page', conversationId, events: [], head: null });
    }
  }

  #operate(seat: Seat, frame: OperationFrame): void {
    const ref = frame.ref === undefined ? {} : { ref: frame.ref };
    const userId = seat.userId ?? '';
    try {
      switch (frame.type) {
        case 'send_message':
          this.#send(seat, userId, frame);
          return;
        case 'abandon_send':
          if (seat.blocked.get(frame.conversationId) === frame.clientMessageId)
            seat.blocked.delete(frame.conversationId);
          return;
        case 'sync':
          seat.link.say({
            type: 'sync_page',
            ...this.store.page(userId, frame.conversationId, frame.after, frame.limit ?? 50),
            ...ref,
          });
          return;
        case 'receipt': {
          const { delivered, read } = frame;
          this.mark(userId, frame.conversationId, {
            ...(delivered === undefined ? {} : { delivered }),
            ...(read === undefined ? {} : { read }),
          });
          return;
        }
        default:
      }
    } catch (error) {
      seat.link.say(errorFrame(error instanceof ConfabError ? error.code : 'internal', ref));
    }
  }

  #send(seat: Seat, actorId: string, frame: Extract<OperationFrame, { type: 'send_message' }>): void {
    const { conversationId, clientMessageId, body } = frame;
    const labels = {
      conversationId,
      clientMessageId,
      ...(frame.ref === undefined ? {} : { ref: frame.ref }),
    };
    const blocker = seat.blocked.get(conversationId);
    if (blocker !== undefined && blocker !== clientMessageId) {
      seat.link.say(errorFrame('after_previous', labels));
      return;
    }
    const policy = this.sendPolicy(frame);
    if (policy === 'vanish') return;
    if (policy !== null && policy !== 'lost') {
      if (errorTable[policy].retry !== 'never') seat.blocked.set(conversationId, clientMessageId);
      seat.link.say(errorFrame(policy, labels));
      return;
    }
    seat.blocked.delete(conversationId);
    const { format = null, replyTo = null, mentions = [] } = frame;
    const { event } = this.commit({
      verb: 'send_message',
      actorId,
      conversationId,
      clientMessageId,
      body,
      format,
      replyTo,
      mentions,
    });
    if (policy === 'lost') return;
    const { eventId: messageId, sequence, sentAt } = event;
    seat.link.say({ type: 'message_accepted', ...labels, messageId, sequence, sentAt });
  }
}

function ownLogOf(userId: string): string {
  return `s${userId}`;
}

function hello(connection: number): ServerFrame {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    connectionId: `c${connection}`,
    heartbeatIntervalMs: limits.heartbeatIntervalMs,
    serverTime: '2026-01-01T00:00:00.000Z',
    limits: { ...limits },
  };
}

/** Only the sender sees the clientMessageId. */
function shownTo(userId: string, event: LogEvent): LogEvent {
  if (event.senderId === userId) return event;
  const { clientMessageId: _, ...rest } = event;
  return rest;
}

function errorFrame(code: ErrorCode, labels: object): ServerFrame {
  return { type: 'error', code, message: errorTable[code].meaning, retry: errorTable[code].retry, ...labels };
}

import { apply, type Command, type ConversationState, decide, unreadCount } from '@confab/conversation';
import {
  ConfabError,
  type ConversationSummary,
  type EventPage,
  type Head,
  type LogEvent,
  parseEventId,
  type User,
} from '@confab/protocol';

interface FakeLog {
  state: ConversationState;
  events: LogEvent[];
}

/** The logs of a small server in memory, by the real rules. */
export class FakeStore {
  readonly logs = new Map<string, FakeLog>();
  readonly read = new Map<string, number>();
  readonly delivered = new Map<string, number>();
  readonly users = new Map<string, User>();
  #random = 0;

  /** Commits a command once. Throws the refusal. */
  commit(command: Command): { readonly event: LogEvent; readonly isNew: boolean } {
    const log = this.logs.get(command.conversationId);
    const known = knownEvent(log?.events ?? [], command);
    if (known !== null) return { event: known, isNew: false };
    this.#random += 1;
    const decision = decide(log?.state ?? null, command, {
      sentAt: `2026-01-01T00:00:${String((log?.events.length ?? 0) % 60).padStart(2, '0')}.000Z`,
      random: this.#random.toString(36).padStart(8, '0'),
    });
    if (decision.kind === 'refused') throw new ConfabError(decision.refusal.code, decision.refusal.message);
    if (decision.kind === 'nothing') return { event: firstOf(log), isNew: false };
    const { event } = decision;
    const state = apply(log?.state ?? null, event);
    this.logs.set(command.conversationId, { state, events: [...(log?.events ?? []), event] });
    return { event, isNew: true };
  }

  membersOf(conversationId: string): string[] {
    return [...(this.logs.get(conversationId)?.state.members.keys() ?? [])];
  }

  headOf(conversationId: string): Head | null {
    const head = this.logs.get(conversationId)?.state.head;
    if (head === undefined) return null;
    const { sequence, ordinal, eventId, sentAt } = head;
    return { sequence, ordinal, eventId, sentAt };
  }

  /** Throws `not_found` for strangers. */
  logFor(userId: string, conversationId: string): FakeLog {
    const log = this.logs.get(conversationId);
    if (log === undefined || !log.state.members.has(userId)) throw new ConfabError('not_found');
    return log;
  }

  page(userId: string, conversationId: string, after: string | null, limit: number): EventPage {
    const { events } = this.logFor(userId, conversationId);
    const head = this.headOf(conversationId);
    const place = after === null ? null : parseEventId(after);
    const isKnown = place !== null && events[place.sequence - 1]?.eventId === after;
    if (!isKnown) return { conversationId, events: events.slice(-limit), head, reset: true };
    return { conversationId, events: events.slice(place.sequence, place.sequence + limit), head };
  }

  summary(userId: string, conversationId: string): ConversationSummary {
    const { state, events } = this.logFor(userId, conversationId);
    const member = state.members.get(userId);
    const head = this.headOf(conversationId);
    if (member === undefined || head === null || state.type === 'self') throw new ConfabError('not_found');
    const read = Math.max(this.read.get(`${userId} ${conversationId}`) ?? 0, member.joinedSequence);
    const floor = { sequence: read, ordinal: events[read - 1]?.ordinal ?? 0 };
    const above = events.filter((event) => event.type === 'message_event' && event.sequence > read);
    const own = above.filter(({ senderId }) => senderId === userId).length;
    const peerId =
      state.type === 'direct' ? this.membersOf(conversationId).find((id) => id !== userId) : undefined;
    const preview = state.head.preview ?? undefined;
    return {
      conversationId,
      type: state.type,
      title: state.title,
      role: member.role,
      memberCount: state.members.size,
      ...(peerId === undefined ? {} : { peer: this.users.get(peerId) ?? null }),
      head,
      read: floor,
      unread: unreadCount(head.ordinal, floor.ordinal, own),
      mentions: above.filter((event) => event.type === 'message_event' && event.mentions?.includes(userId))
        .length,
      ...(preview === undefined ? {} : { preview }),
      watermarks: this.membersOf(conversationId)
        .filter((id) => id !== userId)
        .map((id) => ({
          userId: id,
          delivered: this.delivered.get(`${id} ${conversationId}`) ?? 0,
          read: this.read.get(`${id} ${conversationId}`) ?? 0,
        })),
    };
  }

  conversationsOf(userId: string): string[] {
    return [...this.logs]
      .filter(([, { state }]) => state.type !== 'self' && state.members.has(userId))
      .map(([id]) => id);
  }
}

/** The event that an earlier request with the same id became. Throws where that was another request. */
function knownEvent(events: readonly LogEvent[], command: Command): LogEvent | null {
  const known = events.find(
    ({ senderId, clientMessageId }) =>
      senderId === command.actorId && clientMessageId === command.clientMessageId,
  );
  if (known === undefined) return null;
  const isOther =
    command.verb === 'send_message' && known.type === 'message_event' && known.body !== command.body;
  if (isOther) throw new ConfabError('idempotency_conflict');
  return known;
}

function firstOf(log: FakeLog | undefined): LogEvent {
  const first = log?.events[0];
  if (first === undefined) throw new ConfabError('internal');
  return first;
}

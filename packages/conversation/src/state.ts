import type { ConversationType, LogEvent, LogType, Preview, Role, UserId } from '@confab/protocol';
import { limits, utf8Prefix } from '@confab/protocol';

/** What a conversation knows of one member. The join is the floor of what counts as unread. */
export interface MemberState {
  readonly role: Role;
  readonly joinedSequence: number;
  readonly joinedOrdinal: number;
}

/** The newest event, and what lists show of the newest message. */
export interface LogHead {
  readonly sequence: number;
  readonly ordinal: number;
  readonly eventId: string;
  readonly sentAt: string;
  readonly preview: Preview | null;
}

/**
 * A conversation at its head. Immutable: `apply` gives a new one, and the members map is replaced, never changed, so
 * that whoever holds a state at n may go on reading it.
 */
export interface ConversationState {
  readonly conversationId: string;
  readonly type: LogType;
  readonly title: string | null;
  readonly members: ReadonlyMap<UserId, MemberState>;
  readonly head: LogHead;
}

/** The head that follows when `event` is appended to `head`. */
export function headAfter(head: LogHead | null, event: LogEvent): LogHead {
  return {
    sequence: event.sequence,
    ordinal: event.ordinal,
    eventId: event.eventId,
    sentAt: event.sentAt,
    preview: event.type === 'message_event' ? previewOf(event) : (head?.preview ?? null),
  };
}

function previewOf(event: LogEvent & { type: 'message_event' }): Preview {
  return {
    messageId: event.messageId,
    sequence: event.sequence,
    senderId: event.senderId,
    body: utf8Prefix(event.body, limits.previewBytesMax),
    sentAt: event.sentAt,
  };
}

/** The state after the next event. Throws where the event is not the next one: that is a fault, not an input. */
export function apply(state: ConversationState | null, event: LogEvent): ConversationState {
  if (event.sequence !== (state?.head.sequence ?? 0) + 1) {
    throw new Error(`event ${event.eventId} does not follow ${state?.head.sequence ?? 0}`);
  }
  const head = headAfter(state?.head ?? null, event);
  if (state === null) return created(event, head);
  switch (event.type) {
    case 'message_event':
    case 'membership_event':
      return { ...state, head };
    case 'conversation_event':
      return { ...state, head, title: event.title === undefined ? state.title : event.title };
    case 'member_event':
      return { ...state, head, members: membersAfter(state.members, event) };
  }
}

function created(event: LogEvent, head: LogHead): ConversationState {
  const { conversationId } = event;
  if (event.type === 'membership_event') {
    const self: MemberState = { role: 'owner', joinedSequence: 1, joinedOrdinal: 0 };
    return { conversationId, type: 'self', title: null, members: new Map([[event.senderId, self]]), head };
  }
  if (event.type !== 'conversation_event' || event.change !== 'created') {
    throw new Error(`a log begins with its creation, not with ${event.type}`);
  }
  const members = new Map<UserId, MemberState>();
  for (const { userId, role } of event.members ?? []) {
    members.set(userId, { role, joinedSequence: 1, joinedOrdinal: 0 });
  }
  const type: ConversationType = event.conversationType ?? 'group';
  return { conversationId, type, title: event.title ?? null, members, head };
}

function membersAfter(
  members: ReadonlyMap<UserId, MemberState>,
  event: LogEvent & { type: 'member_event' },
): ReadonlyMap<UserId, MemberState> {
  const after = new Map(members);
  for (const { userId, role } of event.members) {
    switch (event.change) {
      case 'joined':
        after.set(userId, { role, joinedSequence: event.sequence, joinedOrdinal: event.ordinal });
        break;
      case 'left':
      case 'removed':
        after.delete(userId);
        break;
      case 'role_changed': {
        const member = after.get(userId);
        if (member !== undefined) after.set(userId, { ...member, role });
        break;
      }
    }
  }
  return after;
}

/** Folds events, ascending and without a hole, onto a state. */
export function fold(state: ConversationState | null, events: Iterable<LogEvent>): ConversationState | null {
  let folded = state;
  for (const event of events) folded = apply(folded, event);
  return folded;
}

import type { Membership, ViewPut } from '@confab/contracts';
import type { ConversationState } from '@confab/conversation';
import type { LogEvent, MemberEvent } from '@confab/protocol';

/** The rows that change with one event: what it means for lists, members and mentions. */
export function viewPutsOf(
  before: ConversationState | null,
  after: ConversationState,
  event: LogEvent,
): ViewPut[] {
  switch (event.type) {
    case 'message_event':
      // Whoever names themselves has read it.
      return (event.mentions ?? [])
        .filter((userId) => userId !== event.senderId)
        .map((userId) => mentionRow(event, userId));
    case 'membership_event':
      return before === null ? [conversationRow(after), memberRow(after, event.senderId)] : [];
    case 'conversation_event':
      if (before !== null) return [conversationRow(after)];
      return [
        conversationRow(after),
        ...[...after.members.keys()].flatMap((userId) => [
          memberRow(after, userId),
          ...membershipRow(after, userId),
        ]),
      ];
    case 'member_event':
      return [
        conversationRow(after),
        ...event.members.flatMap((member) => memberRows(before, after, event, member)),
      ];
  }
}

function conversationRow(after: ConversationState): ViewPut {
  return {
    view: 'conversation',
    partition: after.conversationId,
    key: '',
    version: after.head.sequence,
    value: { type: after.type, title: after.title, memberCount: after.members.size },
  };
}

function memberRow(after: ConversationState, userId: string): ViewPut {
  return {
    view: 'member',
    partition: after.conversationId,
    key: userId,
    version: after.head.sequence,
    value: after.members.get(userId) ?? null,
  };
}

function membershipRow(after: ConversationState, userId: string): ViewPut[] {
  const member = after.members.get(userId);
  if (after.type === 'self' || member === undefined) return [];
  const value: Membership = {
    type: after.type,
    role: member.role,
    from: member.joinedSequence,
    fromOrdinal: member.joinedOrdinal,
    to: null,
    peerId: after.type === 'direct' ? peerOf(after, userId) : null,
  };
  return [membershipPut(after, userId, value)];
}

function membershipPut(after: ConversationState, userId: string, value: Membership): ViewPut {
  return {
    view: 'membership',
    partition: userId,
    key: after.conversationId,
    version: after.head.sequence,
    value,
  };
}

/** The other user of a direct conversation; with oneself it is oneself. */
function peerOf(after: ConversationState, userId: string): string {
  for (const memberId of after.members.keys()) if (memberId !== userId) return memberId;
  return userId;
}

function memberRows(
  before: ConversationState | null,
  after: ConversationState,
  event: MemberEvent,
  member: MemberEvent['members'][number],
): ViewPut[] {
  const { userId } = member;
  const row = memberRow(after, userId);
  if (event.change === 'joined' || event.change === 'role_changed')
    return [row, ...membershipRow(after, userId)];
  const left = before?.members.get(userId);
  if (left === undefined || after.type === 'self') return [row];
  const value: Membership = {
    type: after.type,
    role: left.role,
    from: left.joinedSequence,
    fromOrdinal: left.joinedOrdinal,
    to: event.sequence,
    peerId: null,
  };
  return [row, membershipPut(after, userId, value)];
}

function mentionRow(event: LogEvent & { type: 'message_event' }, userId: string): ViewPut {
  return {
    view: 'mention',
    partition: mentionPartition(event.conversationId, userId),
    key: mentionKey(event.sequence),
    version: event.sequence,
    value: { messageId: event.messageId },
  };
}

/** Where the mentions of a user in a conversation stand. */
export function mentionPartition(conversationId: string, userId: string): string {
  return `${conversationId}:${userId}`;
}

/** The key of a mention: its sequence, so that keys order as sequences do. */
export function mentionKey(sequence: number): string {
  return String(sequence).padStart(16, '0');
}

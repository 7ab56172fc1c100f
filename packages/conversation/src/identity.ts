import type { UserId } from '@confab/protocol';

/**
 * The texts whose hash is the id of a conversation, so that creating it is idempotent: a direct conversation is its
 * two users, a group its creator and their clientMessageId, an own log its user. Length prefixes keep two different
 * lists from ever being one text.
 */
export function directConversationText(one: UserId, other: UserId): string {
  return lengthPrefixed(['direct', ...[one, other].sort()]);
}

export function groupConversationText(creatorId: UserId, clientMessageId: string): string {
  return lengthPrefixed(['group', creatorId, clientMessageId]);
}

export function ownLogText(userId: UserId): string {
  return lengthPrefixed(['self', userId]);
}

/** The prefix of an id by type. */
export const conversationIdPrefix = { direct: 'd', group: 'g', self: 's' } as const;

export function lengthPrefixed(parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}

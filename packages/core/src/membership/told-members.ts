import type { Views } from '@confab/contracts';
import { conversationIdPrefix, type DeliveryTier, deliveryTiers, tierOf } from '@confab/conversation';

/** The members of no tier that says more than "none" are more than this; one more is enough to know. */
const TOLD_MEMBERS_MAX = Math.max(
  ...deliveryTiers
    .filter(({ receipts, typing }) => receipts !== 'none' || typing)
    .map((tier) => tier.membersMax),
);

/**
 * The members of a conversation whose tier tells them of each other, or null where it is too large for that. Reads no
 * more rows than that takes, however large the conversation.
 */
export async function toldMembers(
  views: Views,
  conversationId: string,
  tells: (tier: DeliveryTier) => boolean,
): Promise<readonly string[] | null> {
  if (conversationId.startsWith(conversationIdPrefix.self)) return null;
  const type = conversationId.startsWith(conversationIdPrefix.direct) ? 'direct' : 'group';
  const limit = TOLD_MEMBERS_MAX + 1;
  const rows = await views.list({ view: 'member', partition: conversationId, after: null, limit });
  return tells(tierOf(type, rows.length)) ? rows.map(({ key }) => key) : null;
}

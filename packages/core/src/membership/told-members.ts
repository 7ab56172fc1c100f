import type { Views } from '@confab/contracts';
import { conversationIdPrefix, type DeliveryTier, tierOf } from '@confab/conversation';

/** Who is told of whom: members of conversations that are small enough for it. */
export class ToldMembers {
  readonly #views: Views;
  readonly #tiers: readonly DeliveryTier[];
  /** The members of no tier that says more than "none" are more than this; one more is enough to know. */
  readonly #membersMax: number;

  constructor(views: Views, tiers: readonly DeliveryTier[]) {
    this.#views = views;
    this.#tiers = tiers;
    const telling = tiers.filter(({ receipts, typing }) => receipts !== 'none' || typing);
    this.#membersMax = Math.max(0, ...telling.map((tier) => tier.membersMax));
  }

  /**
   * The members of a conversation whose tier tells them of each other, or null where it is too large for that. Reads
   * no more rows than that takes, however large the conversation.
   */
  async of(
    conversationId: string,
    tells: (tier: DeliveryTier) => boolean,
  ): Promise<readonly string[] | null> {
    if (conversationId.startsWith(conversationIdPrefix.self)) return null;
    const type = conversationId.startsWith(conversationIdPrefix.direct) ? 'direct' : 'group';
    const limit = this.#membersMax + 1;
    const rows = await this.#views.list({ view: 'member', partition: conversationId, after: null, limit });
    return tells(tierOf(this.#tiers, type, rows.length)) ? rows.map(({ key }) => key) : null;
  }
}

import { ConfabError } from '@confab/protocol';
import type { RateLimits } from '../admission/rate-limits.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Access } from '../membership/access.ts';
import type { ToldMembers } from '../membership/told-members.ts';

interface TypingOptions {
  readonly access: Access;
  readonly toldMembers: ToldMembers;
  readonly delivery: Delivery;
  readonly rateLimits: RateLimits;
}

/** Typing notes: never stored, dropped without a word where there are too many or the conversation is large. */
export class Typing {
  readonly #options: TypingOptions;

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  async note(conversationId: string, userId: string): Promise<void> {
    const { access, delivery, rateLimits, toldMembers } = this.#options;
    await access.member(conversationId, userId);
    if (rateLimits.take('typing', `${userId} ${conversationId}`) > 0) return;
    const members = await toldMembers.of(conversationId, (tier) => tier.typing);
    // Asked again, for a member may have been removed in between.
    if (members === null) return;
    if (!members.includes(userId)) throw new ConfabError('not_found');
    const others = members.filter((memberId) => memberId !== userId);
    await delivery.deliverTyping(others, conversationId, userId);
  }
}

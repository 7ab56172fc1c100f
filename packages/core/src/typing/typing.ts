import { tierOf } from '@confab/conversation';
import { ConfabError } from '@confab/protocol';
import type { RateLimits } from '../admission/rate-limits.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Writers } from '../log/writers.ts';

/** Typing notes: never stored, dropped without a word where there are too many or the conversation is large. */
export class Typing {
  readonly #writers: Writers;
  readonly #delivery: Delivery;
  readonly #rateLimits: RateLimits;

  constructor(writers: Writers, delivery: Delivery, rateLimits: RateLimits) {
    this.#writers = writers;
    this.#delivery = delivery;
    this.#rateLimits = rateLimits;
  }

  async note(conversationId: string, userId: string): Promise<void> {
    const state = await this.#writers.stateOf(conversationId);
    if (state === null || state.type === 'self' || !state.members.has(userId))
      throw new ConfabError('not_found');
    if (!tierOf(state.type, state.members.size).typing) return;
    if (this.#rateLimits.take('typing', `${userId} ${conversationId}`) > 0) return;
    const others = [...state.members.keys()].filter((memberId) => memberId !== userId);
    await this.#delivery.deliverTyping(others, conversationId, userId);
  }
}

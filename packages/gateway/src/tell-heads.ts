import type { Chat } from '@confab/core';
import type { Outbound } from './outbound.ts';
import { headEventText } from './server-texts.ts';

/** Heads asked for at once. */
const HEADS_PER_QUESTION = 100;

/**
 * Tells a reader that fell behind where its conversations stand, while it has room; it then syncs them. A conversation
 * stays noted until its head is told, so what is committed meanwhile is told too. One whose head is not yet as far as
 * what was noted is asked for again later; one that the user may no longer read is dropped.
 */
export async function tellHeads(chat: Chat, userId: string, outbound: Outbound): Promise<void> {
  while (outbound.behind !== null && outbound.isCalm) {
    const asked = [...outbound.behind.keys()].slice(0, HEADS_PER_QUESTION);
    const heads = await chat.headsFor(userId, asked);
    const { behind } = outbound;
    if (behind === null) return;
    let told = 0;
    for (const conversationId of asked) {
      const head = heads.get(conversationId);
      if (head !== undefined && head.sequence < (behind.get(conversationId) ?? 0)) continue;
      behind.delete(conversationId);
      if (head !== undefined) outbound.say(headEventText(conversationId, head));
      told += 1;
    }
    if (behind.size === 0 && outbound.behind === behind) outbound.behind = null;
    if (told === 0) return;
  }
}

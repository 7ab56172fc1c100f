import type { ConversationLog } from '@confab/contracts';

/** A part of a log, above the floor and up to the head, and whose events are counted in it. */
export interface CountedRange {
  readonly conversationId: string;
  readonly userId: string;
  readonly floor: { readonly sequence: number };
  readonly head: { readonly sequence: number };
}

/** The user's own countable events in each range. */
export async function ownBetween(
  log: ConversationLog,
  ranges: readonly CountedRange[],
): Promise<readonly number[]> {
  if (ranges.length === 0) return [];
  return await log.countOwn(
    ranges.map(({ conversationId, userId, floor, head }) => ({
      conversationId,
      userId,
      aboveSequence: floor.sequence,
      throughSequence: head.sequence,
    })),
  );
}

import type { ConversationLog } from '@confab/contracts';

/** A part of a log: above the floor, up to the head. */
export interface CountedRange {
  readonly conversationId: string;
  readonly floor: { readonly sequence: number };
  readonly head: { readonly sequence: number };
}

/** A user's own countable events in each range. */
export async function ownBetween(
  log: ConversationLog,
  userId: string,
  ranges: readonly CountedRange[],
): Promise<readonly number[]> {
  if (ranges.length === 0) return [];
  return await log.countOwn(
    ranges.map(({ conversationId, floor, head }) => ({
      conversationId,
      userId,
      aboveSequence: floor.sequence,
      throughSequence: head.sequence,
    })),
  );
}

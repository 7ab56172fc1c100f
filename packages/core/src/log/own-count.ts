import type { ConversationLog } from '@confab/contracts';

/** A part of a log: above the floor, up to the head. */
export interface CountedRange {
  readonly conversationId: string;
  readonly floor: { readonly sequence: number };
  readonly head: { readonly sequence: number };
}

/**
 * A user's own countable events in each range. The log counts to its end, which may be beyond the head that the answer
 * is for; both ends are asked in one call, so that they are of one moment.
 */
export async function ownBetween(
  log: ConversationLog,
  userId: string,
  ranges: readonly CountedRange[],
): Promise<readonly number[]> {
  if (ranges.length === 0) return [];
  const counts = await log.countOwn([
    ...ranges.map(({ conversationId, floor }) => ({ conversationId, userId, aboveSequence: floor.sequence })),
    ...ranges.map(({ conversationId, head }) => ({ conversationId, userId, aboveSequence: head.sequence })),
  ]);
  return ranges.map((_, index) => (counts[index] ?? 0) - (counts[ranges.length + index] ?? 0));
}

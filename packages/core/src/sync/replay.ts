import type { ConversationLog } from '@confab/contracts';
import type { LogHead } from '@confab/conversation';
import { limits, parseEventId } from '@confab/protocol';
import type { ReadableRange } from '../membership/access.ts';
import type { LogReader } from '../log/log-reader.ts';

/** Where a reader with a cursor goes on: after a sequence, or afresh. */
export type ReplayStart = { readonly kind: 'after'; readonly sequence: number } | { readonly kind: 'reset' };

/** The last event of a range that exists: the member's head, or the event that ended the membership. */
export function endOf(range: ReadableRange, head: LogHead): number {
  return range.to === null ? head.sequence : Math.min(range.to, head.sequence);
}

/**
 * Judges a cursor. It stands for the event it names: where the log has another one at that place (a store restored
 * from a copy), none yet, or too many after it, the reader starts afresh instead of splicing two histories.
 */
export async function replayStart(
  reader: LogReader,
  cursor: string,
  range: ReadableRange,
  head: LogHead,
): Promise<ReplayStart> {
  const place = parseEventId(cursor);
  const end = endOf(range, head);
  if (place === null || place.sequence > end || place.sequence < range.from - 1) return { kind: 'reset' };
  if (end - place.sequence > limits.replayEventsMax) return { kind: 'reset' };
  const eventId =
    place.sequence === head.sequence
      ? head.eventId
      : (await reader.at(place.conversationId, place.sequence))?.eventId;
  return eventId === cursor ? { kind: 'after', sequence: place.sequence } : { kind: 'reset' };
}

/** The head of one conversation. */
export async function headOfLog(log: ConversationLog, conversationId: string): Promise<LogHead | null> {
  return (await log.heads([conversationId])).get(conversationId) ?? null;
}

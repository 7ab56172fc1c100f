import type { Membership, UserCursor } from '@confab/contracts';
import { type Place, unreadFloor } from '@confab/conversation';

/**
 * The unread floor of a member, as of a head. What was read of what came after that head says, as of the head, that all
 * was read: watermarks are read after it, and may be further by then.
 */
export function floorOf(
  membership: Pick<Membership, 'from' | 'fromOrdinal'>,
  cursor: UserCursor | null,
  head: Place,
): Place {
  const read = cursor === null ? null : { sequence: cursor.read, ordinal: cursor.readOrdinal };
  const floor = unreadFloor(read, { sequence: membership.from, ordinal: membership.fromOrdinal });
  return floor.sequence > head.sequence ? { sequence: head.sequence, ordinal: head.ordinal } : floor;
}

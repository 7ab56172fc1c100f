import type { Membership, UserCursor } from '@confab/contracts';
import { type Place, unreadFloor } from '@confab/conversation';

/** The unread floor of a member. */
export function floorOf(
  membership: Pick<Membership, 'from' | 'fromOrdinal'>,
  cursor: UserCursor | null,
): Place {
  const read = cursor === null ? null : { sequence: cursor.read, ordinal: cursor.readOrdinal };
  return unreadFloor(read, { sequence: membership.from, ordinal: membership.fromOrdinal });
}

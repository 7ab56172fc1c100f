import type { ConversationType } from '@confab/protocol';

/** How a conversation of a certain size is delivered, as data. */
export interface DeliveryTier {
  readonly type: ConversationType;
  /** The tier holds up to this many members. */
  readonly membersMax: number;
  /** `push`: an envelope to each node that holds a member's session. */
  readonly delivery: 'push';
  /** Whether members are told of each other's delivered and read watermarks. */
  readonly receipts: 'everyone' | 'none';
  readonly typing: boolean;
}

/** Rows in rising order of size; the first that fits is the tier. */
export const deliveryTiers: readonly DeliveryTier[] = [
  { type: 'direct', membersMax: 2, delivery: 'push', receipts: 'everyone', typing: true },
  { type: 'group', membersMax: 100, delivery: 'push', receipts: 'everyone', typing: true },
  { type: 'group', membersMax: 5_000, delivery: 'push', receipts: 'none', typing: false },
];

/** The tier of a conversation. */
export function tierOf(type: ConversationType, memberCount: number): DeliveryTier {
  const rows = deliveryTiers.filter((row) => row.type === type);
  const row = rows.find((candidate) => memberCount <= candidate.membersMax) ?? rows.at(-1);
  if (row === undefined) throw new Error(`no delivery tier for ${type}`);
  return row;
}

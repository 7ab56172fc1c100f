import type { ConversationType } from '@confab/protocol';

/** How a conversation of a certain size is delivered, as data. */
export interface DeliveryTier {
  readonly type: ConversationType;
  /** The tier holds up to this many members. */
  readonly membersMax: number;
  /**
   * `push`: the members' sessions are looked up, and each node that holds one gets the events. `followers`: nodes with
   * a member online follow the conversation, and each gets the events once, however many members it holds. `ticks`:
   * followers are told at most every `TICK_MS` how far the conversation reaches, and devices ask for the rest.
   */
  readonly delivery: 'push' | 'followers' | 'ticks';
  /** Whether members are told of each other's delivered and read watermarks. */
  readonly receipts: 'everyone' | 'none';
  readonly typing: boolean;
}

/** Rows in rising order of size; the first that fits is the tier. */
export const deliveryTiers: readonly DeliveryTier[] = [
  { type: 'direct', membersMax: 2, delivery: 'push', receipts: 'everyone', typing: true },
  { type: 'group', membersMax: 100, delivery: 'push', receipts: 'everyone', typing: true },
  { type: 'group', membersMax: 5_000, delivery: 'followers', receipts: 'none', typing: false },
  { type: 'group', membersMax: 100_000, delivery: 'ticks', receipts: 'none', typing: false },
];

/** Ticks of one conversation are at least this far apart. */
export const TICK_MS = 500;

/** The tier of a conversation, by a table of tiers such as `deliveryTiers`. */
export function tierOf(
  tiers: readonly DeliveryTier[],
  type: ConversationType,
  memberCount: number,
): DeliveryTier {
  const rows = tiers.filter((row) => row.type === type);
  const row = rows.find((candidate) => memberCount <= candidate.membersMax) ?? rows.at(-1);
  if (row === undefined) throw new Error(`no delivery tier for ${type}`);
  return row;
}

import type {
  Accounts,
  ConversationLog,
  Membership,
  UserCursor,
  UserRecord,
  ViewRow,
  ViewValues,
  Views,
} from '@confab/contracts';
import { type LogHead, unreadCount } from '@confab/conversation';
import { ConfabError, type ConversationSummary, type Head, type User } from '@confab/protocol';
import { floorOf } from '../membership/floor.ts';
import { ownBetween } from '../log/own-count.ts';
import { mentionKey, mentionPartition } from '../log/view-puts.ts';
import type { Receipts } from '../receipts/receipts.ts';
import type { Access } from '../membership/access.ts';

/** Mentions are counted no further; clients show it as this many and more. */
const MENTIONS_COUNTED_MAX = 100;

/** A conversation of a user's list before it is described. */
export interface ListEntry {
  readonly conversationId: string;
  readonly membership: Membership;
  readonly head: LogHead;
}

/** Heads are read anew this often where members come and go while a list is put together. */
const READS_MAX = 5;

/** Puts together what a member sees of conversations, many at a time: a fixed number of reads however long the list. */
export class Summaries {
  readonly #log: ConversationLog;
  readonly #views: Views;
  readonly #accounts: Accounts;
  readonly #receipts: Receipts;
  readonly #access: Access;

  constructor(parts: {
    readonly log: ConversationLog;
    readonly views: Views;
    readonly accounts: Accounts;
    readonly receipts: Receipts;
    readonly access: Access;
  }) {
    this.#log = parts.log;
    this.#views = parts.views;
    this.#accounts = parts.accounts;
    this.#receipts = parts.receipts;
    this.#access = parts.access;
  }

  /** All conversations of a user, newest activity first. */
  async entries(userId: string): Promise<readonly ListEntry[]> {
    const memberships = await this.#access.openMemberships(userId);
    const heads = await this.#log.heads([...memberships.keys()]);
    const entries: ListEntry[] = [];
    for (const [conversationId, membership] of memberships) {
      const head = heads.get(conversationId);
      if (head !== undefined) entries.push({ conversationId, membership, head });
    }
    return entries.sort(newestFirst);
  }

  /** One conversation, or `not_found` to who is no member. */
  async one(conversationId: string, userId: string): Promise<ConversationSummary> {
    const head = (await this.#log.heads([conversationId])).get(conversationId);
    const membership = await this.#access.member(conversationId, userId);
    const [summary] =
      head === undefined ? [] : await this.describe(userId, [{ conversationId, membership, head }]);
    if (summary === undefined) throw new ConfabError('not_found');
    return summary;
  }

  /**
   * Describes entries, in their order. The memberships are read once more after all else: who was removed meanwhile is
   * told nothing of what came after.
   */
  async describe(userId: string, asked: readonly ListEntry[]): Promise<readonly ConversationSummary[]> {
    const { entries, rows } = await this.#atOnePlace(asked);
    const peerPlaces = entries.flatMap(({ conversationId, membership: { peerId } }) =>
      peerId === null ? [] : [{ conversationId, userId: peerId }],
    );
    const [cursors, peers, peerCursors] = await Promise.all([
      this.#receipts.cursors(entries.map(({ conversationId }) => ({ conversationId, userId }))),
      this.#accounts.byIds(peerPlaces.map((place) => place.userId)),
      this.#receipts.cursors(peerPlaces),
    ]);
    const peerCursorOf = new Map(
      peerPlaces.map((place, index) => [place.conversationId, peerCursors[index] ?? null]),
    );
    const counts = await this.#counts(userId, entries, cursors);
    const memberships = await this.#membershipsNow(userId, entries);
    const summaries = entries.map((entry, index) => {
      const { peerId } = entry.membership;
      const role = memberships.get(entry.conversationId)?.role ?? entry.membership.role;
      return summaryOf(entry, {
        role,
        row: rows.get(entry.conversationId)?.value,
        floor: floorOf(entry.membership, cursors[index] ?? null, entry.head),
        counts: counts[index] ?? { own: 0, mentions: 0 },
        peer:
          peerId === null
            ? undefined
            : { peerId, user: peers.get(peerId), cursor: peerCursorOf.get(entry.conversationId) },
      });
    });
    return summaries.filter(({ conversationId }) => memberships.has(conversationId));
  }

  /** The memberships that last on, as they are now: a role may have changed since the head was read. */
  async #membershipsNow(
    userId: string,
    entries: readonly ListEntry[],
  ): Promise<ReadonlyMap<string, Membership>> {
    const places = entries.map(({ conversationId }) => ({ partition: userId, key: conversationId }));
    const rows = await this.#views.getMany('membership', places);
    const before = new Map(
      entries.map(({ conversationId, membership }) => [conversationId, membership.from]),
    );
    const lasting = rows.filter(({ key, value }) => value.to === null && value.from === before.get(key));
    return new Map(lasting.map(({ key, value }) => [key, value]));
  }

  /**
   * The entries with the rows that describe them at their heads. Who is told of a head counts members on from there, so
   * a row that is ahead of its head would count somebody twice.
   */
  async #atOnePlace(asked: readonly ListEntry[]): Promise<{
    readonly entries: readonly ListEntry[];
    readonly rows: ReadonlyMap<string, ViewRow<'conversation'>>;
  }> {
    let entries = asked;
    for (let reads = 1; ; reads++) {
      const rows = await this.#conversationRows(entries);
      const ahead = entries.filter(
        ({ conversationId, head }) => (rows.get(conversationId)?.version ?? 0) > head.sequence,
      );
      if (ahead.length === 0 || reads >= READS_MAX) return { entries, rows };
      const heads = await this.#log.heads(ahead.map(({ conversationId }) => conversationId));
      entries = entries.map((entry) => ({ ...entry, head: heads.get(entry.conversationId) ?? entry.head }));
    }
  }

  async #conversationRows(
    entries: readonly ListEntry[],
  ): Promise<ReadonlyMap<string, ViewRow<'conversation'>>> {
    const places = entries.map(({ conversationId }) => ({ partition: conversationId, key: '' }));
    const rows = await this.#views.getMany('conversation', places);
    return new Map(rows.map((row) => [row.partition, row]));
  }

  /** Own messages and mentions above each floor; asked only where there is anything above it. */
  async #counts(userId: string, entries: readonly ListEntry[], cursors: readonly (UserCursor | null)[]) {
    const counts = entries.map(() => ({ own: 0, mentions: 0 }));
    const open = entries.flatMap(({ conversationId, membership, head }, index) => {
      const floor = floorOf(membership, cursors[index] ?? null, head);
      return head.ordinal > floor.ordinal ? [{ index, conversationId, floor, head }] : [];
    });
    const [own, mentions] = await Promise.all([
      ownBetween(this.#log, userId, open),
      this.#views.counts(
        open.map(({ conversationId, floor }) => ({
          view: 'mention' as const,
          partition: mentionPartition(conversationId, userId),
          after: mentionKey(floor.sequence),
          limit: MENTIONS_COUNTED_MAX,
        })),
      ),
    ]);
    open.forEach(({ index }, place) => {
      counts[index] = { own: own[place] ?? 0, mentions: mentions[place] ?? 0 };
    });
    return counts;
  }
}

interface SummaryParts {
  readonly role: Membership['role'];
  readonly row: ViewValues['conversation'] | undefined;
  readonly floor: { readonly sequence: number; readonly ordinal: number };
  readonly counts: { readonly own: number; readonly mentions: number };
  readonly peer:
    | {
        readonly peerId: string;
        readonly user: UserRecord | undefined;
        readonly cursor: UserCursor | null | undefined;
      }
    | undefined;
}

function summaryOf(
  { conversationId, membership, head }: ListEntry,
  parts: SummaryParts,
): ConversationSummary {
  const { row, floor, counts, peer } = parts;
  const preview = head.preview !== null && head.preview.sequence >= membership.from ? head.preview : null;
  return {
    conversationId,
    type: membership.type,
    title: row?.title ?? null,
    role: parts.role,
    memberCount: row?.memberCount ?? 1,
    ...(peer === undefined
      ? {}
      : {
          peer: peer.user === undefined ? null : userOf(peer.user),
          watermarks: [
            { userId: peer.peerId, delivered: peer.cursor?.delivered ?? 0, read: peer.cursor?.read ?? 0 },
          ],
        }),
    head: headOf(head),
    read: { sequence: floor.sequence, ordinal: floor.ordinal },
    unread: unreadCount(head.ordinal, floor.ordinal, counts.own),
    mentions: counts.mentions,
    ...(preview === null ? {} : { preview }),
  };
}

/** A head as the wire has it. */
export function headOf(head: LogHead): Head {
  const { sequence, ordinal, eventId, sentAt } = head;
  return { sequence, ordinal, eventId, sentAt };
}

/** A user as others see them. */
export function userOf(record: UserRecord): User {
  const { userId, username, displayName, picture } = record;
  return { userId, username, displayName, ...(picture === null ? {} : { picture }) };
}

function newestFirst(one: ListEntry, other: ListEntry): number {
  if (one.head.sentAt !== other.head.sentAt) return one.head.sentAt < other.head.sentAt ? 1 : -1;
  return one.conversationId < other.conversationId ? -1 : 1;
}

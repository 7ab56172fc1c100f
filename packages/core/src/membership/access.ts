import type { CursorPlace, Digest, Membership, Views } from '@confab/contracts';
import {
  conversationIdPrefix,
  directConversationText,
  groupConversationText,
  ownLogText,
} from '@confab/conversation';
import { ConfabError } from '@confab/protocol';

/** The ids that follow from what a conversation is. */
export class ConversationIds {
  readonly #digest: Digest;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  direct(one: string, other: string): string {
    return conversationIdPrefix.direct + this.#digest.sha256Id(directConversationText(one, other));
  }

  group(creatorId: string, clientMessageId: string): string {
    return (
      conversationIdPrefix.group + this.#digest.sha256Id(groupConversationText(creatorId, clientMessageId))
    );
  }

  ownLog(userId: string): string {
    return conversationIdPrefix.self + this.#digest.sha256Id(ownLogText(userId));
  }
}

/** A user's part of a log: the events from `from` to `to`, or to the head where `to` is null. */
export interface ReadableRange {
  readonly from: number;
  readonly fromOrdinal: number;
  readonly to: number | null;
}

/** Who may see what: asked on every read, whoever the caller says to be. */
export class Access {
  readonly #views: Views;
  readonly #ids: ConversationIds;

  constructor(views: Views, ids: ConversationIds) {
    this.#views = views;
    this.#ids = ids;
  }

  /** A present member's membership; to anybody else the conversation does not exist. */
  async member(conversationId: string, userId: string): Promise<Membership> {
    const membership = await this.membership(conversationId, userId);
    if (membership === null || membership.to !== null) throw new ConfabError('not_found');
    return membership;
  }

  /** The latest membership, ended or not. */
  async membership(conversationId: string, userId: string): Promise<Membership | null> {
    const [row] = await this.#views.getMany('membership', [{ partition: userId, key: conversationId }]);
    return row?.value ?? null;
  }

  /** The latest membership at each place, or null. */
  async memberships(places: readonly CursorPlace[]): Promise<readonly (Membership | null)[]> {
    const rows = await this.#views.getMany(
      'membership',
      places.map(({ conversationId, userId }) => ({ partition: userId, key: conversationId })),
    );
    const byPlace = new Map(rows.map(({ partition, key, value }) => [`${key} ${partition}`, value]));
    return places.map(({ conversationId, userId }) => byPlace.get(`${conversationId} ${userId}`) ?? null);
  }

  /** What the user may read: of a conversation as its member, or of their own log. Null: nothing. */
  async readable(conversationId: string, userId: string): Promise<ReadableRange | null> {
    if (this.isOwnLog(conversationId, userId)) return { from: 1, fromOrdinal: 0, to: null };
    return await this.membership(conversationId, userId);
  }

  isOwnLog(conversationId: string, userId: string): boolean {
    return (
      conversationId.startsWith(conversationIdPrefix.self) && conversationId === this.#ids.ownLog(userId)
    );
  }

  /** All open memberships of a user. */
  async openMemberships(userId: string): Promise<ReadonlyMap<string, Membership>> {
    const open = new Map<string, Membership>();
    let after: string | null = null;
    for (;;) {
      const page: Awaited<ReturnType<typeof this.membershipPage>> = await this.membershipPage(userId, after);
      for (const { key, value } of page) if (value.to === null) open.set(key, value);
      if (page.length < MEMBERSHIPS_PAGE) return open;
      after = page.at(-1)?.key ?? null;
    }
  }

  private async membershipPage(userId: string, after: string | null) {
    return await this.#views.list({ view: 'membership', partition: userId, after, limit: MEMBERSHIPS_PAGE });
  }
}

/** Membership rows read at once. */
const MEMBERSHIPS_PAGE = 1_000;

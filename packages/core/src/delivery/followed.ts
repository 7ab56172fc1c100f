import type { ConversationLog, EventDelivery, NodeRecord, SessionRegistry, Views } from '@confab/contracts';
import { memberRows } from '../log/member-rows.ts';

/** What the followed conversations stand on. */
export interface FollowedOptions {
  readonly registry: SessionRegistry;
  readonly log: ConversationLog;
  readonly views: Views;
  readonly node: NodeRecord;
  /** Whether a user has a session on this node. */
  readonly isHere: (userId: string) => boolean;
  /** Sessions of these users may have missed something up to a sequence. */
  readonly tellBehind: (conversationId: string, sequence: number, userIds: Iterable<string>) => void;
  readonly onFault: (error: unknown) => void;
}

/** Events that came while the members were being read, as long as none is missing between them. */
interface Arrived {
  readonly first: number;
  last: number;
  readonly changes: Pick<EventDelivery, 'sequence' | 'joined' | 'departed'>[];
}

interface Followed {
  /** The users of this node that are members, where `isSure`; else those that were. */
  readonly members: Set<string>;
  /** Of members that joined beyond `through`: where. What stands before is not for them. */
  readonly notBefore: Map<string, number>;
  /** Questions whether a user is a member; one is taken out where an event overtakes its answer. */
  readonly asking: Set<{ readonly userId: string }>;
  /** How often the members were read. */
  readings: number;
  /** The last event handed to them; what follows it directly is decided by `members` alone. */
  through: number;
  isSure: boolean;
  arrived: Arrived | null;
  settling: Promise<void> | null;
}

/**
 * Conversations too large to look every member up for each event: this node follows those in which a user of its own
 * is a member, and keeps which ones. What the node knows of them is right as long as it sees every event, for those
 * say who joins and who leaves. After a hole it asks the store again, and until it knows nobody is given an event by
 * it: they are told where the conversation stands, and who may read it is decided as they ask.
 */
export class FollowedConversations {
  readonly #options: FollowedOptions;
  readonly #followed = new Map<string, Followed>();
  /** The followed conversations of each user of this node. */
  readonly #byUser = new Map<string, Set<string>>();

  constructor(options: FollowedOptions) {
    this.#options = options;
  }

  /**
   * Lets a user's sessions hear a conversation they are a member of. Resolves with the sequence from which on they do:
   * what stands up to there has to be read from the log. Until the store has said that they are a member, after they
   * stand here to be taken out again, they are told of events and given none.
   */
  async listen(conversationId: string, userId: string): Promise<number> {
    const followed = this.#followed.get(conversationId) ?? this.#begin(conversationId);
    if (followed.members.has(userId)) return followed.through;
    const question = { userId };
    followed.asking.add(question);
    try {
      await followed.settling;
      const { readings } = followed;
      const place = { partition: userId, key: conversationId };
      const [row] = await this.#options.views.getMany('membership', [place]);
      const isMember = row !== undefined && row.value.to === null;
      // Where the members were read meanwhile, that reading is newer than this answer.
      const isCurrent = followed.asking.has(question) && followed.readings === readings;
      if (isMember && isCurrent && this.#options.isHere(userId)) {
        if (row.value.from > followed.through) followed.notBefore.set(userId, row.value.from);
        this.#add(conversationId, followed, userId);
      }
    } finally {
      followed.asking.delete(question);
      this.#endWhereNobody(conversationId, followed);
    }
    return followed.through;
  }

  /** The last session of a user has gone. */
  leave(userId: string): void {
    const conversationIds = this.#byUser.get(userId);
    if (conversationIds === undefined) return;
    for (const conversationId of conversationIds) {
      const followed = this.#followed.get(conversationId);
      if (followed !== undefined) this.#remove(conversationId, followed, userId);
    }
    this.#byUser.delete(userId);
  }

  /** Nodes with members online are to follow this conversation: these of them are here. */
  begin(conversationId: string, userIds: readonly string[]): void {
    if (this.#followed.has(conversationId)) return;
    const here = userIds.filter((userId) => this.#options.isHere(userId));
    if (here.length === 0) return;
    const followed = this.#begin(conversationId);
    for (const userId of here) this.#add(conversationId, followed, userId);
  }

  /** The members here, or null where the conversation is not followed. */
  membersOf(conversationId: string): ReadonlySet<string> | null {
    return this.#followed.get(conversationId)?.members ?? null;
  }

  /** Who gets an event. Null: this is not for the followed conversations to say. */
  recipientsOf(conversationId: string, delivery: EventDelivery): readonly string[] | null {
    const followed = this.#followed.get(conversationId);
    if (followed === undefined) return delivery.userIds === null ? [] : null;
    const { sequence } = delivery;
    if (followed.isSure && sequence <= followed.through) return [];
    if (followed.isSure && sequence === followed.through + 1)
      return this.#inTurn(conversationId, followed, delivery);
    followed.isSure = false;
    noteArrived(followed, delivery);
    followed.settling ??= this.#settle(conversationId, followed);
    if (delivery.userIds !== null) return delivery.userIds;
    this.#options.tellBehind(conversationId, sequence, [...followed.members, ...askersOf(followed)]);
    return [];
  }

  #inTurn(conversationId: string, followed: Followed, delivery: EventDelivery): readonly string[] {
    followed.through = delivery.sequence;
    this.#welcome(conversationId, followed, delivery.joined);
    // Looked up for this event, so members right after it, or made to leave by it.
    this.#welcome(conversationId, followed, delivery.userIds ?? []);
    const recipients = [...followed.members].filter(
      (userId) => (followed.notBefore.get(userId) ?? 0) <= delivery.sequence,
    );
    if (followed.asking.size > 0)
      this.#options.tellBehind(conversationId, delivery.sequence, askersOf(followed));
    for (const userId of delivery.departed) this.#remove(conversationId, followed, userId);
    return recipients;
  }

  #begin(conversationId: string): Followed {
    const followed: Followed = {
      members: new Set(),
      notBefore: new Map(),
      asking: new Set(),
      readings: 0,
      through: 0,
      isSure: false,
      arrived: null,
      settling: null,
    };
    this.#followed.set(conversationId, followed);
    followed.settling = this.#options.registry
      .follow({ ...this.#options.node, conversationId })
      .catch(this.#options.onFault)
      .then(() => this.#settle(conversationId, followed));
    return followed;
  }

  /** Reads who of this node is a member, and goes on from the head at which that was true. */
  async #settle(conversationId: string, followed: Followed): Promise<void> {
    try {
      while (!followed.isSure && this.#followed.get(conversationId) === followed) {
        await this.#readMembers(conversationId, followed);
      }
    } catch (error) {
      this.#options.onFault(error);
    } finally {
      followed.settling = null;
    }
  }

  async #readMembers(conversationId: string, followed: Followed): Promise<void> {
    const head = (await this.#options.log.heads([conversationId])).get(conversationId);
    const reached = head?.sequence ?? 0;
    const here = await this.#membersHere(conversationId, reached);
    // Those who are new first: where nobody is left, it would not be followed any more.
    this.#welcome(conversationId, followed, here);
    for (const userId of followed.members) {
      if (!here.has(userId)) this.#remove(conversationId, followed, userId);
    }
    followed.readings += 1;
    const { arrived } = followed;
    followed.arrived = null;
    if (arrived !== null && arrived.first > reached + 1) return;
    for (const change of arrived?.changes ?? []) {
      if (change.sequence > reached) this.#change(conversationId, followed, change);
    }
    followed.through = Math.max(reached, arrived?.last ?? 0);
    followed.isSure = true;
    this.#options.tellBehind(conversationId, followed.through, followed.members);
  }

  /** Users of this node that were members at a sequence: who joined later sees nothing from before their join. */
  async #membersHere(conversationId: string, reached: number): Promise<ReadonlySet<string>> {
    const here = new Set<string>();
    for await (const { key, value } of memberRows(this.#options.views, conversationId)) {
      if (value.joinedSequence <= reached && this.#options.isHere(key)) here.add(key);
    }
    return here;
  }

  #change(
    conversationId: string,
    followed: Followed,
    { joined, departed }: Pick<EventDelivery, 'joined' | 'departed'>,
  ): void {
    this.#welcome(conversationId, followed, joined);
    for (const userId of departed) this.#remove(conversationId, followed, userId);
  }

  #welcome(conversationId: string, followed: Followed, joined: Iterable<string>): void {
    for (const userId of joined) {
      if (this.#options.isHere(userId)) this.#add(conversationId, followed, userId);
    }
  }

  #add(conversationId: string, followed: Followed, userId: string): void {
    followed.members.add(userId);
    const conversationIds = this.#byUser.get(userId);
    if (conversationIds === undefined) this.#byUser.set(userId, new Set([conversationId]));
    else conversationIds.add(conversationId);
  }

  #remove(conversationId: string, followed: Followed, userId: string): void {
    for (const question of followed.asking) if (question.userId === userId) followed.asking.delete(question);
    followed.members.delete(userId);
    followed.notBefore.delete(userId);
    this.#byUser.get(userId)?.delete(conversationId);
    this.#endWhereNobody(conversationId, followed);
  }

  #endWhereNobody(conversationId: string, followed: Followed): void {
    if (followed.members.size > 0 || followed.asking.size > 0) return;
    if (this.#followed.get(conversationId) !== followed) return;
    this.#followed.delete(conversationId);
    this.#options.registry.unfollow({ ...this.#options.node, conversationId }).catch(this.#options.onFault);
  }
}

function noteArrived(followed: Followed, { sequence, joined, departed }: EventDelivery): void {
  const { arrived } = followed;
  const change = { sequence, joined, departed };
  if (arrived !== null && sequence === arrived.last + 1) {
    arrived.last = sequence;
    arrived.changes.push(change);
  } else if (arrived === null || sequence > arrived.last + 1) {
    followed.arrived = { first: sequence, last: sequence, changes: [change] };
  }
}

function askersOf({ asking }: Followed): readonly string[] {
  return [...asking].map(({ userId }) => userId);
}

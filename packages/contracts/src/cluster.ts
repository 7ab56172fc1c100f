/**
 * Who is where, and how nodes speak. All of it is lossy: correctness never rests on it.
 */

/**
 * A row per session (connection): which node holds a socket of this user; and which nodes follow a large conversation,
 * so that its events need no look-up of every member.
 *
 * - `[REG1]` `locate` gives each node that holds a live session of one of the users, with those users.
 * - `[REG2]` `release` removes a session only where connection and boot id are the same: a newer one stays.
 * - `[REG3]` Sessions of a node whose lease has ended, or that came back under another boot id, are not given.
 * - `[REG4]` Never too few: while rows may be missing (the registry was lost, or cannot be asked), `locate` gives each
 *   node whose rows may be missing with all of the users asked, and `followers` names each such node.
 * - `[REG5]` `followers` names each node with a live lease that follows the conversation; what `[REG3]` says of
 *   sessions holds for followers.
 */
export interface SessionRegistry {
  claim(session: SessionRecord): Promise<void>;
  release(session: SessionRecord): Promise<void>;
  locate(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  follow(follower: FollowerRecord): Promise<void>;
  unfollow(follower: FollowerRecord): Promise<void>;
  followers(conversationId: string): Promise<readonly string[]>;
}

/** One connection of a device, and the run of the node that holds it. */
export interface SessionRecord {
  readonly userId: string;
  readonly deviceId: string;
  readonly connectionId: string;
  readonly nodeId: string;
  readonly bootId: string;
}

/** A run of a node that has members of a conversation connected. */
export interface FollowerRecord extends NodeRecord {
  readonly conversationId: string;
}

/**
 * The nodes that are alive, and those that take ownership of conversations.
 *
 * - `[NODE1]` A node that joined is listed until it leaves or its lease ends.
 * - `[NODE2]` A node that retired owns nothing any more, though it lives on: it is in `live` and not in `owners`, until
 *   it joins again.
 */
export interface NodeDirectory {
  join(node: NodeRecord): Promise<void>;
  retire(node: NodeRecord): Promise<void>;
  leave(node: NodeRecord): Promise<void>;
  /** Known locally at once; sorted. The same array until it changes. */
  live(): readonly string[];
  /** Those of `live` that have not retired; known locally at once; sorted. The same array until it changes. */
  owners(): readonly string[];
}

/** One run of a node: another start has another boot id. */
export interface NodeRecord {
  readonly nodeId: string;
  readonly bootId: string;
}

/**
 * Envelopes between nodes, at most once.
 *
 * - `[BUS1]` What arrives of one publisher arrives in the order it was published.
 * - `[BUS2]` A publication to a node that nobody serves is lost without an error.
 * - `[BUS3]` A request is answered by the node's responder, or rejected when the node is not there. How long an answer
 *   may take is the asker's to say.
 * - `[BUS4]` A loss is told: where envelopes to a node may be lost for good - its last one, too - the listeners of that
 *   node hear of it within 1.5 s, and again every second for as long as it lasts.
 * - `[BUS5]` An envelope of a kind that a receiver does not know (a newer node sent it) is passed over.
 */
export interface NodeBus {
  publish(nodeId: string, envelope: Envelope): void;
  subscribe(nodeId: string, receiver: (envelope: Envelope) => void): () => void;
  onLoss(nodeId: string, listener: () => void): () => void;
  request(nodeId: string, request: unknown): Promise<unknown>;
  respond(nodeId: string, responder: (request: unknown) => Promise<unknown>): () => void;
}

/** What one node tells another. */
export type Envelope =
  | EventsEnvelope
  | HeadEnvelope
  | { readonly kind: 'receipt'; readonly userIds: readonly string[]; readonly frame: ReceiptNews }
  | {
      readonly kind: 'typing';
      readonly userIds: readonly string[];
      readonly conversationId: string;
      readonly userId: string;
    }
  | SessionOpenedEnvelope
  | { readonly kind: 'device_revoked'; readonly userId: string; readonly deviceId: string };

/** A session was opened: older ones of the same (user, device, instance) elsewhere are replaced by it. */
export interface SessionOpenedEnvelope {
  readonly kind: 'session_opened';
  readonly userId: string;
  readonly deviceId: string;
  readonly instanceId: string;
  readonly connectionId: string;
  /** By the clock of its node; where clocks differ, an older session may stay, and none that is newer goes. */
  readonly openedAtMs: number;
}

/** Events committed together, and for each the users of the node that get it. */
export interface EventsEnvelope {
  readonly kind: 'events';
  readonly conversationId: string;
  /** Whether nodes with a member online are to follow the conversation from here on. */
  readonly isFollowed: boolean;
  readonly deliveries: readonly EventDelivery[];
}

/** One event and the users of a node that get it. */
export interface EventDelivery {
  readonly sequence: number;
  readonly ordinal: number;
  readonly eventId: string;
  readonly sentAt: string;
  readonly senderId: string;
  readonly clientMessageId: string;
  /** The frame without `clientMessageId`. */
  readonly json: string;
  /** The users of the node that get it; null: those of its users that are members, as the node knows them. */
  readonly userIds: readonly string[] | null;
  /** Who became a member by this event, and whom it made leave. */
  readonly joined: readonly string[];
  readonly departed: readonly string[];
}

/** A conversation reaches to this sequence; who has less of it is told to sync. `userIds` as for an event. */
export interface HeadEnvelope {
  readonly kind: 'head';
  readonly conversationId: string;
  readonly isFollowed: boolean;
  readonly sequence: number;
  readonly userIds: readonly string[] | null;
}

/** Watermarks that moved. With `floor` it is for the user's own devices. */
export interface ReceiptNews {
  readonly conversationId: string;
  readonly userId: string;
  readonly delivered?: number;
  readonly read?: number;
  readonly floor?: { readonly sequence: number; readonly ordinal: number };
  readonly unread?: number;
  readonly headSequence?: number;
  readonly headOrdinal?: number;
}

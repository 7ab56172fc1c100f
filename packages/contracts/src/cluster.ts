/**
 * Who is where, and how nodes speak. All of it is lossy: correctness never rests on it.
 */

/**
 * A row per session (connection): which node holds a socket of this user.
 *
 * - `[REG1]` `locate` gives each node that holds a live session of one of the users, with those users.
 * - `[REG2]` `release` removes a session only where connection and boot id are the same: a newer one stays.
 * - `[REG3]` Sessions of a node whose lease has ended, or that came back under another boot id, are not given.
 */
export interface SessionRegistry {
  claim(session: SessionRecord): Promise<void>;
  release(session: SessionRecord): Promise<void>;
  locate(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

/** One connection of a device, and the run of the node that holds it. */
export interface SessionRecord {
  readonly userId: string;
  readonly deviceId: string;
  readonly connectionId: string;
  readonly nodeId: string;
  readonly bootId: string;
}

/**
 * The nodes that are alive.
 *
 * - `[NODE1]` A node that joined is listed until it leaves or its lease ends.
 */
export interface NodeDirectory {
  join(node: NodeRecord): Promise<void>;
  leave(node: NodeRecord): Promise<void>;
  /** Known locally at once; sorted. */
  live(): readonly string[];
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
 * - `[BUS3]` A request is answered by the node's responder, or rejected when the node is not there.
 */
export interface NodeBus {
  publish(nodeId: string, envelope: Envelope): void;
  subscribe(nodeId: string, receiver: (envelope: Envelope) => void): () => void;
  request(nodeId: string, request: unknown): Promise<unknown>;
  respond(nodeId: string, responder: (request: unknown) => Promise<unknown>): () => void;
}

/** What one node tells another. */
export type Envelope =
  | EventsEnvelope
  | { readonly kind: 'receipt'; readonly userIds: readonly string[]; readonly frame: ReceiptNews }
  | {
      readonly kind: 'typing';
      readonly userIds: readonly string[];
      readonly conversationId: string;
      readonly userId: string;
    }
  | { readonly kind: 'device_revoked'; readonly userId: string; readonly deviceId: string };

/** Events committed together, and for each the users of the node that get it. */
export interface EventsEnvelope {
  readonly kind: 'events';
  readonly conversationId: string;
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
  readonly userIds: readonly string[];
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

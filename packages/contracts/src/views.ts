/**
 * Versioned rows derived from logs: conversations, members, memberships, mentions. Core computes them, stores keep
 * them. A row's version is the sequence of the event that caused it, so that writes commute.
 *
 * - `[VIEW1]` A put with a version below the row's own changes nothing.
 * - `[VIEW2]` A null value deletes the row; a put of a lower version does not bring it back.
 * - `[VIEW3]` `list` gives the rows of a partition in ascending order of their keys (by code unit), after `after`.
 * - `[VIEW4]` `watermark` is the sequence through which a conversation's own commits have reached the views; a reader
 *   that finds it below the head folds the tail of the log itself.
 */
export interface Views {
  list<V extends ViewName>(request: ViewListRequest<V>): Promise<readonly ViewRow<V>[]>;
  /** The rows of several partitions under one key each; the ones that exist, in no order. */
  getMany<V extends ViewName>(view: V, places: readonly ViewPlace[]): Promise<readonly ViewRow<V>[]>;
  /** For each question how many rows of the partition have a key above `after`, counting no further than `limit`. */
  counts(questions: readonly ViewListRequest<ViewName>[]): Promise<readonly number[]>;
  watermark(conversationId: string): Promise<number>;
}

/** What each view holds. Values are JSON. */
export interface ViewValues {
  /** Partition conversationId, key ''. */
  conversation: {
    readonly type: 'direct' | 'group' | 'self';
    readonly title: string | null;
    readonly memberCount: number;
  };
  /** Partition conversationId, key userId. */
  member: {
    readonly role: 'owner' | 'admin' | 'member';
    readonly joinedSequence: number;
    readonly joinedOrdinal: number;
  };
  /** Partition userId, key conversationId: the user's latest membership there. */
  membership: Membership;
  /** Partition conversationId + ':' + userId, key the sequence as 16 digits. */
  mention: { readonly messageId: string };
}

/**
 * Member from the event at `from` to the event at `to`, both included; null is still a member. Earlier memberships
 * stand in the log alone: nothing is readable through them.
 */
export interface Membership {
  readonly type: 'direct' | 'group';
  readonly role: 'owner' | 'admin' | 'member';
  readonly from: number;
  readonly fromOrdinal: number;
  readonly to: number | null;
  /** The other user of a direct conversation. */
  readonly peerId: string | null;
}

/** The views there are. */
export type ViewName = keyof ViewValues;

/** Where a row stands. */
export interface ViewPlace {
  readonly partition: string;
  readonly key: string;
}

/** A row as it is read. */
export interface ViewRow<V extends ViewName = ViewName> extends ViewPlace {
  readonly version: number;
  readonly value: ViewValues[V];
}

/** A row to write, or with a null value to delete. */
export type ViewPut = {
  [V in ViewName]: ViewPlace & {
    readonly view: V;
    readonly version: number;
    readonly value: ViewValues[V] | null;
  };
}[ViewName];

/** Rows of one partition in the order of their keys. */
export interface ViewListRequest<V extends ViewName> {
  readonly view: V;
  readonly partition: string;
  /** Exclusive lower bound of the key; '' for the first page. A row with key '' is listed only with null. */
  readonly after: string | null;
  readonly limit: number;
}

/**
 * What has to follow a commit, noted durably with it and finished by any node, at least once.
 *
 * - `[WORK1]` An item committed with its cause is offered until it is completed, also after a crash.
 * - `[WORK2]` A claimed item is offered to nobody else until its lease ends.
 * - `[WORK3]` An item is not offered before its `dueAtMs`; items due are offered in the order of that time.
 */
export interface WorkQueue {
  /** Takes up to `limit` due items for `leaseMs`. */
  claim(request: {
    readonly nowMs: number;
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<readonly ClaimedWork[]>;
  complete(workIds: readonly string[]): Promise<void>;
  /** Gives items back, to be offered again at `dueAtMs`. */
  retry(workIds: readonly string[], dueAtMs: number): Promise<void>;
}

/** Unique by `workId`; a second item with the id of an open one is ignored. */
export interface WorkItem {
  readonly workId: string;
  readonly dueAtMs: number;
  readonly task: WorkTask;
}

/** The kinds of work there are. */
export type WorkTask = {
  readonly kind: 'record_membership';
  readonly userIds: readonly string[];
  readonly change: 'joined' | 'left';
  readonly conversationId: string;
  readonly eventId: string;
  readonly sequence: number;
};

/** An item that this claimer holds until its lease ends. */
export interface ClaimedWork extends WorkItem {
  /** How often it was claimed, this time included. */
  readonly attempts: number;
}

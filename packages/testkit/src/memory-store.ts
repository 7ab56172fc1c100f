import type {
  Accounts,
  CommitOutcome,
  CommitRequest,
  ConversationLog,
  Cursors,
  Devices,
  Views,
  WorkQueue,
} from '@confab/contracts';
import { MemoryAccounts, MemoryDevices } from './memory-store-accounts.ts';
import { MemoryCursors } from './memory-store-cursors.ts';
import { type CommitFault, MemoryLog } from './memory-store-log.ts';
import { MemoryViews } from './memory-store-views.ts';
import { MemoryWork } from './memory-store-work.ts';

/** The ports over plain maps: the model that the other stores are compared with. Every call is atomic. */
export interface MemoryStore {
  readonly log: ConversationLog;
  readonly views: Views;
  readonly work: WorkQueue;
  readonly cursors: Cursors;
  readonly accounts: Accounts;
  readonly devices: Devices;
  /** The next commits end like this, one after the other; after them all is well again. */
  failNextCommits(...faults: readonly CommitFault[]): void;
  /**
   * Commits to the log alone, as stores do that cannot write views and work in the same step: these stand once `finish`
   * is called, or whoever reads the new head or commits next has met it.
   */
  commitUnfinished(request: CommitRequest): Promise<CommitOutcome>;
  finish(conversationId: string): void;
  /** Work that is not completed, claimed or not. */
  openWork(): number;
  /** Every conversation that has an event. */
  conversationIds(): readonly string[];
}

export interface MemoryStoreOptions {
  /** No commit crosses a multiple of this many events, as in stores that keep a log in buckets. */
  readonly bucketEvents: number;
}

export function createMemoryStore(
  { bucketEvents }: MemoryStoreOptions = { bucketEvents: Number.MAX_SAFE_INTEGER },
): MemoryStore {
  const views = new MemoryViews();
  const work = new MemoryWork();
  const log = new MemoryLog(views, work, bucketEvents);
  return {
    log,
    views: views.withWatermark((conversationId) => log.finishedSequence(conversationId)),
    work,
    cursors: new MemoryCursors(),
    accounts: new MemoryAccounts(),
    devices: new MemoryDevices(),
    commitUnfinished: (request) => log.commitUnfinished(request),
    finish: (conversationId) => log.finish(conversationId),
    failNextCommits: (...faults) => log.failNext(faults),
    openWork: () => work.size,
    conversationIds: () => log.conversationIds(),
  };
}

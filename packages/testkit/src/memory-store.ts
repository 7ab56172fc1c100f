import type { Accounts, ConversationLog, Cursors, Devices, Views, WorkQueue } from '@confab/contracts';
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
  /** Work that is not completed, claimed or not. */
  openWork(): number;
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
    // The log's heads are the watermarks: a commit reaches the views in the same step.
    views: views.withWatermark((conversationId) => log.headSequence(conversationId)),
    work,
    cursors: new MemoryCursors(),
    accounts: new MemoryAccounts(),
    devices: new MemoryDevices(),
    failNextCommits: (...faults) => log.failNext(faults),
    openWork: () => work.size,
  };
}

import type { ConversationLog, Views } from '@confab/contracts';
import { readEach } from '../bounded.ts';
import type { CqlSession } from '../cql-session.ts';
import { ViewReader } from '../views/view-reader.ts';
import { BucketHeads } from './bucket-heads.ts';
import { Buckets } from './buckets.ts';
import { type AddWork, EffectsKeeper } from './effects.ts';
import { EventIds } from './event-ids.ts';
import { FoundEvents } from './found-events.ts';
import { LogReader } from './log-reader.ts';
import { headOf } from './log-rows.ts';
import { LogWriter } from './log-writer.ts';
import { OwnCounts } from './own-counts.ts';

export interface CassandraLogOptions {
  readonly session: CqlSession;
  /** Sequences in a bucket; for all who use one keyspace the same. */
  readonly bucketEvents: number;
  readonly addWork: AddWork;
}

/** The log and the views that its commits write. */
export function createCassandraLog({ session, bucketEvents, addWork }: CassandraLogOptions): {
  readonly log: ConversationLog;
  readonly views: Views;
} {
  const buckets = new Buckets(bucketEvents);
  const heads = new BucketHeads(session, buckets);
  const effects = new EffectsKeeper(session, addWork);
  const ids = new EventIds(session);
  const found = new FoundEvents({ session, buckets, heads, ids, effects });
  const writer = new LogWriter({ session, buckets, heads, ids, effects, found });
  const reader = new LogReader(session, buckets, heads);
  const ownCounts = new OwnCounts(session, buckets, heads);
  const viewReader = new ViewReader(session);

  /** Whoever sees a head finds its effects done. */
  const settledHead: typeof heads.newest = async (conversationId) => {
    const head = await heads.newest(conversationId);
    if (head !== null) await effects.settle(head);
    return head;
  };

  return {
    log: {
      commit: (request) => writer.commit(request),
      room: (head) => buckets.room(head),
      heads: async (conversationIds) => {
        const newest = await readEach(conversationIds, settledHead);
        return new Map(
          newest.flatMap((head) => (head === null ? [] : [[head.conversationId, headOf(head.row)]])),
        );
      },
      read: (request) => reader.read(request),
      findByClientIds: (conversationId, keys) => found.find(conversationId, keys),
      countOwn: (questions) => ownCounts.count(questions),
    },
    views: {
      list: (request) => viewReader.list(request),
      getMany: (view, places) => viewReader.getMany(view, places),
      counts: (questions) => viewReader.counts(questions),
      watermark: async (conversationId) => (await settledHead(conversationId))?.row.last_sequence ?? 0,
    },
  };
}

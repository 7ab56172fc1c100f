import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { ConversationLog, ViewPut } from '@confab/contracts';
import { type CassandraStore, createCassandraStore } from '../open-cassandra-store.ts';
import { commitRequest, freshIds, uniqueConversation } from '../testing/commit-requests.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';

/** More buckets than are asked at once, each with more rare events than one answer holds. */
const BUCKET_EVENTS = 30;
const BUCKETS = 40;
const RARE_BUCKETS: ReadonlySet<number> = new Set([0, 1, 35, 39]);
const TEST_TIMEOUT_MS = 120_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

describe.skipIf(testNode === undefined)(`logs of many buckets ${NEEDS_CASSANDRA}`, () => {
  const conversationId = uniqueConversation();
  const rare: number[] = [];
  let store: CassandraStore;

  beforeAll(async () => {
    store = createCassandraStore(await (await testKeyspace()).openSession(), BUCKET_EVENTS);
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const expectedHead = bucket * BUCKET_EVENTS;
      const type = RARE_BUCKETS.has(bucket) ? 'member_event' : 'message_event';
      const clientMessageIds = freshIds(BUCKET_EVENTS);
      const request = commitRequest({ conversationId, expectedHead, clientMessageIds });
      const events = request.events.map((event) => ({ ...event, type }) as const);
      if (type === 'member_event') rare.push(...events.map(({ sequence }) => sequence));
      expect(await store.log.commit({ ...request, events })).toEqual({ kind: 'committed' });
    }
  });

  afterAll(async () => {
    await store.close();
    await dropTestKeyspace();
  });

  type Question = Pick<Parameters<ConversationLog['read']>[0], 'after' | 'before' | 'limit'>;

  const rareSequences = async (question: Question): Promise<readonly number[]> => {
    const request = { conversationId, bytesMax: 10_000_000, type: 'member_event', ...question } as const;
    return (await store.log.read(request)).map(({ sequence }) => sequence);
  };

  test('[LOG6] events of a rare type are found in order, in either direction', async () => {
    expect(await rareSequences({ after: 0, before: null, limit: 1_000 })).toEqual(rare);
    expect(await rareSequences({ after: 0, before: 100_000, limit: 1_000 })).toEqual(rare);
    expect(await rareSequences({ after: 40, before: null, limit: 30 })).toEqual(
      rare.filter((at) => at > 40).slice(0, 30),
    );
    expect(await rareSequences({ after: 0, before: 1_190, limit: 40 })).toEqual(
      rare.filter((at) => at < 1_190).slice(-40),
    );
  });

  test('[LOG7] counts over full buckets are the same when they are remembered', async () => {
    const question = { conversationId, userId: 'usender', aboveSequence: 45, throughSequence: 1_175 };
    const expected = 1_175 - 45 - rare.filter((at) => at > 45 && at <= 1_175).length;
    for (let time = 0; time < 3; time += 1) {
      expect(await store.log.countOwn([question, { ...question, userId: 'usend' }])).toEqual([expected, 0]);
    }
  });

  test('[VIEW3] a page of rows is full although many before it were deleted', async () => {
    const partition = uniqueConversation();
    const keys = Array.from({ length: 1_300 }, (_, index) => String(index).padStart(5, '0'));
    const puts = keys.map((key, index): ViewPut => {
      const value = index < 1_200 ? null : { messageId: key };
      return { view: 'mention', partition, key, version: 1, value };
    });
    const other = uniqueConversation();
    const request = { conversationId: other, expectedHead: 0, clientMessageIds: freshIds(1), views: puts };
    expect(await store.log.commit(commitRequest(request))).toEqual({ kind: 'committed' });
    const page = { view: 'mention', partition, after: null, limit: 20 } as const;
    const rows = await store.views.list(page);
    expect(rows.map(({ key }) => key)).toEqual(keys.slice(1_200, 1_220));
    expect(await store.views.counts([page, { ...page, limit: 1_000 }])).toEqual([20, 100]);
  });
});

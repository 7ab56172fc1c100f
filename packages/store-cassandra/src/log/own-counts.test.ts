import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createCassandraStore } from '../open-cassandra-store.ts';
import { changedSession } from '../testing/changed-session.ts';
import { commitRequest, freshIds, uniqueConversation } from '../testing/commit-requests.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';

const BUCKET_EVENTS = 10;
const BUCKETS = 12;
const QUESTIONS = 20;
const READS_AT_ONCE_MAX = 64;
const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

describe.skipIf(testNode === undefined)(`own counts ${NEEDS_CASSANDRA}`, () => {
  afterAll(dropTestKeyspace);

  test('[LOG7] many questions over many buckets are answered with a bounded number of reads at once', async () => {
    const session = await (await testKeyspace()).openSession();
    let [underWay, mostUnderWay] = [0, 0];
    const store = createCassandraStore(
      changedSession(session, {
        async read<Row>(cql: string, params: Parameters<typeof session.read>[1]) {
          underWay += 1;
          mostUnderWay = Math.max(mostUnderWay, underWay);
          try {
            return await session.read<Row>(cql, params);
          } finally {
            underWay -= 1;
          }
        },
      }),
      BUCKET_EVENTS,
    );
    const conversationId = uniqueConversation();
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const draft = { conversationId, expectedHead: bucket * BUCKET_EVENTS };
      const request = commitRequest({ ...draft, clientMessageIds: freshIds(BUCKET_EVENTS) });
      expect(await store.log.commit(request)).toEqual({ kind: 'committed' });
    }
    const throughSequence = BUCKETS * BUCKET_EVENTS;
    const questions = Array.from({ length: QUESTIONS }, (_, index) => ({
      conversationId,
      userId: index % 2 === 0 ? 'usender' : `uother${index}`,
      aboveSequence: index,
      throughSequence,
    }));
    mostUnderWay = 0;
    const counts = await store.log.countOwn(questions);
    expect(counts).toEqual(questions.map((_, index) => (index % 2 === 0 ? throughSequence - index : 0)));
    expect(mostUnderWay).toBeLessThanOrEqual(READS_AT_ONCE_MAX);
    await store.close();
  });
});

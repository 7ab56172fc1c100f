import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type CassandraStore, createCassandraStore } from '../open-cassandra-store.ts';
import { commitRequest, freshIds, uniqueConversation } from '../testing/commit-requests.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';

const BUCKET_EVENTS = 1_000;
const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

describe.skipIf(testNode === undefined)(`two stores that write one conversation ${NEEDS_CASSANDRA}`, () => {
  let one: CassandraStore;
  let other: CassandraStore;

  beforeAll(async () => {
    const keyspace = await testKeyspace();
    one = createCassandraStore(await keyspace.openSession(), BUCKET_EVENTS);
    other = createCassandraStore(await keyspace.openSession(), BUCKET_EVENTS);
  });

  afterAll(async () => {
    await one.close();
    await other.close();
    await dropTestKeyspace();
  });

  /** A conversation that both know at its first event; then the other goes on, and the first does not hear of it. */
  async function grown(): Promise<{ conversationId: string; ids: string[] }> {
    const conversationId = uniqueConversation();
    const ids = [...freshIds(2)];
    for (const [index, { log }] of [one, other].entries()) {
      const clientMessageIds = ids.slice(index, index + 1);
      const outcome = await log.commit(
        commitRequest({ conversationId, expectedHead: index, clientMessageIds }),
      );
      expect(outcome).toEqual({ kind: 'committed' });
    }
    return { conversationId, ids };
  }

  async function logOf(conversationId: string) {
    const all = { conversationId, after: 0, before: null, limit: 10, bytesMax: 1e6, type: null };
    const events = await other.log.read(all);
    const head = (await other.log.heads([conversationId])).get(conversationId);
    return { ids: events.map(({ clientMessageId }) => clientMessageId), head: head?.sequence };
  }

  test('[LOG3] a commit on a head that only the other knows to have moved changes nothing', async () => {
    const { conversationId, ids } = await grown();
    const stale = commitRequest({ conversationId, expectedHead: 1, clientMessageIds: freshIds(1) });
    expect(await one.log.commit(stale)).toEqual({ kind: 'head_moved' });
    expect(await logOf(conversationId)).toEqual({ ids, head: 2 });
  });

  test('[LOG4] an id that only the other knows to stand is found, and nothing is written', async () => {
    const { conversationId, ids } = await grown();
    const head = (await one.log.heads([conversationId])).get(conversationId)?.sequence ?? 0;
    const clientMessageIds = [...freshIds(1), ...ids.slice(1)];
    const again = await one.log.commit(
      commitRequest({ conversationId, expectedHead: head, clientMessageIds }),
    );
    expect(again).toMatchObject({ kind: 'duplicates', found: [{ index: 1, event: { sequence: 2 } }] });
    expect(await logOf(conversationId)).toEqual({ ids, head: 2 });
  });
});

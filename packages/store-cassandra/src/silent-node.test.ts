import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { CqlFailure } from './cql-failure.ts';
import { openCqlSession } from './cql-session.ts';
import { BUCKET_EVENTS } from './log/buckets.ts';
import { type CassandraStore, createCassandraStore } from './open-cassandra-store.ts';
import { commitRequest, freshIds, uniqueConversation } from './testing/commit-requests.ts';
import { PausableProxy } from './testing/pausable-proxy.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from './testing/test-keyspace.ts';

const TEST_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 700;
/** A request to one node, and the rest of a slow machine. */
const ANSWER_WITHIN_MS = 10_000;
const RETRY_PAUSE_MS = 20;

setDefaultTimeout(TEST_TIMEOUT_MS);

describe.skipIf(testNode === undefined)(`a node that does not answer ${NEEDS_CASSANDRA}`, () => {
  let proxy: PausableProxy;
  let store: CassandraStore;

  beforeEach(async () => {
    const { name, connection } = await testKeyspace();
    proxy = await PausableProxy.before(testNode ?? '');
    const through = { ...connection, contactPoints: [proxy.address], requestTimeoutMs: REQUEST_TIMEOUT_MS };
    store = createCassandraStore(await openCqlSession(through, name), BUCKET_EVENTS);
  });

  afterEach(async () => {
    proxy.resume();
    await store.close();
    await proxy.stop();
  });

  afterAll(dropTestKeyspace);

  const message = (conversationId: string, expectedHead: number) =>
    commitRequest({ conversationId, expectedHead, clientMessageIds: freshIds(1) });

  /** As a writer does: until it is decided. */
  const decide = async (request: ReturnType<typeof message>): Promise<string> => {
    for (;;) {
      const outcome = await store.log.commit(request);
      if (outcome.kind !== 'unknown' && outcome.kind !== 'unavailable') return outcome.kind;
      await Bun.sleep(RETRY_PAUSE_MS); // tidy-allow-sleep: what is waited for is a timer inside the driver
    }
  };

  test('[LOG3] a commit to it is unknown within a bounded time, and decided once it answers again', async () => {
    const conversationId = uniqueConversation();
    expect(await decide(message(conversationId, 0))).toBe('committed');
    proxy.pause();
    const askedAt = performance.now();
    const request = message(conversationId, 1);
    expect((await store.log.commit(request)).kind).toBe('unknown');
    const read = await store.log.heads([conversationId]).catch((error: unknown) => error);
    expect(read).toBeInstanceOf(CqlFailure);
    expect(performance.now() - askedAt).toBeLessThan(ANSWER_WITHIN_MS);
    proxy.resume();
    expect(['committed', 'duplicates']).toContain(await decide(request));
    const page = { conversationId, after: 0, before: null, limit: 10, bytesMax: 1_000_000, type: null };
    expect(await store.log.read(page)).toHaveLength(2);
  });

  test('[LOG3] after all connections were cut it is found again by itself', async () => {
    const conversationId = uniqueConversation();
    expect(await decide(message(conversationId, 0))).toBe('committed');
    proxy.cut();
    expect(['committed', 'duplicates']).toContain(await decide(message(conversationId, 1)));
  });
});

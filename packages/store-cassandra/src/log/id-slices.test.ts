import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { uniqueConversation } from '../testing/commit-requests.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';
import { EventIds } from './event-ids.ts';
import { eraOf, idSlice } from './id-slices.ts';
import { rowKinds } from './log-rows.ts';

const TEST_TIMEOUT_MS = 60_000;
/** First and last buckets of eras, and the last bucket that a log can have. */
const BUCKETS = [0, 1_023, 1_024, 2_047, 2_048, 4_095, 4_096, 2_147_483] as const;
const IDS_PER_BUCKET = 40;

setDefaultTimeout(TEST_TIMEOUT_MS);

describe('slices of ids', () => {
  test('each era is as long as all before it, and there are few of them', () => {
    expect(BUCKETS.map(eraOf)).toEqual([0, 0, 1, 1, 2, 2, 3, 12]);
  });

  test('there are as many slices as buckets need, each of one era, and an id stays in its own', () => {
    const keys = Array.from({ length: 4_000 }, (_, index) => `uone:${index}`);
    const slicesOf = (era: number): readonly number[] =>
      [...new Set(keys.map((key) => idSlice(key, era)))].toSorted((one, other) => one - other);
    const range = (from: number, to: number): readonly number[] =>
      Array.from({ length: to - from }, (_, index) => from + index);
    expect([0, 1, 2, 3].map(slicesOf)).toEqual([range(0, 8), range(8, 16), range(16, 32), range(32, 64)]);
    expect(idSlice('usender:0d5c2f9e-6f0e-4a0b-9d4e-3f1f0a2b4c6d', 5)).toBe(145);
  });
});

describe.skipIf(testNode === undefined)(`ids of very long logs ${NEEDS_CASSANDRA}`, () => {
  afterAll(dropTestKeyspace);

  test('[LOG4] an id of a bucket of any era is found', async () => {
    const session = await (await testKeyspace()).openSession();
    const conversationId = uniqueConversation();
    const ids = new EventIds(session);
    const kept = BUCKETS.map((bucket) => ({
      bucket,
      keys: Array.from({ length: IDS_PER_BUCKET }, () => `usender:${crypto.randomUUID()}`),
    }));
    for (const { bucket, keys } of kept) {
      await session.batch(
        keys.map((key) => ({
          cql: `INSERT INTO conversation_log (conversation_id, bucket, kind, key, sequence)
            VALUES (?, ?, ${rowKinds.clientId}, ?, ?)`,
          params: [conversationId, bucket, key, bucket + 1],
        })),
      );
      await ids.keepBucket(conversationId, bucket);
    }
    for (const { bucket, keys } of kept) {
      const found = await ids.before(conversationId, bucket + 1, keys);
      expect([...found.values()]).toEqual(keys.map(() => bucket + 1));
      expect(found.size).toBe(keys.length);
    }
    await session.close();
  });
});

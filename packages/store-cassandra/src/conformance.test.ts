import { afterAll, describe, setDefaultTimeout } from 'bun:test';
import { conversationLogPagesSuite, conversationLogSuite, storeSuite } from '@confab/contracts/conformance';
import { BUCKET_EVENTS } from './log/buckets.ts';
import { storeSubject } from './testing/store-subject.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testNode } from './testing/test-keyspace.ts';

/** So small that most histories of the suites go through several of them. */
const SMALL_BUCKET_EVENTS = 10;
/** One node that fsyncs every answer, on a machine that is busy with other things. */
const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

afterAll(dropTestKeyspace);

describe.skipIf(testNode === undefined)(`Cassandra ${NEEDS_CASSANDRA}`, () => {
  storeSuite('store-cassandra', () => storeSubject(BUCKET_EVENTS));
  conversationLogSuite('store-cassandra in small buckets', () => storeSubject(SMALL_BUCKET_EVENTS));
  conversationLogPagesSuite('store-cassandra in small buckets', () => storeSubject(SMALL_BUCKET_EVENTS));
});

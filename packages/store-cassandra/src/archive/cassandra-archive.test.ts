import { afterAll, describe, setDefaultTimeout } from 'bun:test';
import { archiveSuite } from '@confab/contracts/conformance';
import { BUCKET_EVENTS } from '../log/buckets.ts';
import { storeSubject } from '../testing/store-subject.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testNode } from '../testing/test-keyspace.ts';

/** So small that logs and pages of the suite go over their ends. */
const SMALL_BUCKET_EVENTS = 4;

const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

afterAll(dropTestKeyspace);

describe.skipIf(testNode === undefined)(`Cassandra ${NEEDS_CASSANDRA}`, () => {
  archiveSuite('store-cassandra', () => storeSubject(BUCKET_EVENTS));
  archiveSuite('store-cassandra in small buckets', () => storeSubject(SMALL_BUCKET_EVENTS));
});

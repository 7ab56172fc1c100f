import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { CqlSession, CqlValue } from '../cql-session.ts';
import { type CassandraStore, createCassandraStore } from '../open-cassandra-store.ts';
import { changedSession } from '../testing/changed-session.ts';
import { commitRequest, freshIds, uniqueConversation } from '../testing/commit-requests.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';

const BUCKET_EVENTS = 10;
const TEST_TIMEOUT_MS = 60_000;
const EVENTS = 13;
const OF_EVENTS = /^SELECT key, ordinal/u;

setDefaultTimeout(TEST_TIMEOUT_MS);

/** A row of an event as it may be read. */
interface ReadRow {
  readonly key: string;
  readonly content_hash?: string | null;
}

/**
 * Replicas that lack a commit get from whoever reads its head or its ids the columns that were read, and no more. Until
 * the commit is finished by a serial read, events of the commit may not come where its head does.
 */
describe.skipIf(testNode === undefined)(`commits that some replicas lack ${NEEDS_CASSANDRA}`, () => {
  const conversationId = uniqueConversation();
  const ids = freshIds(EVENTS);
  let session: CqlSession;
  let writer: CassandraStore;

  beforeAll(async () => {
    session = await (await testKeyspace()).openSession();
    writer = createCassandraStore(session, BUCKET_EVENTS);
    for (const [from, to] of [
      [0, BUCKET_EVENTS],
      [BUCKET_EVENTS, EVENTS],
    ] as const) {
      const clientMessageIds = ids.slice(from, to);
      const request = commitRequest({ conversationId, expectedHead: from, clientMessageIds });
      expect(await writer.log.commit(request)).toEqual({ kind: 'committed' });
    }
  });

  afterAll(async () => {
    await writer.close();
    await dropTestKeyspace();
  });

  /** A store for which the last commit is not finished: what it reads of it is changed. */
  function openTorn(change: (rows: readonly ReadRow[]) => readonly ReadRow[]): {
    readonly store: CassandraStore;
    readonly serialReads: () => number;
  } {
    let serialReads = 0;
    const torn = changedSession(session, {
      async read<Row>(cql: string, params: readonly CqlValue[]) {
        const rows = await session.read<Row>(cql, params);
        if (!OF_EVENTS.test(cql) || serialReads > 0) return rows;
        return change(rows as readonly ReadRow[]) as readonly Row[];
      },
      async readSerial<Row>(cql: string, params: readonly CqlValue[]) {
        serialReads += 1;
        return session.readSerial<Row>(cql, params);
      },
    });
    return { store: createCassandraStore(torn, BUCKET_EVENTS), serialReads: () => serialReads };
  }

  const without =
    (...missing: readonly number[]) =>
    (rows: readonly ReadRow[]): readonly ReadRow[] =>
      rows.filter(({ key }) => !missing.includes(Number(key)));
  const page = { conversationId, limit: 50, bytesMax: 1_000_000, type: null };
  const all = ids.map((_, index) => index + 1);

  for (const [what, missing] of [
    ['no event', [11, 12, 13]],
    ['its first event only', [12, 13]],
    ['its last event only', [11, 12]],
  ] as const) {
    test(`[LOG5] [LOG6] a page has all events up to a head that is known, where ${what} of it comes at first`, async () => {
      for (const request of [
        { ...page, after: 0, before: null },
        { ...page, after: 0, before: 1_000 },
        { ...page, after: 10, before: null },
      ]) {
        const { store, serialReads } = openTorn(without(...missing));
        await store.log.heads([conversationId]);
        const events = await store.log.read(request);
        expect(events.map(({ sequence }) => sequence)).toEqual(all.slice(request.after));
        expect(serialReads()).toBe(1);
      }
    });
  }

  const keys = ids.map((clientMessageId) => ({ userId: 'usender', clientMessageId }));
  const withoutHashes = (rows: readonly ReadRow[]): readonly ReadRow[] =>
    rows.map((row) => ({ ...row, content_hash: null }));

  for (const [what, change] of [
    ['events', without(11, 12, 13)],
    ['hashes', withoutHashes],
  ] as const) {
    test(`[LOG4] [LOG5] an id that is found has its event and its hash, where no ${what} come at first`, async () => {
      const { store, serialReads } = openTorn(change);
      const found = await store.log.findByClientIds(conversationId, keys);
      expect(found.map((first) => first?.event.sequence)).toEqual(all);
      expect(found.every((first) => typeof first?.contentHash === 'string')).toBe(true);
      expect(serialReads()).toBe(1);
    });
  }

  test('[LOG6] pages of a log that is whole are read without a serial read', async () => {
    const { store, serialReads } = openTorn((rows) => rows);
    await store.log.heads([conversationId]);
    for (const limit of [1, 3, 10, 12, 13, 50]) {
      for (const after of [0, 4, 9, 10, 12, 13]) {
        const up = await store.log.read({ ...page, limit, after, before: null });
        expect(up.map(({ sequence }) => sequence)).toEqual(all.slice(after, after + limit));
        const down = await store.log.read({ ...page, limit, after: 0, before: after + 1 });
        expect(down.map(({ sequence }) => sequence)).toEqual(all.slice(0, after).slice(-limit));
      }
    }
    expect(await store.log.findByClientIds(conversationId, keys)).toHaveLength(EVENTS);
    expect(serialReads()).toBe(0);
  });
});

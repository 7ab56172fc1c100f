import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { CommitOutcome, ConversationLog } from '@confab/contracts';
import { CqlFailure } from '../cql-failure.ts';
import { type CassandraStore, createCassandraStore } from '../open-cassandra-store.ts';
import { changedSession } from '../testing/changed-session.ts';
import { commitRequest, freshIds, uniqueConversation } from '../testing/commit-requests.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';

const BUCKET_EVENTS = 10;
const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

describe.skipIf(testNode === undefined)(`the borders between buckets ${NEEDS_CASSANDRA}`, () => {
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

  test('[LOG4] an id of any earlier bucket is found again, through any store', async () => {
    const conversationId = uniqueConversation();
    const ids = freshIds(45);
    await append(one.log, conversationId, ids);
    const fresh = createCassandraStore(await (await testKeyspace()).openSession(), BUCKET_EVENTS);
    for (const log of [one.log, other.log, fresh.log]) {
      const repeated = [ids[0], ids[17], ids[44]].flatMap((id) => id ?? []);
      const outcome = await log.commit(
        commitRequest({ conversationId, expectedHead: 45, clientMessageIds: [...repeated, ...freshIds(1)] }),
      );
      expect(placesOf(outcome)).toEqual([
        [0, 1],
        [1, 18],
        [2, 45],
      ]);
      expect(await headOf(log, conversationId)).toBe(45);
    }
    const keys = ids.map((clientMessageId) => ({ userId: 'usender', clientMessageId }));
    const found = await fresh.log.findByClientIds(conversationId, keys);
    expect(found.map((event) => event?.event.sequence)).toEqual(ids.map((_, index) => index + 1));
    await fresh.close();
  });

  test('[LOG4] an id of the bucket just filled cannot open the next one', async () => {
    const conversationId = uniqueConversation();
    const ids = freshIds(BUCKET_EVENTS);
    await append(one.log, conversationId, ids);
    const request = commitRequest({
      conversationId,
      expectedHead: BUCKET_EVENTS,
      clientMessageIds: ids.slice(3, 4),
    });
    expect(placesOf(await other.log.commit(request))).toEqual([[0, 4]]);
    expect(await headOf(one.log, conversationId)).toBe(BUCKET_EVENTS);
  });

  test('[LOG2] [LOG4] two stores that race over many borders with the same ids leave each once, in a dense log', async () => {
    const conversationId = uniqueConversation();
    const ids = freshIds(6 * BUCKET_EVENTS);
    await Promise.all([
      sendAll(one.log, conversationId, ids),
      sendAll(other.log, conversationId, ids.toReversed()),
    ]);
    const events = await wholeLog(one.log, conversationId);
    expect(events.map(({ sequence }) => sequence)).toEqual(ids.map((_, index) => index + 1));
    expect(events.map(({ clientMessageId }) => clientMessageId).toSorted()).toEqual(ids.toSorted());
    expect(await wholeLog(other.log, conversationId)).toEqual(events);
  });

  test('[LOG3] a head in a bucket that nobody opened has moved, also where it is guessed ahead of its opening', async () => {
    const conversationId = uniqueConversation();
    await append(one.log, conversationId, freshIds(BUCKET_EVENTS));
    const ahead = { conversationId, expectedHead: BUCKET_EVENTS + 1, clientMessageIds: freshIds(1) };
    expect((await other.log.commit(commitRequest(ahead))).kind).toBe('head_moved');
    const farAhead = { conversationId, expectedHead: 5 * BUCKET_EVENTS, clientMessageIds: freshIds(1) };
    expect((await other.log.commit(commitRequest(farAhead))).kind).toBe('head_moved');
    expect(await headOf(other.log, conversationId)).toBe(BUCKET_EVENTS);
  });

  test('[LOG2] a store that died before it opened the bucket it had announced leaves the log usable', async () => {
    const conversationId = uniqueConversation();
    await append(one.log, conversationId, freshIds(BUCKET_EVENTS));
    const session = await (await testKeyspace()).openSession();
    const dying = createCassandraStore(
      changedSession(session, {
        conditional: () => Promise.reject(new CqlFailure('unknown', 'the process died')),
      }),
      BUCKET_EVENTS,
    );
    const next = { conversationId, expectedHead: BUCKET_EVENTS, clientMessageIds: freshIds(2) };
    expect((await dying.log.commit(commitRequest(next))).kind).toBe('unknown');
    await dying.close();
    const fresh = createCassandraStore(await (await testKeyspace()).openSession(), BUCKET_EVENTS);
    expect(await headOf(fresh.log, conversationId)).toBe(BUCKET_EVENTS);
    await append(fresh.log, conversationId, freshIds(3));
    expect(await headOf(one.log, conversationId)).toBe(BUCKET_EVENTS + 3);
    await fresh.close();
  });

  test('[LOG6] a store that remembers an old bucket sees what another appended in later ones', async () => {
    const conversationId = uniqueConversation();
    await append(one.log, conversationId, freshIds(4));
    expect(await headOf(other.log, conversationId)).toBe(4);
    await append(one.log, conversationId, freshIds(35));
    expect(await headOf(other.log, conversationId)).toBe(39);
    const page = { conversationId, limit: 3, bytesMax: 1_000_000, type: null };
    const last = await other.log.read({ ...page, after: 0, before: 1_000_000 });
    expect(last.map(({ sequence }) => sequence)).toEqual([37, 38, 39]);
    const across = await other.log.read({ ...page, after: 18, before: null });
    expect(across.map(({ sequence }) => sequence)).toEqual([19, 20, 21]);
  });
});

/** Appends one bucket's worth after the other. */
async function append(log: ConversationLog, conversationId: string, ids: readonly string[]): Promise<void> {
  let expectedHead = await headOf(log, conversationId);
  for (let left = ids; left.length > 0;) {
    const clientMessageIds = left.slice(0, log.room(expectedHead));
    const outcome = await log.commit(commitRequest({ conversationId, expectedHead, clientMessageIds }));
    expect(outcome).toEqual({ kind: 'committed' });
    expectedHead += clientMessageIds.length;
    left = left.slice(clientMessageIds.length);
  }
}

/** Sends each id until it stands, as a writer that may have lost its place would. */
async function sendAll(log: ConversationLog, conversationId: string, ids: readonly string[]): Promise<void> {
  for (const clientMessageId of ids) {
    for (let kind: CommitOutcome['kind'] = 'head_moved'; kind !== 'committed' && kind !== 'duplicates';) {
      const expectedHead = await headOf(log, conversationId);
      const request = commitRequest({ conversationId, expectedHead, clientMessageIds: [clientMessageId] });
      ({ kind } = await commitUntilDecided(log, request));
    }
  }
}

/** A race on a busy node may time out; the same commit is then sent again. */
async function commitUntilDecided(
  log: ConversationLog,
  request: Parameters<ConversationLog['commit']>[0],
): Promise<CommitOutcome> {
  for (;;) {
    const outcome = await log.commit(request);
    if (outcome.kind !== 'unknown' && outcome.kind !== 'unavailable') return outcome;
  }
}

function placesOf(outcome: CommitOutcome): readonly (readonly [number, number])[] {
  if (outcome.kind !== 'duplicates') throw new Error(`it was ${outcome.kind}`);
  return outcome.found.map(({ index, event }) => [index, event.sequence] as const);
}

async function headOf(log: ConversationLog, conversationId: string): Promise<number> {
  return (await log.heads([conversationId])).get(conversationId)?.sequence ?? 0;
}

function wholeLog(log: ConversationLog, conversationId: string): ReturnType<ConversationLog['read']> {
  const bytesMax = Number.MAX_SAFE_INTEGER;
  return log.read({ conversationId, after: 0, before: null, limit: 1_000_000, bytesMax, type: null });
}

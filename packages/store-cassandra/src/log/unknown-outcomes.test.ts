import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { CqlFailure } from '../cql-failure.ts';
import { type CassandraStore, createCassandraStore } from '../open-cassandra-store.ts';
import { changedSession, type LostAnswer, loseAnswers } from '../testing/changed-session.ts';
import { commitRequest, freshIds, uniqueConversation } from '../testing/commit-requests.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';

const BUCKET_EVENTS = 10;
const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

describe.skipIf(testNode === undefined)(`commits whose answer is lost ${NEEDS_CASSANDRA}`, () => {
  const lost: LostAnswer[] = [];
  let store: CassandraStore;

  beforeAll(async () => {
    const session = await (await testKeyspace()).openSession();
    store = createCassandraStore(loseAnswers(session, lost), BUCKET_EVENTS);
  });

  afterAll(async () => {
    await store.close();
    await dropTestKeyspace();
  });

  const schedules: readonly (readonly LostAnswer[])[] = [
    ['carried_out'],
    ['never_arrived'],
    ['never_arrived', 'carried_out'],
    ['carried_out', 'never_arrived', 'never_arrived'],
  ];

  for (const schedule of schedules) {
    for (const expectedHead of [0, 4, BUCKET_EVENTS]) {
      test(`[LOG3] [LOG4] sent again at ${expectedHead} after ${schedule.join(', ')}, they stand once`, async () => {
        const conversationId = uniqueConversation();
        if (expectedHead > 0) {
          const clientMessageIds = freshIds(expectedHead);
          const before = commitRequest({ conversationId, expectedHead: 0, clientMessageIds });
          expect(await store.log.commit(before)).toEqual({ kind: 'committed' });
        }
        const request = commitRequest({ conversationId, expectedHead, clientMessageIds: freshIds(3) });
        lost.push(...schedule);
        for (const _ of schedule) expect((await store.log.commit(request)).kind).toBe('unknown');
        const outcome = await store.log.commit(request);
        if (outcome.kind === 'duplicates') {
          // The writer sees by the event ids that these are its own.
          const found = outcome.found.map(({ event }) => event.eventId);
          expect(found).toEqual(request.events.map(({ eventId }) => eventId));
        } else {
          expect(outcome.kind).toBe('committed');
          expect(schedule).not.toContain('carried_out');
        }
        const page = {
          conversationId,
          after: expectedHead,
          before: null,
          limit: 50,
          bytesMax: 1e6,
          type: null,
        };
        const stored = await store.log.read(page);
        expect(stored.map(({ eventId }) => eventId)).toEqual(request.events.map(({ eventId }) => eventId));
      });
    }
  }

  test('[LOG3] what certainly did not arrive is unavailable, and leaves nothing', async () => {
    const session = await (await testKeyspace()).openSession();
    const refusing = createCassandraStore(
      changedSession(session, {
        conditional: () => Promise.reject(new CqlFailure('not_applied', 'no node can be asked')),
      }),
      BUCKET_EVENTS,
    );
    const conversationId = uniqueConversation();
    const request = commitRequest({ conversationId, expectedHead: 0, clientMessageIds: freshIds(1) });
    expect(await refusing.log.commit(request)).toEqual({
      kind: 'unavailable',
      reason: 'no node can be asked',
    });
    expect(await store.log.heads([conversationId])).toEqual(new Map());
    await refusing.close();
  });

  test('[LOG3] what Cassandra could not take as one mutation is refused before it is sent', async () => {
    const conversationId = uniqueConversation();
    const request = commitRequest({ conversationId, expectedHead: 0, clientMessageIds: freshIds(2) });
    const events = request.events.map((event) => ({ ...event, json: 'x'.repeat(3 * 1024 * 1024) }));
    const outcome = await store.log.commit({ ...request, events });
    expect(outcome.kind).toBe('unavailable');
    expect(await store.log.heads([conversationId])).toEqual(new Map());
  });
});

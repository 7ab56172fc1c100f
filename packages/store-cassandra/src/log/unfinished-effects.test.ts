import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { CommitRequest, ViewPut, WorkItem } from '@confab/contracts';
import { CqlFailure } from '../cql-failure.ts';
import type { CqlSession, CqlValue } from '../cql-session.ts';
import { type CassandraStore, createCassandraStore } from '../open-cassandra-store.ts';
import { changedSession } from '../testing/changed-session.ts';
import { commitRequest, freshIds, uniqueConversation } from '../testing/commit-requests.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';

const BUCKET_EVENTS = 10;
const TEST_TIMEOUT_MS = 60_000;
/** The first statements that carry effects out: a writer that cannot do these has died right after its commit. */
const OF_EFFECTS = /^UPDATE (?:views|conversation_log USING)/u;

setDefaultTimeout(TEST_TIMEOUT_MS);

describe.skipIf(testNode === undefined)(`effects of a writer that died ${NEEDS_CASSANDRA}`, () => {
  let dying: CassandraStore;
  let living: CassandraStore;

  beforeAll(async () => {
    const keyspace = await testKeyspace();
    const session = await keyspace.openSession();
    const dead = (): Promise<void> => Promise.reject(new CqlFailure('unknown', 'the process died'));
    dying = createCassandraStore(
      changedSession(session, {
        batch: (statements) =>
          statements.some(({ cql }) => OF_EFFECTS.test(cql)) ? dead() : session.batch(statements),
        write: (cql, params) => (OF_EFFECTS.test(cql) ? dead() : session.write(cql, params)),
      }),
      BUCKET_EVENTS,
    );
    living = createCassandraStore(await keyspace.openSession(), BUCKET_EVENTS);
  });

  beforeEach(async () => (await testKeyspace()).empty());

  afterAll(async () => {
    await dying.close();
    await living.close();
    await dropTestKeyspace();
  });

  /** A commit whose writer dies before its effects are done. */
  async function halfDone(conversationId: string, expectedHead: number): Promise<CommitRequest> {
    const request = withEffects(conversationId, expectedHead);
    expect((await dying.log.commit(request)).kind).toBe('unknown');
    return request;
  }

  async function expectDone({ conversationId, head }: CommitRequest): Promise<void> {
    const [row] = await living.views.getMany('conversation', [{ partition: conversationId, key: '' }]);
    expect(row?.version).toBe(head.sequence);
    const claimed = await living.work.claim({ nowMs: 10, limit: 10, leaseMs: 1 });
    expect(claimed.map(({ workId }) => workId)).toContain(workIdOf(conversationId, head.sequence));
  }

  test('[LOG5] are done by whoever reads the head', async () => {
    const request = await halfDone(uniqueConversation(), 0);
    const heads = await living.log.heads([request.conversationId]);
    expect(heads.get(request.conversationId)?.sequence).toBe(1);
    await expectDone(request);
  });

  test('[VIEW4] are done by whoever asks how far the views are', async () => {
    const request = await halfDone(uniqueConversation(), 0);
    expect(await living.views.watermark(request.conversationId)).toBe(1);
    await expectDone(request);
  });

  test('[LOG5] are done before a retry is told of its event, or a late commit that the head moved', async () => {
    const retried = await halfDone(uniqueConversation(), 0);
    expect((await living.log.commit(retried)).kind).toBe('duplicates');
    await expectDone(retried);

    const missed = await halfDone(uniqueConversation(), 0);
    const late = { conversationId: missed.conversationId, expectedHead: 0, clientMessageIds: freshIds(1) };
    expect((await living.log.commit(commitRequest(late))).kind).toBe('head_moved');
    await expectDone(missed);
  });

  test('[LOG5] are done before an id of theirs is found', async () => {
    const request = await halfDone(uniqueConversation(), 0);
    const [clientMessageId] = request.events.map((event) => event.clientMessageId);
    const key = { userId: 'usender', clientMessageId: clientMessageId ?? '' };
    const [found] = await living.log.findByClientIds(request.conversationId, [key]);
    expect(found?.event.sequence).toBe(1);
    await expectDone(request);
  });

  test('[LOG5] outlive a commit of messages, which knows nothing of them', async () => {
    const request = await halfDone(uniqueConversation(), 0);
    const { conversationId } = request;
    const message = commitRequest({ conversationId, expectedHead: 1, clientMessageIds: freshIds(2) });
    expect(await living.log.commit(message)).toEqual({ kind: 'committed' });
    expect(await living.views.watermark(conversationId)).toBe(3);
    await expectDone(request);
  });

  test('[LOG5] are done before the next commit with effects takes their place', async () => {
    const first = await halfDone(uniqueConversation(), 0);
    const { conversationId } = first;
    const next = withEffects(conversationId, 1);
    expect(await living.log.commit(next)).toEqual({ kind: 'committed' });
    const claimed = await living.work.claim({ nowMs: 10, limit: 10, leaseMs: 1 });
    const expected = [1, 2].map((sequence) => workIdOf(conversationId, sequence));
    expect(claimed.map(({ workId }) => workId).toSorted()).toEqual(expected);
    expect(await living.views.watermark(conversationId)).toBe(2);
  });

  test('[LOG5] keep their own writer from committing others over them, however often it tries', async () => {
    const first = await halfDone(uniqueConversation(), 0);
    const { conversationId } = first;
    expect((await dying.log.commit(withEffects(conversationId, 1))).kind).toBe('unavailable');
    expect((await dying.log.commit(withEffects(conversationId, 1))).kind).toBe('unavailable');
    expect(await living.views.watermark(conversationId)).toBe(1);
    await expectDone(first);
  });

  test('[LOG5] are done before the next bucket is opened', async () => {
    const conversationId = uniqueConversation();
    const clientMessageIds = freshIds(BUCKET_EVENTS - 1);
    const messages = commitRequest({ conversationId, expectedHead: 0, clientMessageIds });
    expect(await living.log.commit(messages)).toEqual({ kind: 'committed' });
    const last = await halfDone(conversationId, BUCKET_EVENTS - 1);
    const opening = commitRequest({
      conversationId,
      expectedHead: BUCKET_EVENTS,
      clientMessageIds: freshIds(1),
    });
    expect(await living.log.commit(opening)).toEqual({ kind: 'committed' });
    await expectDone(last);
  });

  // Replicas that lack a commit get from whoever reads its head the columns of the head, and not the effects themselves.
  // A later read at quorum may come from such replicas alone.
  const tornReads: readonly [keyof CqlSession & ('read' | 'readSerial'), string][] = [
    ['read', 'are not taken for those of the commit before by who reads them where replicas lack the commit'],
    ['readSerial', 'stay unfinished, and their head unread, for as long as nothing but older ones is found'],
  ];
  for (const [torn, title] of tornReads) {
    test(`[LOG5] ${title}`, async () => {
      const before = withEffects(uniqueConversation(), 0);
      expect(await living.log.commit(before)).toEqual({ kind: 'committed' });
      const { conversationId } = before;
      const session = await (await testKeyspace()).openSession();
      const [old] = await session.read<{ effects: string }>(
        'SELECT DISTINCT effects FROM conversation_log WHERE conversation_id = ? AND bucket = 0',
        [conversationId],
      );
      const missed = await halfDone(conversationId, 1);
      const reader = createCassandraStore(
        changedSession(session, {
          [torn]: async (cql: string, params: readonly CqlValue[]) => {
            const rows = await session[torn]<{ readonly effects?: string }>(cql, params);
            return rows.map((row) => ('effects' in row ? { ...row, ...old } : row));
          },
        }),
        BUCKET_EVENTS,
      );
      const read = await reader.log.heads([conversationId]).catch((error: unknown) => error);
      if (torn === 'readSerial') expect(read).toBeInstanceOf(CqlFailure);
      expect(await living.views.watermark(conversationId)).toBe(2);
      await expectDone(missed);
      await reader.close();
    });
  }
});

/** A commit of one event with a row and an item that name it. */
function withEffects(conversationId: string, expectedHead: number): CommitRequest {
  const sequence = expectedHead + 1;
  const row: ViewPut = {
    view: 'conversation',
    partition: conversationId,
    key: '',
    version: sequence,
    value: { type: 'group', title: null, memberCount: sequence },
  };
  const item: WorkItem = {
    workId: workIdOf(conversationId, sequence),
    dueAtMs: sequence,
    task: {
      kind: 'record_membership',
      userIds: ['uone'],
      change: 'joined',
      conversationId,
      eventId: 'event',
      sequence,
    },
  };
  return commitRequest({
    conversationId,
    expectedHead,
    clientMessageIds: freshIds(1),
    views: [row],
    work: [item],
  });
}

function workIdOf(conversationId: string, sequence: number): string {
  return `${conversationId}.${sequence}`;
}

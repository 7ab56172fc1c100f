import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { ClaimedWork, WorkItem } from '@confab/contracts';
import type { CqlSession } from '../cql-session.ts';
import { changedSession, loseAnswers } from '../testing/changed-session.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';
import { CassandraWorkQueue } from './cassandra-work-queue.ts';
import { WorkItems } from './work-items.ts';
import { WorkSlots } from './work-slots.ts';
import { WorkWriter } from './work-writer.ts';

const SLOT_MS = 10;

const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

afterAll(dropTestKeyspace);

describe.skipIf(testNode === undefined)(`work in Cassandra ${NEEDS_CASSANDRA}`, () => {
  test('[WORK2] two nodes that claim at once share out the items: each goes to one, and none is left', () =>
    withSession(async (session) => {
      const nodes = [openNode(session), openNode(session), openNode(session)] as const;
      await nodes[0].writer.add(Array.from({ length: 30 }, (_, index) => item(`w${index}`, index)));
      const claims = await Promise.all(
        nodes.map(({ queue }) => queue.claim({ nowMs: 100, limit: 10, leaseMs: 1_000 })),
      );
      const ids = claims.flatMap(idsOf);
      expect(claims.map(({ length }) => length)).toEqual([10, 10, 10]);
      expect(new Set(ids).size).toBe(30);
    }));

  test('[WORK3] items of many slots are offered in the order of their time, whoever added them', () =>
    withSession(async (session) => {
      const [one, other] = [openNode(session), openNode(session)];
      const dueAtMs = [55, 5, 90, 15, 14, 41, 0, 73];
      await Promise.all(
        dueAtMs.map((due, index) => (index % 2 === 0 ? one : other).writer.add([item(`w${due}`, due)])),
      );
      const claimed = await one.queue.claim({ nowMs: 80, limit: 10, leaseMs: 10 });
      expect(claimed.map((work) => work.dueAtMs)).toEqual([0, 5, 14, 15, 41, 55, 73]);
      expect(idsOf(await other.queue.claim({ nowMs: 90, limit: 1, leaseMs: 10 }))).toEqual(['w0']);
    }));

  test('[WORK1] slots that are over and done are dropped, and what comes late is offered all the same', () =>
    withSession(async (session) => {
      const [one, other] = [openNode(session), openNode(session)];
      await one.writer.add([item('early', 5), item('next', 15)]);
      await drain(one, 50);
      expect(await drain(one, 100)).toEqual([]);
      expect(await session.read('SELECT slot FROM work_slots', [])).toEqual([]);
      expect(await session.read('SELECT work_id FROM work_entries', [])).toEqual([]);
      // This node has not heard that those slots are closed.
      await other.writer.add([item('late', 3)]);
      expect(idsOf(await one.queue.claim({ nowMs: 100, limit: 5, leaseMs: 10 }))).toEqual(['late']);
    }));

  test('[WORK1] an item whose slot is closed just before its entry comes is offered', () =>
    withSession(async (session) => {
      const node = openNode(session);
      await node.writer.add([item('first', 5)]);
      // Between the item and its entry the other node drains and closes the slot.
      let isClosed = false;
      const slow = openNode(
        changedSession(session, {
          async batch(statements) {
            if (!isClosed) {
              isClosed = true;
              await drain(node, 100);
              await drain(node, 200);
            }
            return session.batch(statements);
          },
        }),
      );
      await slow.writer.add([item('between', 6)]);
      expect(idsOf(await node.queue.claim({ nowMs: 300, limit: 5, leaseMs: 10 }))).toEqual(['between']);
    }));

  test('[WORK1] an item whose slot is closed just after its entry came is offered', () =>
    withSession(async (session) => {
      const node = openNode(session);
      await node.writer.add([item('first', 5)]);
      await drain(node, 10);
      const arrived = Promise.withResolvers<void>();
      // The node that closes the slot has looked at its entries, and does not know of the new one.
      const closing = openNode(
        changedSession(session, {
          async write(cql, params) {
            if (cql.includes('work_marks')) await arrived.promise;
            return session.write(cql, params);
          },
        }),
      );
      const closed = drain(closing, 200);
      await node.writer.add([item('after', 6)]);
      arrived.resolve();
      const claimed = [...(await closed), ...(await drain(node, 300))];
      expect(claimed).toEqual(['after']);
    }));

  test('[WORK1] what a node left half added, and another adds again, is offered once', () =>
    withSession(async (session) => {
      const dying = openNode(
        changedSession(session, { batch: () => Promise.reject(new Error('the process is gone')) }),
      );
      expect(await dying.writer.add([item('one', 5)]).catch(() => 'died')).toBe('died');
      const node = openNode(session);
      expect(await drain(node, 100)).toEqual([]);
      await Promise.all([node.writer.add([item('one', 5)]), openNode(session).writer.add([item('one', 7)])]);
      expect(await drain(node, 100)).toEqual(['one']);
      expect(await drain(node, 1_000)).toEqual([]);
    }));

  for (const lost of ['carried_out', 'never_arrived'] as const) {
    test(`[WORK1] where answers are lost (${lost}) work is added once, given back and completed`, () =>
      withSession(async (session) => {
        const answers: ('carried_out' | 'never_arrived')[] = [lost];
        const node = openNode(loseAnswers(session, answers));
        await node.writer.add([item('one', 5)]);
        expect(idsOf(await node.queue.claim({ nowMs: 10, limit: 5, leaseMs: 1_000 }))).toEqual(['one']);
        answers.push(lost);
        await node.queue.retry(['one'], 20);
        expect(await node.queue.claim({ nowMs: 19, limit: 5, leaseMs: 1_000 })).toEqual([]);
        expect(await node.queue.claim({ nowMs: 20, limit: 5, leaseMs: 1_000 })).toEqual([
          { ...item('one', 20), attempts: 2 },
        ]);
        answers.push(lost);
        await node.queue.complete(['one']);
        expect(await openNode(session).queue.claim({ nowMs: 9_000, limit: 5, leaseMs: 1 })).toEqual([]);
      }));
  }

  test('[WORK2] a lease whose answer is lost keeps the item for that long, and not for ever', () =>
    withSession(async (session) => {
      const node = openNode(session);
      await node.writer.add([item('one', 5)]);
      const losing = openNode(loseAnswers(session, ['carried_out']));
      expect(await losing.queue.claim({ nowMs: 10, limit: 5, leaseMs: 100 })).toEqual([]);
      expect(await node.queue.claim({ nowMs: 109, limit: 5, leaseMs: 100 })).toEqual([]);
      expect(await node.queue.claim({ nowMs: 110, limit: 5, leaseMs: 100 })).toHaveLength(1);
    }));

  test('[WORK2] an item that several nodes give back at once is offered once', () =>
    withSession(async (session) => {
      const nodes = [openNode(session), openNode(session), openNode(session)] as const;
      await nodes[0].writer.add([item('one', 5)]);
      await nodes[0].queue.claim({ nowMs: 10, limit: 5, leaseMs: 1_000 });
      await Promise.all(nodes.map(({ queue }, index) => queue.retry(['one'], 40 + index)));
      const claims = await Promise.all(
        nodes.map(({ queue }) => queue.claim({ nowMs: 100, limit: 5, leaseMs: 1_000 })),
      );
      expect(claims.flatMap(idsOf)).toEqual(['one']);
    }));

  test('[WORK1] a node whose clock is ahead takes nothing from those whose clock is right', () =>
    withSession(async (session) => {
      const [ahead, right] = [openNode(session), openNode(session)];
      await ahead.writer.add([item('one', 5)]);
      await drain(ahead, 100_000);
      await drain(ahead, 200_000);
      await right.writer.add([item('two', 50)]);
      expect(idsOf(await right.queue.claim({ nowMs: 60, limit: 5, leaseMs: 10 }))).toEqual(['two']);
    }));

  test('[WORK3] a node that starts does not look at slots that were dropped before', () =>
    withSession(async (session) => {
      const node = openNode(session);
      await node.writer.add([item('one', 95), item('two', 105)]);
      await drain(node, 1_000);
      await drain(node, 2_000);
      const slotsFrom: unknown[] = [];
      const started = openNode(
        changedSession(session, {
          read<Row>(cql: string, params: Parameters<CqlSession['read']>[1]) {
            if (cql.includes('work_slots')) slotsFrom.push(params[1]);
            return session.read<Row>(cql, params);
          },
        }),
      );
      expect(await started.queue.claim({ nowMs: 3_000, limit: 5, leaseMs: 10 })).toEqual([]);
      expect(slotsFrom).toEqual([11]);
    }));

  test('[WORK3] an idle claim asks for two small rows, however much was done before', () =>
    withSession(async (session) => {
      let [reads, rows] = [0, 0];
      const counted = changedSession(session, {
        async read<Row>(cql: string, params: Parameters<CqlSession['read']>[1]) {
          reads += 1;
          const found = await session.read<Row>(cql, params);
          rows += found.length;
          return found;
        },
      });
      const node = openNode(counted);
      await node.writer.add(Array.from({ length: 60 }, (_, index) => item(`w${index}`, index * 5)));
      expect(await drain(node, 1_000)).toHaveLength(60);
      await drain(node, 2_000);
      [reads, rows] = [0, 0];
      expect(await node.queue.claim({ nowMs: 3_000, limit: 5, leaseMs: 10 })).toEqual([]);
      expect([reads, rows]).toEqual([2, 1]);
    }));
});

interface WorkNode {
  readonly writer: WorkWriter;
  readonly queue: CassandraWorkQueue;
}

/** A node's share in the queue: what it remembers is its own. */
function openNode(session: CqlSession): WorkNode {
  const slots = new WorkSlots(session, SLOT_MS);
  const items = new WorkItems(session, slots);
  return { writer: new WorkWriter(items), queue: new CassandraWorkQueue(slots, items) };
}

/** Claims and completes all that is due, and looks once more. The ids, in order. */
async function drain({ queue }: WorkNode, nowMs: number): Promise<readonly string[]> {
  const done: string[] = [];
  for (;;) {
    const claimed = await queue.claim({ nowMs, limit: 10, leaseMs: 1_000 });
    if (claimed.length === 0) return done;
    await queue.complete(idsOf(claimed));
    done.push(...idsOf(claimed));
  }
}

async function withSession(body: (session: CqlSession) => Promise<void>): Promise<void> {
  const keyspace = await testKeyspace();
  const session = await keyspace.openSession();
  try {
    await body(session);
  } finally {
    await session.close();
    await keyspace.empty();
  }
}

function idsOf(claimed: readonly ClaimedWork[]): readonly string[] {
  return claimed.map(({ workId }) => workId);
}

function item(workId: string, dueAtMs: number): WorkItem {
  const task = {
    kind: 'record_membership',
    userIds: ['u-one'],
    change: 'joined',
    conversationId: 'g-some',
    eventId: 'g-some.1.abcd_-12',
    sequence: 1,
  } as const;
  return { workId, dueAtMs, task };
}

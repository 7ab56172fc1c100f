import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { WorkItem } from '@confab/contracts';
import { CqlFailure } from '../cql-failure.ts';
import type { CqlSession, CqlStatement } from '../cql-session.ts';
import { changedSession } from '../testing/changed-session.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';
import { CassandraWorkQueue } from './cassandra-work-queue.ts';
import { WorkItems } from './work-items.ts';
import { WorkSlots } from './work-slots.ts';
import { WorkWriter } from './work-writer.ts';

const SLOT_MS = 10;
const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

afterAll(dropTestKeyspace);

interface WorkNode {
  readonly writer: WorkWriter;
  readonly queue: CassandraWorkQueue;
}

/** The steps after a slot was closed, by a part of their statement. */
const steps: readonly (readonly [name: string, cql: RegExp])[] = [
  ['its slots are listed', /FROM work_slots/],
  ['its entries are read', /FROM work_entries\s+WHERE slot = \? AND/],
  ['what is left gets its new entry', /INTO work_entries/],
  ['what is left is moved', /^UPDATE work_items SET due_at_ms = \?, slot = \?, entry = \? WHERE/],
  ['the slot is dropped', /^DELETE FROM work_entries/],
  ['the sweep is noted', /swept_slot\) VALUES/],
];

describe.skipIf(testNode === undefined)(`slots whose closing ends half way ${NEEDS_CASSANDRA}`, () => {
  for (const [name, cql] of steps) {
    test(`[WORK1] where a node dies before ${name}, what came into the slot late is offered by others`, () =>
      withSession(async (session) => {
        const other = openNode(session);
        const closing = openNode(dyingAt(session, cql, () => other.writer.add([item('late', 16)])));
        await closing.writer.add([item('first', 12)]);
        await closing.queue.complete(await claimAll(closing, 13));
        const died = await closing.queue.claim(claimAt(50)).catch((error: unknown) => error);
        expect(died).toBeInstanceOf(CqlFailure);
        const offered: string[] = [];
        for (const nowMs of [60, 600, 6_000]) offered.push(...(await claimAll(openNode(session), nowMs)));
        expect(offered).toContain('late');
        await other.queue.complete(['late']);
        expect(await claimAll(other, 60_000)).toEqual([]);
        expect(await session.read('SELECT work_id FROM work_items', [])).toEqual([]);
      }));
  }

  test('[WORK1] what a node moves and dies of is offered, also where that slot was closed by another meanwhile', () =>
    withSession(async (session) => {
      const other = openNode(session);
      await other.writer.add([item('first', 12), item('third', 32)]);
      await other.queue.complete(await claimAll(other, 33));
      const [raising, moving, listed, dead] = [promise(), promise(), promise(), promise()];
      // It closes the first slot and moves what came late into the second, which nobody has used before; then it dies.
      let opened = 0;
      const dying = openNode(
        changedSession(session, {
          async write(cql, params) {
            if (RAISES_LOWEST.test(cql)) await other.writer.add([item('late', 16)]);
            if (cql.includes('INTO work_slots')) opened += 1;
            if (opened === 2) {
              moving.resolve();
              await listed.promise;
            }
            return session.write(cql, params);
          },
          async conditional(statements) {
            await session.conditional(statements);
            dead.resolve();
            throw new Error('the process is gone');
          },
        }),
      );
      // It closes up to the third slot and lists them while the other is at it.
      const closing = openNode(
        changedSession(session, {
          async write(cql, params) {
            if (RAISES_LOWEST.test(cql)) {
              raising.resolve();
              await moving.promise;
            }
            return session.write(cql, params);
          },
          async read<Row>(cql: string, params: Parameters<CqlSession['read']>[1]) {
            if (cql.includes('FROM work_entries') && params.includes(Number.MAX_SAFE_INTEGER)) {
              listed.resolve();
              await dead.promise;
            }
            return session.read<Row>(cql, params);
          },
        }),
      );
      const closed = claimAll(closing, 60);
      await raising.promise;
      const died = await dying.queue.claim(claimAt(40)).catch((error: unknown) => error);
      expect(died).toEqual(new Error('the process is gone'));
      expect(await closed).toEqual([]);
      expect(await claimAll(openNode(session), 600)).toEqual(['late']);
    }));
});

const RAISES_LOWEST = /lowest_slot\) VALUES/u;

function promise(): PromiseWithResolvers<void> {
  return Promise.withResolvers();
}

/** The same session until a slot was closed; from the step on that is named by its statement nothing comes through. */
function dyingAt(session: CqlSession, step: RegExp, beforeClosing: () => Promise<void>): CqlSession {
  let [isClosed, isDead] = [false, false];
  const reach = (cql: string): void => {
    isDead ||= isClosed && step.test(cql);
    if (isDead) throw new CqlFailure('not_applied', 'the process is gone');
  };
  return changedSession(session, {
    async read<Row>(cql: string, params: Parameters<CqlSession['read']>[1]) {
      reach(cql);
      return session.read<Row>(cql, params);
    },
    async write(cql, params) {
      reach(cql);
      if (RAISES_LOWEST.test(cql)) {
        await beforeClosing();
        isClosed = true;
      }
      return session.write(cql, params);
    },
    async batch(statements) {
      for (const { cql } of statements) reach(cql);
      return session.batch(statements);
    },
    async conditional<Row>(statements: readonly CqlStatement[]) {
      for (const { cql } of statements) reach(cql);
      return session.conditional<Row>(statements);
    },
  });
}

/** A node's share in the queue: what it remembers is its own. */
function openNode(session: CqlSession): WorkNode {
  const slots = new WorkSlots(session, SLOT_MS);
  const items = new WorkItems(session, slots);
  return { writer: new WorkWriter(items), queue: new CassandraWorkQueue(slots, items) };
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

function claimAt(nowMs: number): Parameters<CassandraWorkQueue['claim']>[0] {
  return { nowMs, limit: 5, leaseMs: 10 };
}

async function claimAll({ queue }: WorkNode, nowMs: number): Promise<readonly string[]> {
  return (await queue.claim(claimAt(nowMs))).map(({ workId }) => workId);
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

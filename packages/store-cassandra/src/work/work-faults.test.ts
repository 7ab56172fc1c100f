import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { ClaimedWork, WorkItem } from '@confab/contracts';
import { CqlFailure } from '../cql-failure.ts';
import type { CqlSession, CqlStatement } from '../cql-session.ts';
import { changedSession } from '../testing/changed-session.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';
import { CassandraWorkQueue } from './cassandra-work-queue.ts';
import { WorkItems } from './work-items.ts';
import { WorkSlots } from './work-slots.ts';
import { WorkWriter } from './work-writer.ts';

const SEEDS = [1, 2, 3] as const;
const NODES = 3;
const ITEMS_MAX = 60;
const ROUNDS = 25;
const SLOT_MS = 10;
const LEASE_MS = 25;
const ROUND_MS = 7;
/** Of all statements that change something, before and after they are carried out. */
const LOST_FRACTION = 0.08;

const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

afterAll(dropTestKeyspace);

/** What a run of the queue must not do, whatever is lost on the way. */
interface Ledger {
  readonly added: Set<string>;
  readonly offered: Set<string>;
  /** Until when an item is somebody's. */
  readonly heldUntilMs: Map<string, number>;
}

interface WorkNode {
  readonly writer: WorkWriter;
  readonly queue: CassandraWorkQueue;
}

describe.skipIf(testNode === undefined)(`work in Cassandra under faults ${NEEDS_CASSANDRA}`, () => {
  for (const seed of SEEDS) {
    test(`[WORK1] [WORK2] nothing is lost and nothing is two nodes' at once, under seed ${seed}`, async () => {
      const keyspace = await testKeyspace();
      const session = await keyspace.openSession();
      const fraction = fractionsFrom(seed);
      const nodes = Array.from({ length: NODES }, () => openNode(losing(session, fraction)));
      const ledger: Ledger = { added: new Set(), offered: new Set(), heldUntilMs: new Map() };
      for (let round = 0; round < ROUNDS; round += 1) {
        const nowMs = round * ROUND_MS;
        await Promise.all(nodes.map((node) => takeTurn({ node, ledger, fraction, nowMs })));
      }
      // A node for which nothing is lost finishes what is left.
      const last = openNode(session);
      const rest = await last.queue.claim({ nowMs: ROUNDS * 1_000, limit: ITEMS_MAX * 2, leaseMs: LEASE_MS });
      for (const { workId } of rest) ledger.offered.add(workId);
      await last.queue.complete(rest.map(({ workId }) => workId));
      expect(ledger.offered).toEqual(ledger.added);
      expect(await session.read('SELECT work_id FROM work_items', [])).toEqual([]);
      await session.close();
      await keyspace.empty();
    });
  }
});

interface Turn {
  readonly node: WorkNode;
  readonly ledger: Ledger;
  readonly fraction: () => number;
  readonly nowMs: number;
}

/** One node adds, claims, and completes or gives back or forgets what it has; what fails it leaves to others. */
async function takeTurn({ node, ledger, fraction, nowMs }: Turn): Promise<void> {
  if (ledger.added.size < ITEMS_MAX) {
    const items = [item(Math.max(0, nowMs - Math.floor(fraction() * 40))), item(nowMs)];
    for (const { workId } of items) ledger.added.add(workId);
    // As the log does: again until it is certain.
    while (!(await isAnswered(node.writer.add(items))));
  }
  let claimed: readonly ClaimedWork[] = [];
  await isAnswered(
    node.queue.claim({ nowMs, limit: 4, leaseMs: LEASE_MS }).then((answer) => {
      claimed = answer;
    }),
  );
  for (const { workId } of claimed) {
    expect(ledger.heldUntilMs.get(workId) ?? 0).toBeLessThanOrEqual(nowMs);
    ledger.offered.add(workId);
    ledger.heldUntilMs.set(workId, nowMs + LEASE_MS);
  }
  for (const { workId } of claimed) {
    const choice = fraction();
    // From here on it may be another's, whether the answer comes or not.
    if (choice < 0.8) ledger.heldUntilMs.delete(workId);
    if (choice < 0.4) await isAnswered(node.queue.retry([workId], nowMs + Math.floor(fraction() * 60)));
    else if (choice < 0.8) await isAnswered(node.queue.complete([workId]));
  }
}

/** Not where Cassandra could not answer; what was done then is open. */
async function isAnswered(action: Promise<void>): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if (error instanceof CqlFailure) return false;
    throw error;
  }
}

function openNode(session: CqlSession): WorkNode {
  const slots = new WorkSlots(session, SLOT_MS);
  const items = new WorkItems(session, slots);
  return { writer: new WorkWriter(items), queue: new CassandraWorkQueue(slots, items) };
}

/** The same session; some of what changes something is lost on the way there, and some answers on the way back. */
function losing(session: CqlSession, fraction: () => number): CqlSession {
  const mayLose = async <T>(action: () => Promise<T>): Promise<T> => {
    if (fraction() < LOST_FRACTION) throw new CqlFailure('unknown', 'the statement was lost');
    const answer = await action();
    if (fraction() < LOST_FRACTION) throw new CqlFailure('unknown', 'the answer was lost');
    return answer;
  };
  return changedSession(session, {
    write: (cql, params) => mayLose(() => session.write(cql, params)),
    batch: (statements) => mayLose(() => session.batch(statements)),
    conditional: <Row>(statements: readonly CqlStatement[]) =>
      mayLose(() => session.conditional<Row>(statements)),
  });
}

/** Numbers in [0, 1) that a seed decides. */
function fractionsFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function item(dueAtMs: number): WorkItem {
  const task = {
    kind: 'record_membership',
    userIds: ['u-one'],
    change: 'joined',
    conversationId: 'g-some',
    eventId: 'g-some.1.abcd_-12',
    sequence: 1,
  } as const;
  return { workId: crypto.randomUUID(), dueAtMs, task };
}

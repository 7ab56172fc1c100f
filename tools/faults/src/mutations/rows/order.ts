import type { Mutation } from '../mutation.ts';

const SQLITE_LOG = 'packages/store-sqlite/src/writer/write-log.ts';
const LANE = 'packages/core/src/log/lane.ts';

/** One dense order, and one turn at a time. */
export const order: readonly Mutation[] = [
  {
    name: 'core-uses-a-sequence-twice',
    breaks: ['G2.1'],
    suite: 'conversation',
    when: 'daily',
    edits: [
      {
        file: 'packages/conversation/src/decide.ts',
        find: `const sequence = (state?.head.sequence ?? 0) + 1;`,
        replace: `const sequence = Math.max(1, state?.head.sequence ?? 0);`,
      },
    ],
  },
  {
    name: 'memory-store-commits-at-any-head',
    breaks: ['LOG3'],
    suite: 'memory-store',
    when: 'daily',
    edits: [
      {
        file: 'packages/testkit/src/memory-store-log.ts',
        find: `if ((known?.head.sequence ?? 0) !== request.expectedHead) return { kind: 'head_moved' };`,
        replace: ``,
      },
    ],
  },
  {
    name: 'sqlite-commits-at-any-head',
    breaks: ['LOG3'],
    suite: 'sqlite-ports',
    when: 'daily',
    edits: [
      {
        file: SQLITE_LOG,
        find: `if (!isAtHead) return { kind: 'head_moved' };`,
        replace: ``,
      },
    ],
  },
  {
    name: 'cassandra-commits-at-any-head',
    breaks: ['LOG3'],
    suite: 'cassandra',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-cassandra/src/log/commit-statements.ts',
        find: `WHERE conversation_id = ? AND bucket = ? IF last_sequence = ?`,
        replace: `WHERE conversation_id = ? AND bucket = ?`,
      },
      {
        file: 'packages/store-cassandra/src/log/commit-statements.ts',
        find: `      bucket,
      headBefore,
    ],`,
        replace: `      bucket,
    ],`,
      },
    ],
  },
  {
    name: 'core-lets-sends-overtake-a-refused-one',
    breaks: ['G2.2'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      {
        file: LANE,
        find: `if (refused.retry === null || refused.retry > place.position) return true;`,
        replace: `if (refused.retry !== null && refused.retry > place.position) return true;`,
      },
    ],
  },
  {
    name: 'core-hands-sends-over-as-they-are-ready',
    breaks: ['G2.2'],
    suite: 'log-writers',
    when: 'daily',
    edits: [{ file: LANE, find: `await Promise.all([before, prepare?.()]);`, replace: `await prepare?.();` }],
  },
  {
    name: 'core-forwards-without-lanes',
    breaks: ['G2.2', 'G2.1'],
    suite: 'worlds',
    when: 'all',
    edits: [
      {
        file: 'packages/core/src/log/forwarder.ts',
        find: `    return { command, lane };
  });`,
        replace: `    return { command, lane: null };
  });`,
      },
    ],
  },
  {
    name: 'core-forgets-who-waits-in-a-lane',
    breaks: ['G2.2'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/log/lane.ts',
        find: `if (this.#turn === turn) this.#turn = null;`,
        replace: `this.#turn = null;`,
      },
    ],
  },
  {
    name: 'core-puts-what-lost-its-turn-behind',
    breaks: ['G2.2'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/log/conversation-writer.ts',
        find: `[...(await this.#commit(plan, left.slice(0, count))), ...left.slice(count)]`,
        replace: `[...left.slice(count), ...(await this.#commit(plan, left.slice(0, count)))]`,
      },
    ],
  },
  {
    name: 'client-refuses-again-what-has-landed',
    breaks: ['G2.2'],
    suite: 'client',
    when: 'daily',
    edits: [
      {
        file: 'packages/client/src/queue/send-queue.ts',
        find: `    if (isOpen && !this.#isToBeSent(conversationId, clientMessageId))
      this.#abandon(conversationId, clientMessageId);`,
        replace: `    void isOpen;
    void this.#isToBeSent;`,
      },
    ],
  },
];

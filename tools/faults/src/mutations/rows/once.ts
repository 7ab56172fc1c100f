import type { Mutation } from '../mutation.ts';

const WRITER = 'packages/core/src/log/conversation-writer.ts';

/** A send is one send, for ever. */
export const once: readonly Mutation[] = [
  {
    name: 'core-refuses-before-it-looks-for-a-repetition',
    breaks: ['G3.3', 'G3.1'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      {
        file: WRITER,
        find: `if (hit !== null && hit !== undefined) this.#answerFound(waiting, hit);
      else if`,
        replace: `if`,
      },
    ],
  },
  {
    name: 'core-takes-any-repetition-for-the-same',
    breaks: ['G3.2'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      {
        file: WRITER,
        find: `if (found.contentHash === waiting.contentHash)
    waiting`,
        replace: `if (found.contentHash !== '')
    waiting`,
      },
    ],
  },
  {
    name: 'memory-store-looks-for-no-repetition',
    breaks: ['LOG4'],
    suite: 'memory-store',
    when: 'daily',
    edits: [
      {
        file: 'packages/testkit/src/memory-store-log.ts',
        find: `if (found.length > 0) return { kind: 'duplicates', found };`,
        replace: ``,
      },
    ],
  },
  {
    name: 'sqlite-looks-for-no-repetition',
    breaks: ['LOG4'],
    suite: 'sqlite-ports',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-sqlite/src/writer/write-log.ts',
        find: `if (found.length > 0) return { kind: 'duplicates', found };`,
        replace: ``,
      },
    ],
  },
  {
    name: 'sqlite-takes-the-only-repetition-of-a-commit-for-new',
    breaks: ['LOG4'],
    suite: 'sqlite-ports',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-sqlite/src/writer/write-log.ts',
        find: `if (this.#append(conversation.number, event)) continue;`,
        replace: `if (this.#append(conversation.number, event) || events.length === 1) continue;`,
      },
    ],
  },
  {
    name: 'cassandra-writes-an-id-that-stands',
    breaks: ['LOG4'],
    suite: 'cassandra',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-cassandra/src/log/commit-statements.ts',
        find: `VALUES (?, ?, \${rowKinds.clientId}, ?, ?, ?) IF NOT EXISTS`,
        replace: `VALUES (?, ?, \${rowKinds.clientId}, ?, ?, ?)`,
      },
    ],
  },
  {
    name: 'sqlite-writes-the-work-of-a-repetition',
    breaks: ['LOG4'],
    suite: 'sqlite-ports',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-sqlite/src/writer/write-log.ts',
        find: `    const conversation = known ?? this.#rows.conversation(request.conversationId);
`,
        replace: `    const conversation = known ?? this.#rows.conversation(request.conversationId);
    for (const item of request.work) this.#work.add(item);
`,
      },
    ],
  },
];

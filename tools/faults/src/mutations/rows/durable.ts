import type { Mutation } from '../mutation.ts';

const WRITER = 'packages/core/src/log/conversation-writer.ts';
const GROUP_COMMIT = 'packages/store-sqlite/src/writer/group-commit.ts';

/** What is acknowledged is on the disk. */
export const durable: readonly Mutation[] = [
  {
    name: 'core-acknowledges-before-the-commit',
    breaks: ['G1.2'],
    suite: 'simulation',
    when: 'daily',
    edits: [
      {
        file: WRITER,
        find: `const outcome = await this.#commitUntilDecided(plan.commit);`,
        replace: `for (const { waiting, event } of plan.planned) waiting.resolve({ event, duplicate: false });
    const outcome = await this.#commitUntilDecided(plan.commit);`,
      },
    ],
  },
  {
    name: 'core-takes-an-unknown-commit-for-done',
    breaks: ['G1.2'],
    suite: 'simulation',
    when: 'daily',
    edits: [
      {
        file: WRITER,
        find: `const isDecided = outcome.kind !== 'unknown' && (`,
        replace: `if (outcome.kind === 'unknown') return { kind: 'committed' };
      const isDecided = (`,
      },
    ],
  },
  {
    name: 'core-takes-a-later-refusal-for-the-end-of-an-unknown-commit',
    breaks: ['G1.4'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      { file: WRITER, find: `(outcome.kind !== 'unavailable' || attempt === 0)`, replace: `attempt >= 0` },
    ],
  },
  {
    name: 'sqlite-answers-before-the-commit',
    breaks: ['LOG1'],
    suite: 'sqlite-ports',
    when: 'daily',
    edits: [
      {
        file: GROUP_COMMIT,
        find: `this.#db.run('COMMIT');
      return answers;`,
        replace: `setTimeout(() => this.#db.run('COMMIT'), 5);
      return answers;`,
      },
    ],
  },
  {
    name: 'sqlite-does-not-wait-for-the-disk',
    breaks: ['G1.1'],
    suite: 'sqlite-disk',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-sqlite/src/settings.ts',
        find: `'PRAGMA synchronous = FULL'`,
        replace: `'PRAGMA synchronous = NORMAL'`,
      },
      {
        file: 'packages/store-sqlite/src/settings.ts',
        find: `SYNCHRONOUS_FULL = 2;`,
        replace: `SYNCHRONOUS_FULL = 1;`,
      },
    ],
  },
  {
    name: 'sqlite-starts-with-what-is-not-durable',
    breaks: ['G1.1'],
    suite: 'sqlite-file',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-sqlite/src/writer/open-database.ts',
        find: `    assertDurable(db);\n`,
        replace: ``,
      },
    ],
  },
  {
    name: 'sqlite-answers-writes-that-were-rolled-back',
    breaks: ['G1.3'],
    suite: 'sqlite-file',
    when: 'daily',
    edits: [
      {
        file: GROUP_COMMIT,
        find: `return writes.map(() => ({ kind: 'refused', reason: errorText(error) }));`,
        replace: `return writes.map(() => ({ kind: 'done', result: null }));`,
      },
    ],
  },
  {
    name: 'sqlite-goes-on-after-an-error-of-the-disk',
    breaks: ['LOG1'],
    suite: 'sqlite-file',
    when: 'daily',
    edits: [
      {
        file: 'packages/store-sqlite/src/writer/errors.ts',
        find: `  'SQLITE_IOERR',\n`,
        replace: ``,
      },
      {
        file: 'packages/store-sqlite/src/writer/errors.ts',
        find: `const REFUSED = ['SQLITE_FULL',`,
        replace: `const REFUSED = ['SQLITE_IOERR', 'SQLITE_FULL',`,
      },
    ],
  },
];

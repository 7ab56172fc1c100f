import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import type { Write } from '../write-requests.ts';
import { GroupCommit } from './group-commit.ts';
import type { WriteExecutor } from './write-executor.ts';

test('[LOG3] a write that is at fault takes no other with it, and leaves nothing behind', () => {
  using db = new Database(':memory:');
  db.run('CREATE TABLE written (name TEXT)');
  let forgotten = 0;
  const executor = {
    execute: ([, name]: readonly [string, string]) => {
      db.run('INSERT INTO written (name) VALUES (?)', [name]);
      if (name === 'faulty') throw new Error('told to fail');
      return null;
    },
    forget: () => void (forgotten += 1),
  } as unknown as WriteExecutor;
  const writes = ['one', 'faulty', 'two'].map((name) => ['touch', name] as unknown as Write);
  const answers = new GroupCommit(db, executor, 1).run(writes);
  expect(answers.map(({ kind }) => kind)).toEqual(['done', 'fault', 'done']);
  expect(db.query('SELECT name FROM written').values().flat()).toEqual(['one', 'two']);
  expect(forgotten).toBeGreaterThan(0);
  expect(db.inTransaction).toBe(false);
});

/** What comes of a commit that fails in this way, which `rolledBack` says whether it was undone. */
function failedCommit(code: string) {
  const said: string[] = [];
  const db = {
    inTransaction: true,
    run: (sql: string) => {
      said.push(sql);
      if (sql === 'COMMIT') throw Object.assign(new Error('told to fail'), { code });
    },
  } as unknown as Database;
  const executor = { execute: () => null, forget: () => undefined } as unknown as WriteExecutor;
  const writes = ['one', 'two'].map((name) => ['touch', name] as unknown as Write);
  try {
    const answers = new GroupCommit(db, executor, 1).run(writes);
    return { outcome: answers.map(({ kind }) => kind).join(), rolledBack: said.includes('ROLLBACK') };
  } catch (error) {
    return { outcome: error instanceof Error ? error.name : 'thrown', rolledBack: said.includes('ROLLBACK') };
  }
}

test('[G1.3] [LOG3] where there is no room all is refused, and nothing of it is written', () => {
  for (const code of ['SQLITE_FULL', 'SQLITE_BUSY'])
    expect([code, failedCommit(code)]).toEqual([code, { outcome: 'refused,refused', rolledBack: true }]);
});

test('[LOG1] a commit that fails in any other way is answered by nobody: what the file holds is not known', () => {
  for (const code of ['SQLITE_IOERR_FSYNC', 'SQLITE_CORRUPT', 'SQLITE_CONSTRAINT', 'SOMETHING_ELSE', ''])
    expect([code, failedCommit(code)]).toEqual([code, { outcome: 'FatalStoreError', rolledBack: false }]);
});

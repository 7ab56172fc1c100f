import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { storeLimits } from '../settings.ts';
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

test('[LOG1] an error of the disk or of the file in the midst of a write is answered by nobody either', () => {
  const db = { inTransaction: true, run: () => undefined } as unknown as Database;
  for (const code of ['SQLITE_IOERR_READ', 'SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_READONLY_DBMOVED']) {
    const execute = (): never => {
      throw Object.assign(new Error('told to fail'), { code });
    };
    const executor = { execute, forget: () => undefined } as unknown as WriteExecutor;
    const write = ['touch', 'one'] as unknown as Write;
    expect(() => new GroupCommit(db, executor, 1).run([write, write])).toThrow(code);
  }
});

test('[LOG1] a rollback that fails leaves open what the file holds', () => {
  const db = {
    inTransaction: true,
    run: (sql: string) => {
      if (sql === 'ROLLBACK') throw new Error('told to fail');
    },
  } as unknown as Database;
  const execute = (): never => {
    throw Object.assign(new Error('no room'), { code: 'SQLITE_FULL' });
  };
  const executor = { execute, forget: () => undefined } as unknown as WriteExecutor;
  const write = ['touch', 'one'] as unknown as Write;
  expect(() => new GroupCommit(db, executor, 1).run([write])).toThrow('told to fail');
});

/** How a log file of so many frames is copied back, where that fails with a code or, without one, does not. */
function copiedBack(frames: number, code: string | null): { readonly modes: string; readonly error: string } {
  const modes: string[] = [];
  const query = (sql: string) => ({
    values: () => {
      const [, mode = ''] = /wal_checkpoint\((\w+)\)/.exec(sql) ?? [];
      modes.push(mode);
      if (mode !== 'NOOP' && code !== null) throw Object.assign(new Error('told to fail'), { code });
      return [[0, frames, 0]];
    },
  });
  const group = new GroupCommit({ query } as unknown as Database, {} as WriteExecutor, 1);
  let error = '';
  try {
    group.checkpoint();
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.name : 'thrown';
  }
  return { modes: modes.join(), error };
}

test('[LOG1] a log file that cannot be copied back ends the store, but where only room is wanting it stays', () => {
  const frames = 1_000;
  for (const code of ['SQLITE_IOERR_FSYNC', 'SQLITE_CORRUPT', ''])
    expect([code, copiedBack(frames, code).error]).toEqual([code, 'FatalStoreError']);
  for (const code of ['SQLITE_FULL', 'SQLITE_BUSY', null])
    expect([code, copiedBack(frames, code).error]).toEqual([code, '']);
});

test('a log file is left alone while it is short, and readers are waited for once it is very long', () => {
  expect(copiedBack(255, null).modes).toBe('NOOP');
  expect(copiedBack(256, null).modes).toBe('NOOP,PASSIVE');
  expect(copiedBack(storeLimits.logFramesMax, null).modes).toBe('NOOP,PASSIVE');
  expect(copiedBack(storeLimits.logFramesMax + 1, null).modes).toBe('NOOP,RESTART');
});

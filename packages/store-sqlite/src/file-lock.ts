import { Database } from 'bun:sqlite';
import { readFileSync, writeFileSync } from 'node:fs';
import { createPrivateFile } from './private-files.ts';

export interface FileLock {
  release(): void;
}

/**
 * Keeps every other process off the file, for as long as this one lives: the lock is SQLite's own, held by an exclusive
 * transaction on an empty database beside the file, so the system drops it with the process, and what a kill leaves
 * behind blocks nobody. Throws, and names the process that has it.
 */
export function lockFile(path: string): FileLock {
  const lockPath = `${path}.lock`;
  const pidPath = `${path}.pid`;
  createPrivateFile(lockPath);
  createPrivateFile(pidPath);
  const db = new Database(lockPath, { readwrite: true, create: false });
  try {
    // Nothing is ever written there, so a journal on the disk would only be litter.
    db.run('PRAGMA journal_mode = MEMORY');
    db.run('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    throw new Error(`${path} is in use by process ${readFileSync(pidPath, 'utf8').trim() || '(unknown)'}`, {
      cause: error,
    });
  }
  writeFileSync(pidPath, `${process.pid}\n`);
  return {
    release() {
      db.run('ROLLBACK');
      db.close();
    },
  };
}

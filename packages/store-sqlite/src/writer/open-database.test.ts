import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateFile } from '../private-files.ts';
import { openDatabase } from './open-database.ts';

test('[G1.1] a database that does not sync every commit is not opened', () => {
  // In memory there is no write-ahead log, whatever is asked for.
  expect(() => openDatabase(':memory:')).toThrow('that is not durable');
});

test('[LOG1] SQLite copies nothing back by itself, where it would keep an I/O error to itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'confab-database-'));
  const path = join(folder, 'confab.db');
  createPrivateFile(path);
  const db = openDatabase(path);
  expect(db.query('PRAGMA wal_autocheckpoint').values()).toEqual([[0]]);
  db.close();
  rmSync(folder, { recursive: true });
});

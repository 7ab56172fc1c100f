import { Database } from 'bun:sqlite';
import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReadTogether } from './read-together.ts';

let folder = '';
let writer: Database;
let reader: Database;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'confab-together-'));
  const path = join(folder, 'some.db');
  writer = new Database(path);
  writer.run('PRAGMA journal_mode = WAL');
  writer.run('CREATE TABLE counted (count INTEGER)');
  writer.run('INSERT INTO counted VALUES (1)');
  reader = new Database(path, { readonly: true });
});
afterEach(() => {
  reader.close();
  writer.close();
  rmSync(folder, { recursive: true });
});

const count = (): number =>
  reader.query<{ count: number }, []>('SELECT count FROM counted').get()?.count ?? 0;
const countAndRaise = (): number => {
  const seen = count();
  writer.run('UPDATE counted SET count = count + 1');
  return seen;
};

test('[LOG5] several look-ups see the file as of one moment, and the next ones as of a later', () => {
  const together = new ReadTogether(reader);
  expect(together.each(['a', 'b', 'c'], countAndRaise)).toEqual([1, 1, 1]);
  expect(together.each(['a', 'b'], count)).toEqual([4, 4]);
  expect(together.each(['a'], count)).toEqual([4]);
  expect(together.each([], count)).toEqual([]);
});

test('[LOG5] a look-up that fails leaves no old view of the file behind', () => {
  const together = new ReadTogether(reader);
  const fail = (): never => {
    throw new Error(`told to fail at ${countAndRaise()}`);
  };
  expect(() => together.each(['a', 'b'], fail)).toThrow('told to fail at 1');
  expect(reader.inTransaction).toBe(false);
  expect(together.each(['a', 'b'], count)).toEqual([2, 2]);
});

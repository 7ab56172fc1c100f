import { expect, test } from 'bun:test';
import { openDatabase } from './open-database.ts';

test('[G1.1] a database that does not sync every commit is not opened', () => {
  // In memory there is no write-ahead log, whatever is asked for.
  expect(() => openDatabase(':memory:')).toThrow('that is not durable');
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fakeIndexedDb from 'fake-indexeddb';
import { fileStorage } from '../node/index.ts';
import type { ClientStorage } from './client-storage.ts';
import { indexedDbStorage } from './indexed-db-storage.ts';
import { failureOf } from '../testing/failure-of.ts';
import { memoryStorage } from './memory-storage.ts';

// What a browser has; taken away again, because its presence is how the SDK knows a browser.
const browserNames = Object.keys(fakeIndexedDb).filter((name) => name.startsWith('IDB'));
beforeAll(() => void Object.assign(globalThis, fakeIndexedDb));
afterAll(() => {
  for (const name of [...browserNames, 'indexedDB', 'default', 'forceCloseDatabase'])
    Reflect.deleteProperty(globalThis, name);
});

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function freshPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'confab-storage-'));
  folders.push(folder);
  return join(folder, 'deep', 'device.jsonl');
}

/** Each gives a fresh place, and opens it as often as asked. */
const places: readonly [string, () => Promise<() => ClientStorage>][] = [
  [
    'memory',
    async () => {
      const storage = memoryStorage();
      return await Promise.resolve(() => storage);
    },
  ],
  [
    'file',
    async () => {
      const path = await freshPath();
      return () => fileStorage(path);
    },
  ],
  [
    'IndexedDB',
    async () => {
      Object.assign(globalThis, { indexedDB: new fakeIndexedDb.IDBFactory() });
      return await Promise.resolve(() => indexedDbStorage('confab'));
    },
  ],
];

describe.each(places)('%s storage', (_, placeOf) => {
  test('gives back what was written, and nothing where nothing was', async () => {
    const storage = (await placeOf())();
    expect(await storage.read('session', 'current')).toBeUndefined();
    await storage.write([
      { table: 'session', key: 'current', value: { deep: ['a', 1, null] } },
      { table: 'pending', key: 'm1', value: 'one' },
    ]);
    expect(await storage.read('session', 'current')).toEqual({ deep: ['a', 1, null] });
    expect(await storage.readAll('pending')).toEqual([['m1', 'one']]);
    await storage.close();
  });

  test('rows are values: changing what was given changes nothing', async () => {
    const storage = (await placeOf())();
    const row = { list: [1] };
    await storage.write([{ table: 'session', key: 'row', value: row }]);
    row.list.push(2);
    const read = (await storage.read('session', 'row')) as typeof row;
    read.list.push(3);
    expect(await storage.read('session', 'row')).toEqual({ list: [1] });
    await storage.close();
  });

  test('removes rows, one by one and by table', async () => {
    const storage = (await placeOf())();
    const keys = ['a', 'b', 'c'];
    await storage.write(keys.map((key) => ({ table: 'pending' as const, key, value: key })));
    await storage.write([{ table: 'pending', key: 'b', value: undefined }]);
    expect((await storage.readAll('pending')).map(([key]) => key).sort()).toEqual(['a', 'c']);
    await storage.write([{ table: 'session', key: 'current', value: 1 }]);
    await storage.clear(['pending']);
    expect(await storage.readAll('pending')).toEqual([]);
    expect(await storage.read('session', 'current')).toBe(1);
    await storage.close();
  });

  test('empties as many tables as it is told, and no other', async () => {
    const storage = (await placeOf())();
    const tables = ['session', 'conversations', 'timelines', 'pending'] as const;
    await storage.write(tables.map((table) => ({ table, key: 'a', value: 1 })));
    await storage.clear(['conversations', 'timelines', 'pending']);
    const left = await Promise.all(tables.map(async (table) => (await storage.readAll(table)).length));
    expect(left).toEqual([1, 0, 0, 0]);
    await storage.close();
  });

  test('writes take effect in the order they were called', async () => {
    const storage = (await placeOf())();
    await Promise.all(
      Array.from(
        { length: 50 },
        async (__, n) => await storage.write([{ table: 'session', key: 'n', value: n }]),
      ),
    );
    expect(await storage.read('session', 'n')).toBe(49);
    await storage.close();
  });

  test('two that share a place do not lose one another’s rows', async () => {
    const open = await placeOf();
    const [one, other] = [open(), open()];
    expect(one.name).toBe(other.name);
    if (one.name.startsWith('file')) return;
    await Promise.all([
      one.write([{ table: 'pending', key: 'one', value: 1 }]),
      other.write([{ table: 'pending', key: 'other', value: 2 }]),
    ]);
    expect((await one.readAll('pending')).length).toBe(2);
    await Promise.all([one.close(), other.close()]);
  });

  test('what was written is there when it is opened again', async () => {
    const open = await placeOf();
    const before = open();
    for (let n = 0; n < 10; n++) await before.write([{ table: 'pending', key: `m${n % 3}`, value: n }]);
    await before.close();
    const after = open();
    expect(new Map(await after.readAll('pending'))).toEqual(
      new Map([
        ['m0', 9],
        ['m1', 7],
        ['m2', 8],
      ]),
    );
    await after.close();
  });
});

describe('the file of a device', () => {
  test('half a line at the end, as a crash leaves it, is a write that was not', async () => {
    const path = await freshPath();
    const before = fileStorage(path);
    await before.write([{ table: 'pending', key: 'whole', value: 1 }]);
    await before.close();
    await appendFile(path, '[["pending","half",');
    const after = fileStorage(path);
    expect(await after.readAll('pending')).toEqual([['whole', 1]]);
    await after.write([{ table: 'pending', key: 'next', value: 2 }]);
    await after.close();
    const again = fileStorage(path);
    expect((await again.readAll('pending')).length).toBe(2);
    await again.close();
  });

  test('is written afresh before it grows without end', async () => {
    const path = await freshPath();
    const storage = fileStorage(path);
    const writes = Array.from({ length: 2_100 }, (_, n) => n);
    await Promise.all(
      writes.map(async (n) => await storage.write([{ table: 'session', key: 'n', value: n }])),
    );
    expect((await readFile(path, 'utf8')).split('\n').length).toBeLessThan(200);
    expect(await storage.read('session', 'n')).toBe(2_099);
    await storage.close();
  });

  test('a write that failed is none, and the next one is not harmed', async () => {
    const storage = fileStorage(await freshPath());
    const endless: unknown[] = [];
    endless.push(endless);
    const failed = storage.write([{ table: 'pending', key: 'a', value: endless }]);
    expect(await failureOf(failed)).toMatchObject({ code: 'storage' });
    await storage.write([{ table: 'pending', key: 'b', value: 1 }]);
    expect(await storage.readAll('pending')).toEqual([['b', 1]]);
    await storage.close();
  });

  test('nobody but its owner may read it', async () => {
    const path = await freshPath();
    const storage = fileStorage(path);
    await storage.write([{ table: 'session', key: 'current', value: 'token' }]);
    expect((await stat(path)).mode & 0o077).toBe(0);
    await storage.close();
    // Half a line has it written afresh.
    await appendFile(path, '[["half');
    expect(await storage.read('session', 'current')).toBe('token');
    expect((await stat(path)).mode & 0o077).toBe(0);
    await storage.close();
  });
});

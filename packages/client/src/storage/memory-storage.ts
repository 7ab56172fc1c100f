import { type ClientStorage, type StorageTable, storageTables } from './client-storage.ts';

let storages = 0;

/** Storage that ends with the process. */
export function memoryStorage(): ClientStorage {
  const tables = emptyTables();
  storages += 1;
  return {
    name: `memory-${storages}`,
    read: async (table, key) => await Promise.resolve(copyOf(tables[table].get(key))),
    readAll: async (table) =>
      await Promise.resolve([...tables[table]].map(([key, value]) => [key, copyOf(value)] as const)),
    async write(changes) {
      for (const { table, key, value } of changes) {
        if (value === undefined) tables[table].delete(key);
        else tables[table].set(key, copyOf(value));
      }
      await Promise.resolve();
    },
    async clear(names) {
      for (const name of names) tables[name].clear();
      await Promise.resolve();
    },
    close: async () => await Promise.resolve(),
  };
}

export type Tables = Record<StorageTable, Map<string, unknown>>;

export function emptyTables(): Tables {
  return Object.fromEntries(storageTables.map((table) => [table, new Map()])) as unknown as Tables;
}

/** Rows are values: nobody may change one by keeping hold of what was written. */
function copyOf(value: unknown): unknown {
  return value === undefined ? undefined : structuredClone(value);
}

import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { ChatError } from '../errors.ts';
import { type ClientStorage, type StorageTable, storageTables } from './client-storage.ts';

const SCHEMA_VERSION = 1;

type Schema = DBSchema & { [T in StorageTable]: { key: string; value: unknown } };

/** Storage in the browser, shared by the tabs of one origin. The database is opened at the first use. */
export function indexedDbStorage(name: string): ClientStorage {
  let opening: Promise<IDBPDatabase<Schema>> | null = null;
  const open = async (): Promise<IDBPDatabase<Schema>> => {
    opening ??= openDatabase(name, () => (opening = null));
    try {
      return await opening;
    } catch (error) {
      opening = null;
      throw error;
    }
  };
  return {
    name,
    read: async (table, key) => await storing(async () => await (await open()).get(table, key)),
    readAll: async (table) =>
      await storing(async () => {
        const transaction = (await open()).transaction(table);
        const [keys, values] = await Promise.all([
          transaction.store.getAllKeys(),
          transaction.store.getAll(),
        ]);
        return keys.map((key, index) => [key, values[index]] as const);
      }),
    async write(changes) {
      if (changes.length === 0) return;
      await storing(async () => {
        const tables = [...new Set(changes.map(({ table }) => table))];
        // Strict: the promise of a kept message has to hold through a power cut, not only through a closed tab.
        const transaction = (await open()).transaction(tables, 'readwrite', { durability: 'strict' });
        for (const { table, key, value } of changes) {
          const store = transaction.objectStore(table);
          void (value === undefined ? store.delete(key) : store.put(value, key));
        }
        await transaction.done;
      });
    },
    clear: async (tables) =>
      await storing(async () => {
        const transaction = (await open()).transaction([...tables], 'readwrite', { durability: 'strict' });
        for (const table of tables) void transaction.objectStore(table).clear();
        await transaction.done;
      }),
    async close() {
      const database = await opening?.catch(() => null);
      opening = null;
      database?.close();
    },
  };
}

async function openDatabase(name: string, lost: () => void): Promise<IDBPDatabase<Schema>> {
  return await openDB<Schema>(name, SCHEMA_VERSION, {
    upgrade(database) {
      for (const table of storageTables) {
        if (!database.objectStoreNames.contains(table)) database.createObjectStore(table);
      }
    },
    blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    terminated: lost,
  });
}

async function storing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new ChatError('storage', `IndexedDB: ${String(cause)}`, { cause });
  }
}

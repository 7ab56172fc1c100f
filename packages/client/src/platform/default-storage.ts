import type { ClientStorage } from '../storage/client-storage.ts';
import { indexedDbStorage } from '../storage/indexed-db-storage.ts';
import { memoryStorage } from '../storage/memory-storage.ts';

/** IndexedDB under a name of the server's own where the platform has it, else memory. */
export function defaultStorage(url: string): ClientStorage {
  if (typeof indexedDB === 'undefined') return memoryStorage();
  return withFallback(indexedDbStorage(`confab ${url}`), memoryStorage());
}

/** Some browsers have IndexedDB and refuse it, in private windows for instance. The first use decides. */
function withFallback(first: ClientStorage, second: ClientStorage): ClientStorage {
  let deciding: Promise<ClientStorage> | null = null;
  const chosen = async (): Promise<ClientStorage> => {
    deciding ??= first.read('session', 'current').then(
      () => first,
      () => second,
    );
    return await deciding;
  };
  return {
    name: first.name,
    read: async (table, key) => await (await chosen()).read(table, key),
    readAll: async (table) => await (await chosen()).readAll(table),
    write: async (changes) => await (await chosen()).write(changes),
    clear: async (tables) => await (await chosen()).clear(tables),
    close: async () => {
      await first.close();
      await second.close();
    },
  };
}

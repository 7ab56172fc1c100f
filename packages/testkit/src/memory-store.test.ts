import { storeSuite } from '@confab/contracts/conformance';
import { createMemoryStore } from './memory-store.ts';

for (const [name, bucketEvents] of [
  ['memory store', Number.MAX_SAFE_INTEGER],
  ['memory store in buckets', 10],
] as const) {
  storeSuite(name, async () => {
    const store = createMemoryStore({ bucketEvents });
    // It has nothing to lose: the same one stands for a store opened anew.
    return { store, dispose: async () => {}, reopen: async () => store };
  });
}

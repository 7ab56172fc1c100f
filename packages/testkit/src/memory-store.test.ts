import { storeSuite } from '@confab/contracts/conformance';
import { createMemoryStore } from './memory-store.ts';

storeSuite('memory store', async () => {
  const store = createMemoryStore();
  // It has nothing to lose: the same one stands for a store opened anew.
  return { store, dispose: async () => {}, reopen: async () => store };
});

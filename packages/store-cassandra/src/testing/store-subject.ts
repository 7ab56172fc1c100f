import { type CassandraStore, createCassandraStore } from '../open-cassandra-store.ts';
import { testKeyspace } from './test-keyspace.ts';

/** A subject of the conformance suites: a store over a session of its own, on tables that are empty where that matters. */
export async function storeSubject(bucketEvents: number): Promise<{
  readonly store: CassandraStore;
  readonly reopen: () => Promise<CassandraStore>;
  readonly dispose: () => Promise<void>;
}> {
  const keyspace = await testKeyspace();
  const open = async (): Promise<CassandraStore> =>
    createCassandraStore(await keyspace.openSession(), bucketEvents);
  let store = await open();
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await open();
      return store;
    },
    dispose: async () => {
      await store.close();
      await keyspace.empty();
    },
  };
}

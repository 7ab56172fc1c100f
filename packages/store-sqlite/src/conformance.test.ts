import { archiveSuite, storeSuite } from '@confab/contracts/conformance';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStoreInThisThread } from './open-in-this-thread.ts';
import { type ConnectedSqliteStore, connectSqliteStore, openSqliteStore } from './open-sqlite-store.ts';

async function makeSubject(openStore: typeof openSqliteStore | typeof openSqliteStoreInThisThread) {
  const folder = await mkdtemp(join(tmpdir(), 'confab-store-'));
  const onFatal = (error: Error): never => {
    throw error;
  };
  const open = async (): Promise<ConnectedSqliteStore> =>
    openStore({ path: join(folder, 'confab.db'), onFatal });
  let store = await open();
  const reopen = async (): Promise<ConnectedSqliteStore> => {
    await store.close();
    store = await open();
    return store;
  };
  const dispose = async (): Promise<void> => {
    await store.close();
    await rm(folder, { recursive: true });
  };
  return { store, reopen, dispose };
}

/** The same, as a second thread has it: through a port of its own. */
async function makeConnectedSubject() {
  const folder = await mkdtemp(join(tmpdir(), 'confab-store-'));
  const onFatal = (error: Error): never => {
    throw error;
  };
  let opened = await openSqliteStore({ path: join(folder, 'confab.db'), onFatal });
  let store = connectSqliteStore(opened.share(), onFatal);
  const close = async (): Promise<void> => {
    await store.close();
    await opened.close();
  };
  const reopen = async (): Promise<ConnectedSqliteStore> => {
    await close();
    opened = await openSqliteStore({ path: join(folder, 'confab.db'), onFatal });
    store = connectSqliteStore(opened.share(), onFatal);
    return store;
  };
  const dispose = async (): Promise<void> => {
    await close();
    await rm(folder, { recursive: true });
  };
  return { store, reopen, dispose };
}

storeSuite('store-sqlite', () => makeSubject(openSqliteStore));
storeSuite('store-sqlite in one thread', () => makeSubject(openSqliteStoreInThisThread));
storeSuite('store-sqlite through a port', makeConnectedSubject);
archiveSuite('store-sqlite', () => makeSubject(openSqliteStore));

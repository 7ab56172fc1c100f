import { archiveSuite, storeSuite } from '@confab/contracts/conformance';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore, type SqliteStore } from './open-sqlite-store.ts';

async function makeSubject() {
  const folder = await mkdtemp(join(tmpdir(), 'confab-store-'));
  const onFatal = (error: Error): never => {
    throw error;
  };
  const open = (): Promise<SqliteStore> => openSqliteStore({ path: join(folder, 'confab.db'), onFatal });
  let store = await open();
  const reopen = async (): Promise<SqliteStore> => {
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

storeSuite('store-sqlite', makeSubject);
archiveSuite('store-sqlite', makeSubject);

export { openSqliteStoreInThisThread } from './open-in-this-thread.ts';
export {
  type ConnectedSqliteStore,
  connectSqliteStore,
  openSqliteStore,
  type SharedStore,
  type SqliteStore,
  type SqliteStoreOptions,
} from './open-sqlite-store.ts';

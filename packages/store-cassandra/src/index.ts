export type { ClusterAllowances } from './cluster-check.ts';
export { type CassandraConnection, REQUEST_TIMEOUT_MS_DEFAULT } from './cql-session.ts';
export {
  type CassandraStore,
  type CassandraStoreOptions,
  openCassandraStore,
} from './open-cassandra-store.ts';
export { migrateCassandra, type MigrationOptions } from './schema.ts';

import { type CassandraConnection, type CqlSession, openCqlSession } from '../cql-session.ts';
import { migrateCassandra } from '../schema.ts';
import { recordWrites } from './recorded-writes.ts';

/** `host:port` of a node to test with; tests that need it are skipped without it. */
export const testNode = process.env['CONFAB_TEST_CASSANDRA'];

/** How titles of tests say that they need a node. */
export const NEEDS_CASSANDRA = '(needs Cassandra: npm run services -- install)';

const REQUEST_TIMEOUT_MS = 10_000;
/** Each test has ids of its own, so what others left in these is never met. */
const NEVER_EMPTIED: ReadonlySet<string> = new Set(['conversation_log', 'event_ids', 'views']);

/** A keyspace of one test file: made once, dropped at the file's end. */
export interface TestKeyspace {
  readonly name: string;
  readonly connection: CassandraConnection;
  /** A session of the caller's, to be closed by them. */
  openSession(): Promise<CqlSession>;
  /** Empties the tables that sessions of this keyspace wrote to since the last time. */
  empty(): Promise<void>;
}

let made: Promise<TestKeyspace> | null = null;

/** Call it within tests only; the file that calls it says `afterAll(dropTestKeyspace)`. */
export function testKeyspace(): Promise<TestKeyspace> {
  made ??= makeKeyspace();
  return made;
}

/** For `afterAll` of each test file that uses `testKeyspace`. */
export async function dropTestKeyspace(): Promise<void> {
  const keyspace = await made;
  made = null;
  if (keyspace === null) return;
  const session = await openCqlSession(keyspace.connection, null);
  await session.define(`DROP KEYSPACE ${keyspace.name}`);
  await session.close();
}

/** The connection to the node that tests are told of. */
export function testConnection(): CassandraConnection {
  return {
    contactPoints: [testNode ?? ''],
    localDataCenter: process.env['CONFAB_TEST_CASSANDRA_DATA_CENTER'] ?? 'datacenter1',
    credentials: null,
    tls: null,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  };
}

async function makeKeyspace(): Promise<TestKeyspace> {
  const connection = testConnection();
  const name = `confab_test_${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await migrateCassandra({ connection, keyspace: name, replication: { [connection.localDataCenter]: 1 } });
  const written = new Set<string>();
  return {
    name,
    connection,
    openSession: async () => recordWrites(await openCqlSession(connection, name), written),
    empty: async () => {
      const tables = [...written].filter((table) => !NEVER_EMPTIED.has(table));
      written.clear();
      if (tables.length === 0) return;
      const session = await openCqlSession(connection, name);
      for (const table of tables) await session.define(`TRUNCATE ${table}`);
      await session.close();
    },
  };
}

import { withReason } from './cql-failure.ts';
import { type CassandraConnection, type CqlSession, openCqlSession } from './cql-session.ts';
import { logTables } from './log/log-tables.ts';
import { peopleTables } from './people/people-tables.ts';
import { workTables } from './work/work-tables.ts';

/** Raised by every change of a table. A released version never changes. */
export const SCHEMA_VERSION = 1;

const ROW_NAME = 'confab';
const KEYSPACE_PATTERN = /^[a-z][a-z0-9_]{0,47}$/;
const DATA_CENTER_PATTERN = /^[\w.-]{1,255}$/;

const versionTable = `CREATE TABLE IF NOT EXISTS schema_version (
    name text PRIMARY KEY,
    version int
  )`;

const tables: readonly string[] = [...logTables, ...peopleTables, ...workTables];

export interface MigrationOptions {
  readonly connection: CassandraConnection;
  readonly keyspace: string;
  /** Copies in each data center, for a keyspace that does not exist yet; one that does keeps its own. */
  readonly replication: Readonly<Record<string, number>>;
}

/**
 * Makes the keyspace and the tables. Throws where the schema is newer than this program, a name is no name, or Cassandra
 * does not answer (the error says why).
 */
export async function migrateCassandra(options: MigrationOptions): Promise<void> {
  try {
    await migrate(options);
  } catch (error) {
    throw withReason(error);
  }
}

async function migrate({ connection, keyspace, replication }: MigrationOptions): Promise<void> {
  await createKeyspace(connection, keyspace, replication);
  const session = await openCqlSession(connection, keyspace);
  try {
    await session.define(versionTable);
    const version = await readVersion(session);
    if (version > SCHEMA_VERSION) throw new Error(newerSchema(keyspace, version));
    for (const table of tables) await session.define(table);
    await session.write('INSERT INTO schema_version (name, version) VALUES (?, ?)', [
      ROW_NAME,
      SCHEMA_VERSION,
    ]);
  } finally {
    await session.close();
  }
}

/** Throws, naming what to do, where the keyspace has not exactly the schema of this program. */
export async function requireSchema(session: CqlSession, keyspace: string): Promise<void> {
  const [table] = await session.read(
    'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?',
    [keyspace, 'schema_version'],
  );
  const version = table === undefined ? 0 : await readVersion(session);
  if (version === 0)
    throw new Error(`the keyspace ${keyspace} has no tables of Confab: run \`confab migrate\``);
  if (version < SCHEMA_VERSION) {
    const versions = `schema ${version}, this program needs ${SCHEMA_VERSION}`;
    throw new Error(`the keyspace ${keyspace} has ${versions}: run \`confab migrate\``);
  }
  if (version > SCHEMA_VERSION) throw new Error(newerSchema(keyspace, version));
}

/** Throws, naming what to do, where the keyspace does not exist. */
export async function requireKeyspace(session: CqlSession, keyspace: string): Promise<void> {
  requireKeyspaceName(keyspace);
  const [row] = await session.read(
    'SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?',
    [keyspace],
  );
  if (row === undefined) throw new Error(`there is no keyspace ${keyspace}: run \`confab migrate\``);
}

async function createKeyspace(
  connection: CassandraConnection,
  keyspace: string,
  replication: Readonly<Record<string, number>>,
): Promise<void> {
  requireKeyspaceName(keyspace);
  const factors = Object.entries(replication).map(([dataCenter, factor]) => {
    if (!DATA_CENTER_PATTERN.test(dataCenter)) throw new Error(`"${dataCenter}" is no name of a data center`);
    if (!Number.isInteger(factor) || factor < 1) throw new Error(`${factor} copies in ${dataCenter}`);
    return `, '${dataCenter}': ${factor}`;
  });
  const session = await openCqlSession(connection, null);
  try {
    await session.define(
      `CREATE KEYSPACE IF NOT EXISTS ${keyspace}
       WITH replication = {'class': 'NetworkTopologyStrategy'${factors.join('')}} AND durable_writes = true`,
    );
  } finally {
    await session.close();
  }
}

function requireKeyspaceName(keyspace: string): void {
  if (!KEYSPACE_PATTERN.test(keyspace)) throw new Error(`"${keyspace}" is no name of a keyspace`);
}

/** 0 where there is none. */
async function readVersion(session: CqlSession): Promise<number> {
  const [row] = await session.read<{ version: number }>('SELECT version FROM schema_version WHERE name = ?', [
    ROW_NAME,
  ]);
  return row?.version ?? 0;
}

function newerSchema(keyspace: string, version: number): string {
  return `the keyspace ${keyspace} has schema ${version}, made by a newer Confab: this one knows ${SCHEMA_VERSION}`;
}

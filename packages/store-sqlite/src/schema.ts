import type { Database } from 'bun:sqlite';

/** "Cnfb": so that a file of another program is never taken for ours. */
const APPLICATION_ID = 0x436e6662;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/**
 * Forward only; a released migration never changes. Events stand in the order they came in, so that bodies are only
 * ever appended; what finds them are narrow indexes. `sender_ordinal` counts the sender's countable events up to this
 * one, so that the number of one's own above a place is a difference of two look-ups, however many they are. Conversations and users are numbers in there to keep them narrow.
 */
const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'first',
    statements: [
      `CREATE TABLE opens (one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL) STRICT`,
      `INSERT INTO opens (one, count) VALUES (1, 0)`,
      `CREATE TABLE users (number INTEGER PRIMARY KEY, user_id TEXT NOT NULL UNIQUE) STRICT`,
      `CREATE TABLE conversations (
         number INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL UNIQUE, sequence INTEGER NOT NULL,
         ordinal INTEGER NOT NULL, event_id TEXT NOT NULL, sent_at TEXT NOT NULL, preview TEXT) STRICT`,
      `CREATE TABLE events (
         place INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, sequence INTEGER NOT NULL,
         ordinal INTEGER NOT NULL, type INTEGER NOT NULL, countable INTEGER NOT NULL, sender INTEGER NOT NULL,
         event_id TEXT NOT NULL, client_message_id TEXT NOT NULL, client_id_hash BLOB NOT NULL,
         content_hash TEXT NOT NULL, sent_at TEXT NOT NULL, json TEXT NOT NULL, sender_ordinal INTEGER NOT NULL) STRICT`,
      `CREATE UNIQUE INDEX events_by_sequence ON events (conversation, sequence)`,
      `CREATE UNIQUE INDEX events_by_client_id ON events (conversation, client_id_hash)`,
      `CREATE INDEX events_by_sender ON events (conversation, sender, sequence, sender_ordinal)
         WHERE countable = 1`,
      `CREATE INDEX events_uncountable ON events (conversation, type, sequence) WHERE countable = 0`,
      `CREATE TABLE views (
         view INTEGER NOT NULL, partition TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, value TEXT,
         PRIMARY KEY (view, partition, key)) STRICT, WITHOUT ROWID`,
      `CREATE TABLE work (
         place INTEGER PRIMARY KEY, work_id TEXT NOT NULL UNIQUE, due_at_ms INTEGER NOT NULL,
         leased_until_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, task TEXT NOT NULL) STRICT`,
      `CREATE INDEX work_by_due ON work (due_at_ms, place)`,
      `CREATE TABLE cursors (
         conversation INTEGER NOT NULL, user INTEGER NOT NULL, kind INTEGER NOT NULL, device TEXT NOT NULL,
         sequence INTEGER NOT NULL, ordinal INTEGER NOT NULL,
         PRIMARY KEY (conversation, user, kind, device)) STRICT, WITHOUT ROWID`,
      `CREATE TABLE accounts (
         user_id TEXT PRIMARY KEY, username TEXT, folded_username TEXT UNIQUE, display_name TEXT NOT NULL,
         picture TEXT, created_at TEXT NOT NULL, password_hash TEXT) STRICT`,
      `CREATE TABLE account_names (
         name TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (name, user_id)) STRICT, WITHOUT ROWID`,
      `CREATE TABLE devices (
         user_id TEXT NOT NULL, device_id TEXT NOT NULL, name TEXT NOT NULL, created_at TEXT NOT NULL,
         last_seen_at TEXT NOT NULL, revoked INTEGER NOT NULL, refresh_nonce TEXT,
         refresh_generation INTEGER NOT NULL, rotated_at_ms INTEGER NOT NULL, revoked_at_ms INTEGER NOT NULL,
         PRIMARY KEY (user_id, device_id)) STRICT, WITHOUT ROWID`,
    ],
  },
];

const newestVersion = migrations.at(-1)?.version ?? 0;

/** Brings the file to this program's schema; throws where it is a newer one, or of another program. */
export function migrate(db: Database): void {
  const application = pragmaNumber(db, 'application_id');
  const isEmpty = db.query('SELECT 1 FROM sqlite_schema LIMIT 1').get() === null;
  if (application !== APPLICATION_ID && !isEmpty)
    throw new Error('the file is a database of another program');
  db.transaction(() => {
    db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.run(
      'CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT, applied_at TEXT)',
    );
    const version = schemaVersion(db);
    if (version > newestVersion) {
      throw new Error(
        `the file has schema ${version}, this program knows ${newestVersion}: it is too old for it`,
      );
    }
    for (const migration of migrations) if (migration.version > version) applyMigration(db, migration);
  }).exclusive();
}

/** The newest migration the file has. */
function schemaVersion(db: Database): number {
  const row = db
    .query<{ version: number | null }, []>('SELECT max(version) AS version FROM schema_migrations')
    .get();
  return row?.version ?? 0;
}

export function pragmaNumber(db: Database, name: 'application_id' | 'synchronous'): number {
  const [value] = db.query<unknown, []>(`PRAGMA ${name}`).values()[0] ?? [];
  return Number(value);
}

function applyMigration(db: Database, { version, name, statements }: Migration): void {
  for (const statement of statements) db.run(statement);
  db.run('INSERT INTO schema_migrations (version, name, applied_at) VALUES (?, ?, ?)', [
    version,
    name,
    new Date().toISOString(),
  ]);
}

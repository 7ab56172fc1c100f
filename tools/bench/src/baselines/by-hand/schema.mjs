// The tables that one would make for a chat in an afternoon.
const TABLES = [
  `CREATE TABLE IF NOT EXISTS users (user_id TEXT PRIMARY KEY, name TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS conversations (
     conversation_id TEXT PRIMARY KEY, type TEXT NOT NULL, title TEXT, last_sequence INTEGER NOT NULL,
     updated_at TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS members (
     conversation_id TEXT NOT NULL, user_id TEXT NOT NULL, read_sequence INTEGER NOT NULL DEFAULT 0,
     PRIMARY KEY (conversation_id, user_id)) WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS members_by_user ON members (user_id, conversation_id)`,
  `CREATE TABLE IF NOT EXISTS messages (
     id INTEGER PRIMARY KEY, conversation_id TEXT NOT NULL, sequence INTEGER NOT NULL, type TEXT NOT NULL,
     sender_id TEXT NOT NULL, client_message_id TEXT NOT NULL, body TEXT NOT NULL, sent_at TEXT NOT NULL)`,
  `CREATE UNIQUE INDEX IF NOT EXISTS messages_by_sequence ON messages (conversation_id, sequence)`,
  `CREATE UNIQUE INDEX IF NOT EXISTS messages_by_client_id ON messages (sender_id, client_message_id)`,
];

/**
 * Makes the tables, durably: every commit is on the disk when it returns. `db` is a Database of bun:sqlite or of
 * better-sqlite3, which have what is used here in common.
 */
export function prepareDatabase(db) {
  for (const text of ['PRAGMA journal_mode = WAL', 'PRAGMA synchronous = FULL', ...TABLES]) db.exec(text);
  // better-sqlite3 is built so that the first write puts a database in WAL mode back to NORMAL, which loses
  // acknowledged messages when the power goes: what was set is only known after one.
  db.exec(`INSERT OR REPLACE INTO users (user_id, name) VALUES ('nobody', 'nobody')`);
  const { synchronous } = db.prepare('PRAGMA synchronous').get();
  if (synchronous !== 2) throw new Error(`SQLite runs with synchronous=${synchronous}: that is not durable`);
}

// The limit of the disk: message rows as Confab's log has them, in one table with the two indexes that an order
// without gaps and a send that counts once need, every transaction fsynced. One thread, no sockets, no decisions.
// Argument: a RawSqliteLoad as JSON. Prints a RawSqliteSpeed as JSON.
import { Database } from 'bun:sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawSqliteLoad, RawSqliteSpeed } from './raw-sqlite.ts';

const WARM_UP_MS = 500;
const SYNCHRONOUS_FULL = 2;

function open(folder: string): Database {
  const db = new Database(join(folder, 'raw.sqlite'));
  db.run('PRAGMA journal_mode = WAL');
  db.run('PRAGMA synchronous = FULL');
  db.run('CREATE TABLE heads (conversation INTEGER PRIMARY KEY, sequence INTEGER NOT NULL)');
  db.run(
    `CREATE TABLE events (
       place INTEGER PRIMARY KEY, conversation INTEGER NOT NULL, sequence INTEGER NOT NULL, sender INTEGER NOT NULL,
       client_message_id BLOB NOT NULL, json TEXT NOT NULL)`,
  );
  db.run('CREATE UNIQUE INDEX events_by_sequence ON events (conversation, sequence)');
  db.run('CREATE UNIQUE INDEX events_by_client_id ON events (conversation, client_message_id)');
  const found = db.query<{ synchronous: number }, []>('PRAGMA synchronous').get();
  if (found?.synchronous !== SYNCHRONOUS_FULL) throw new Error('SQLite does not sync every commit');
  return db;
}

/** The frame of a message, which is what the log keeps of it. */
function jsonOf(conversation: number, sequence: number, body: string): string {
  const conversationId = `d${String(conversation).padStart(22, 'c')}`;
  const eventId = `${conversationId}.${sequence.toString(36)}.abcdefgh`;
  return JSON.stringify({
    type: 'message_event',
    eventId,
    conversationId,
    sequence,
    ordinal: sequence,
    senderId: `x${String(sequence).padStart(22, 's')}`,
    sentAt: '2026-01-02T03:04:05.678Z',
    messageId: eventId,
    body,
  });
}

function measure(
  db: Database,
  { conversations, waiting, seconds, bodyBytes }: RawSqliteLoad,
): RawSqliteSpeed {
  const body = 'x'.repeat(bodyBytes);
  const setHead = db.query('INSERT OR REPLACE INTO heads (conversation, sequence) VALUES (?, ?)');
  const insert = db.query(
    'INSERT INTO events (conversation, sequence, sender, client_message_id, json) VALUES (?, ?, ?, ?, ?)',
  );
  const heads = new Uint32Array(conversations);
  let next = 0;
  const commit = db.transaction(() => {
    for (let count = 0; count < waiting; count += 1) {
      const conversation = next % conversations;
      next += 1;
      const sequence = (heads[conversation] ?? 0) + 1;
      heads[conversation] = sequence;
      const id = crypto.getRandomValues(new Uint8Array(16));
      insert.run(conversation, sequence, next % 1_000, id, jsonOf(conversation, sequence, body));
      setHead.run(conversation, sequence);
    }
  });
  for (const startedMs = performance.now(); performance.now() - startedMs < WARM_UP_MS;) commit.immediate();
  const tookMs: number[] = [];
  const usedBefore = process.cpuUsage();
  const startedMs = performance.now();
  for (let nowMs = startedMs; nowMs - startedMs < seconds * 1_000;) {
    commit.immediate();
    const endedMs = performance.now();
    tookMs.push(endedMs - nowMs);
    nowMs = endedMs;
  }
  const events = tookMs.length * waiting;
  const { user, system } = process.cpuUsage(usedBefore);
  const sorted = Float64Array.from(tookMs).sort();
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return {
    eventsPerSecond: events / ((performance.now() - startedMs) / 1_000),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: at(1),
    processorUsPerEvent: (user + system) / events,
  };
}

const load = JSON.parse(process.argv[2] ?? '') as RawSqliteLoad;
const folder = mkdtempSync(join(tmpdir(), 'confab-raw-sqlite-'));
try {
  const db = open(folder);
  console.log(JSON.stringify(measure(db, load)));
  db.close();
} finally {
  rmSync(folder, { recursive: true });
}

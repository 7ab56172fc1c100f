/**
 * How fast commits are, beside the same statements in a bare loop of bun:sqlite in the same run:
 *
 *   bun packages/store-sqlite/bench/commit.ts [seconds of each scenario, 5 by default]
 *
 * Bodies of 200 bytes; the file is made in the system's folder for temporary files, or in CONFAB_BENCH_DIR.
 */
import type { Database } from 'bun:sqlite';
import type { CommitRequest } from '@confab/contracts';
import { formatEventId } from '@confab/protocol';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore, type SqliteStore } from '../src/index.ts';
import { openDatabase } from '../src/writer/open-database.ts';
import { rawLoop } from './raw-loop.ts';

const SCENARIO_SECONDS_DEFAULT = 5;
const BODY_BYTES = 200;
const USERS = 1_000;

interface Scenario {
  readonly name: string;
  readonly conversations: number;
  readonly inFlight: number;
  readonly eventsPerCommit: number;
}

const scenarios: readonly Scenario[] = [
  { name: '1 conversation, 1 in flight', conversations: 1, inFlight: 1, eventsPerCommit: 1 },
  { name: '100 conversations, 100 in flight', conversations: 100, inFlight: 100, eventsPerCommit: 1 },
  { name: '1,000 conversations, 10 in flight', conversations: 1_000, inFlight: 10, eventsPerCommit: 1 },
  { name: '1,000 conversations, 100 in flight', conversations: 1_000, inFlight: 100, eventsPerCommit: 1 },
  { name: '20,000 conversations, 100 in flight', conversations: 20_000, inFlight: 100, eventsPerCommit: 1 },
  { name: '1,000 conversations, 1,000 in flight', conversations: 1_000, inFlight: 1_000, eventsPerCommit: 1 },
  { name: '1 conversation, batches of 64', conversations: 1, inFlight: 1, eventsPerCommit: 64 },
  { name: '10 conversations, batches of 64', conversations: 10, inFlight: 10, eventsPerCommit: 64 },
];

const seconds = Number(process.argv[2] ?? SCENARIO_SECONDS_DEFAULT);
const body = 'abc "quoted" defghijklmnopqrst '.repeat(8).slice(0, BODY_BYTES);

for (const scenario of scenarios) {
  const folder = mkdtempSync(join(process.env['CONFAB_BENCH_DIR'] ?? tmpdir(), 'confab-bench-'));
  const bare = rawLoop(openRaw(folder), requestsOf(scenario), { ...scenario, seconds });
  const store = await openSqliteStore({ path: join(folder, 'store.db'), onFatal: endWith });
  const measured = await measure(store, scenario);
  await store.close();
  rmSync(folder, { recursive: true });
  print(scenario, measured, bare);
}

interface Measured {
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Share of one core that the serving thread was busy, the making of requests included. */
  readonly servingMicrosPerEvent: number;
}

async function measure(store: SqliteStore, scenario: Scenario): Promise<Measured> {
  const nextRequest = requestsOf(scenario);
  const latenciesMs: number[] = [];
  let events = 0;
  const startedAt = performance.now();
  const cpuBefore = process.threadCpuUsage();
  const endAt = startedAt + seconds * 1_000;
  const work = async (worker: number): Promise<void> => {
    // Each keeps to conversations of its own, as a writer for each conversation would.
    for (let at = worker; performance.now() < endAt; at += scenario.inFlight) {
      const request = nextRequest(at % scenario.conversations);
      const sentAt = performance.now();
      const outcome = await store.log.commit(request);
      if (outcome.kind !== 'committed') throw new Error(outcome.kind);
      latenciesMs.push(performance.now() - sentAt);
      events += request.events.length;
    }
  };
  await Promise.all(Array.from({ length: scenario.inFlight }, (_, worker) => work(worker)));
  const cpu = process.threadCpuUsage(cpuBefore);
  latenciesMs.sort((one, other) => one - other);
  const at = (share: number): number => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN;
  return {
    eventsPerSecond: events / ((performance.now() - startedAt) / 1_000),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    servingMicrosPerEvent: (cpu.user + cpu.system) / events,
  };
}

/** The next commit of a conversation, given its number; it is expected to succeed. */
function requestsOf({ eventsPerCommit }: Scenario): (conversation: number) => CommitRequest {
  const heads = new Map<number, number>();
  return (conversation) => {
    const head = heads.get(conversation) ?? 0;
    heads.set(conversation, head + eventsPerCommit);
    const conversationId = `d${String(conversation).padStart(22, 'c')}`;
    const events = Array.from({ length: eventsPerCommit }, (_, index) => {
      const sequence = head + index + 1;
      const senderId = `u${String(Math.floor(Math.random() * USERS)).padStart(22, 'u')}`;
      const eventId = formatEventId(conversationId, sequence, 'abcdefgh');
      const sentAt = '2026-01-02T03:04:05.678Z';
      const place = { conversationId, sequence, ordinal: sequence, eventId, senderId, sentAt };
      const json = JSON.stringify({ type: 'message_event', ...place, messageId: eventId, body });
      const clientMessageId = crypto.randomUUID();
      return { ...place, type: 'message_event', clientMessageId, json, contentHash: '0'.repeat(32) } as const;
    });
    const sequence = head + eventsPerCommit;
    const newest = events.at(-1);
    if (newest === undefined) throw new Error('a commit without events');
    const { eventId, senderId, sentAt } = newest;
    const preview = { messageId: eventId, sequence, senderId, body, sentAt };
    const newHead = { sequence, ordinal: sequence, eventId, sentAt, preview };
    return { conversationId, expectedHead: head, events, head: newHead, views: [], work: [] };
  };
}

/** With SQLite's own checkpoints, for nobody is there to make them. */
function openRaw(folder: string): Database {
  const path = join(folder, 'raw.db');
  writeFileSync(path, '');
  const db = openDatabase(path);
  db.run('PRAGMA wal_autocheckpoint = 1000');
  return db;
}

function print({ name }: Scenario, measured: Measured, raw: number): void {
  const { eventsPerSecond, p50Ms, p99Ms, p999Ms, servingMicrosPerEvent } = measured;
  const rate = `${Math.round(eventsPerSecond)} events/s`.padStart(15);
  const times = `p50 ${p50Ms.toFixed(2)} p99 ${p99Ms.toFixed(2)} p99.9 ${p999Ms.toFixed(2)} ms`.padEnd(38);
  const ratio = `${(eventsPerSecond / raw).toFixed(2)} of the raw loop's ${Math.round(raw)}`;
  process.stdout.write(
    `${name.padEnd(38)} ${rate}  ${times} ${servingMicrosPerEvent.toFixed(1)} us/event serving  ${ratio}\n`,
  );
}

function endWith(error: Error): never {
  throw error;
}

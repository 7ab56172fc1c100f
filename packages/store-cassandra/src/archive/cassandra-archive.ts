import type {
  Archive,
  ArchivedAccount,
  ArchivePage,
  ConversationLog,
  CursorAdvance,
  NewEvent,
  WorkItem,
} from '@confab/contracts';
import { readEach } from '../bounded.ts';
import type { CqlSession } from '../cql-session.ts';
import type { Buckets } from '../log/buckets.ts';
import { eventKey, rowKinds } from '../log/log-rows.ts';
import type { CassandraAccounts } from '../people/cassandra-accounts.ts';
import type { CassandraCursors } from '../people/cassandra-cursors.ts';
import type { CassandraDevices } from '../people/cassandra-devices.ts';
import type { WorkItems } from '../work/work-items.ts';
import type { WorkWriter } from '../work/work-writer.ts';

/** What the archive is made of: the ports themselves, and what they know beside them. */
export interface ArchiveParts {
  readonly session: CqlSession;
  readonly buckets: Buckets;
  readonly log: Pick<ConversationLog, 'read'>;
  readonly cursors: CassandraCursors;
  readonly accounts: CassandraAccounts;
  readonly devices: CassandraDevices;
  readonly workItems: WorkItems;
  readonly workWriter: WorkWriter;
}

interface HashRow {
  readonly key: string;
  readonly content_hash: string;
}

const PAGE_BYTES_MAX = 4 * 1024 * 1024;

const FIRST_PAGE = 'SELECT conversation_id FROM directory LIMIT ?';
const NEXT_PAGE = 'SELECT conversation_id FROM directory WHERE token(conversation_id) > token(?) LIMIT ?';
const HASHES = `SELECT key, content_hash FROM conversation_log
  WHERE conversation_id = ? AND bucket = ? AND kind = ${rowKinds.event} AND key >= ? AND key <= ?`;

/** All that the keyspace holds. What has no order of its own comes in the order of the ring, as the nodes have it. */
export class CassandraArchive implements Archive {
  readonly #parts: ArchiveParts;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
  }

  async conversations(after: string | null, limit: number): Promise<ArchivePage<string>> {
    const { session } = this.#parts;
    const rows = await (after === null
      ? session.read<{ conversation_id: string }>(FIRST_PAGE, [limit])
      : session.read<{ conversation_id: string }>(NEXT_PAGE, [after, limit]));
    const items = rows.map((row) => row.conversation_id);
    return { items, next: items.length < limit ? null : (items.at(-1) ?? null) };
  }

  async events(conversationId: string, after: number, limit: number): Promise<readonly NewEvent[]> {
    const request = { conversationId, after, before: null, limit, bytesMax: PAGE_BYTES_MAX, type: null };
    const events = await this.#parts.log.read(request);
    const hashes = await this.#hashes(conversationId, after + 1, events.at(-1)?.sequence ?? after);
    return events.map((event) => {
      const contentHash = hashes.get(event.sequence);
      if (contentHash === undefined) throw new Error(`the event ${event.eventId} has no content hash`);
      return { ...event, contentHash };
    });
  }

  cursors(conversationId: string, after: string | null, limit: number): Promise<ArchivePage<CursorAdvance>> {
    return this.#parts.cursors.page(conversationId, after, limit);
  }

  async accounts(after: string | null, limit: number): Promise<ArchivePage<ArchivedAccount>> {
    const { accounts, devices } = this.#parts;
    const { items, next } = await accounts.page(after, limit);
    const archived = await readEach(items, async (account) => ({
      account,
      devices: await devices.list(account.userId),
    }));
    return { items: archived, next };
  }

  work(after: string | null, limit: number): Promise<ArchivePage<WorkItem>> {
    return this.#parts.workItems.page(after, limit);
  }

  async putAccount({ account, devices }: ArchivedAccount): Promise<void> {
    await this.#parts.accounts.put(account);
    for (const device of devices) await this.#parts.devices.put(device);
  }

  async putWork(items: readonly WorkItem[]): Promise<void> {
    await this.#parts.workWriter.add(items);
  }

  /** By sequence, from one through another. */
  async #hashes(conversationId: string, from: number, through: number): Promise<ReadonlyMap<number, string>> {
    if (from > through) return new Map();
    const { session, buckets } = this.#parts;
    const first = buckets.of(from);
    const asked = Array.from({ length: buckets.of(through) - first + 1 }, (_, step) => first + step);
    const rows = await readEach(asked, (bucket) =>
      // Serial, so that it leaves no replica with the hash of an event that it lacks.
      session.readSerial<HashRow>(HASHES, [conversationId, bucket, eventKey(from), eventKey(through)]),
    );
    return new Map(rows.flat().map((row) => [Number(row.key), row.content_hash]));
  }
}

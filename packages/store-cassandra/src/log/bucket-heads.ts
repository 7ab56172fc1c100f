import type { CqlSession } from '../cql-session.ts';
import { RecentMap } from '../recent-map.ts';
import type { Buckets } from './buckets.ts';
import type { HeadRow } from './log-rows.ts';

/** Where a conversation ends. */
export interface BucketHead {
  readonly conversationId: string;
  readonly bucket: number;
  readonly row: HeadRow;
}

const CONVERSATIONS_REMEMBERED_MAX = 100_000;

const READ_HEAD = `SELECT DISTINCT conversation_id, bucket, last_sequence, last_ordinal, head_event_id, head_sent_at,
    preview, effects_at, views_through
  FROM conversation_log WHERE conversation_id = ? AND bucket = ?`;
const READ_HINT = 'SELECT newest_bucket FROM directory WHERE conversation_id = ?';
const WRITE_HINT = 'UPDATE directory USING TIMESTAMP ? SET newest_bucket = ? WHERE conversation_id = ?';

/** Finds the newest bucket of a conversation and reads its head: one small read where it is remembered. */
export class BucketHeads {
  readonly #session: CqlSession;
  readonly #buckets: Buckets;
  /** The highest sequence known to stand. The log may have gone on since. */
  readonly #known = new RecentMap<string, number>(CONVERSATIONS_REMEMBERED_MAX);

  constructor(session: CqlSession, buckets: Buckets) {
    this.#session = session;
    this.#buckets = buckets;
  }

  /** Null where the conversation does not exist. */
  async newest(conversationId: string): Promise<BucketHead | null> {
    const head = await this.#firstGuess(conversationId);
    return head === null ? null : this.#following(head);
  }

  /** The newest bucket that holds sequences up to this one, or an earlier one where the log ends before it. */
  async bucketUpTo(conversationId: string, sequence: number): Promise<number | null> {
    const wanted = this.#buckets.of(sequence);
    if (this.isKnownOpen(conversationId, wanted)) return wanted;
    const head = await this.newest(conversationId);
    return head === null ? null : Math.min(wanted, head.bucket);
  }

  /** Null where the bucket was not opened. */
  async inBucket(conversationId: string, bucket: number): Promise<BucketHead | null> {
    const rows = await this.#session.read<HeadRow>(READ_HEAD, [conversationId, bucket]);
    return this.#noted({ conversationId, bucket }, rows[0]);
  }

  /** The same, after whatever commit is under way there. */
  async inBucketSerial(conversationId: string, bucket: number): Promise<BucketHead | null> {
    const rows = await this.#session.readSerial<HeadRow>(READ_HEAD, [conversationId, bucket]);
    return this.#noted({ conversationId, bucket }, rows[0]);
  }

  isKnownOpen(conversationId: string, bucket: number): boolean {
    return (this.#knownBucket(conversationId) ?? -1) >= bucket;
  }

  /** Whether the log is known to have grown beyond a sequence: what is conditional on it cannot be applied. */
  isKnownPast(conversationId: string, sequence: number): boolean {
    return (this.#known.get(conversationId) ?? 0) > sequence;
  }

  /** That the log reaches to here. */
  note(conversationId: string, sequence: number): void {
    this.#known.set(conversationId, Math.max(sequence, this.#known.get(conversationId) ?? 0));
  }

  /** Says where to look, before the bucket is opened. A later bucket always wins over an earlier one. */
  async writeHint(conversationId: string, bucket: number): Promise<void> {
    await this.#session.write(WRITE_HINT, [bucket + 1, bucket, conversationId]);
  }

  async #firstGuess(conversationId: string): Promise<BucketHead | null> {
    const known = this.#knownBucket(conversationId);
    if (known !== undefined) return this.inBucket(conversationId, known);
    // Most conversations are in their first bucket, so it is read together with the hint.
    const [hints, first] = await Promise.all([
      this.#session.read<{ newest_bucket: number }>(READ_HINT, [conversationId]),
      this.inBucket(conversationId, 0),
    ]);
    if (first === null) return null;
    // The hint is written before the bucket is opened, which may never have come to pass.
    for (let bucket = hints[0]?.newest_bucket ?? 0; bucket > 0; bucket -= 1) {
      const head = await this.inBucket(conversationId, bucket);
      if (head !== null) return head;
    }
    return first;
  }

  /** Another node may have opened the next bucket; only a full one can have a successor. */
  async #following(from: BucketHead): Promise<BucketHead> {
    let head = from;
    while (this.#buckets.isFull(head.bucket, head.row.last_sequence)) {
      const next = await this.inBucket(head.conversationId, head.bucket + 1);
      if (next === null) return head;
      head = next;
    }
    return head;
  }

  #knownBucket(conversationId: string): number | undefined {
    const sequence = this.#known.get(conversationId);
    return sequence === undefined ? undefined : this.#buckets.of(sequence);
  }

  #noted(place: Omit<BucketHead, 'row'>, row: HeadRow | undefined): BucketHead | null {
    // A partition can have rows of an earlier life of its own but no head: then it was not opened.
    if (row === undefined || row.last_sequence === null) return null;
    this.note(place.conversationId, row.last_sequence);
    return { ...place, row };
  }
}

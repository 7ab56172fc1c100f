import type { OwnCountQuestion } from '@confab/contracts';
import { mapBounded } from '../bounded.ts';
import type { CqlSession } from '../cql-session.ts';
import { RecentMap } from '../recent-map.ts';
import type { BucketHeads } from './bucket-heads.ts';
import type { Buckets } from './buckets.ts';
import { clientIdRange, rowKinds } from './log-rows.ts';

const COUNTS_REMEMBERED_MAX = 200_000;
/** Of one question; many are asked at once. */
const BUCKETS_AT_ONCE_MAX = 8;

const READ_OWN = `SELECT sequence, countable FROM conversation_log
  WHERE conversation_id = ? AND bucket = ? AND kind = ${rowKinds.clientId} AND key >= ? AND key < ?`;

interface OwnRow {
  readonly sequence: number;
  readonly countable: boolean;
}

/** Counts a user's own countable events from their id rows, which stand together in each bucket. */
export class OwnCounts {
  readonly #session: CqlSession;
  readonly #buckets: Buckets;
  readonly #heads: BucketHeads;
  /** Of buckets that have a successor: those counts never change. */
  readonly #ofFullBuckets = new RecentMap<string, number>(COUNTS_REMEMBERED_MAX);

  constructor(session: CqlSession, buckets: Buckets, heads: BucketHeads) {
    this.#session = session;
    this.#buckets = buckets;
    this.#heads = heads;
  }

  async count(question: OwnCountQuestion): Promise<number> {
    const { conversationId, aboveSequence, throughSequence } = question;
    if (throughSequence <= aboveSequence) return 0;
    const newest = await this.#heads.bucketUpTo(conversationId, throughSequence);
    if (newest === null) return 0;
    const first = this.#buckets.of(aboveSequence + 1);
    const buckets = Array.from({ length: Math.max(0, newest - first + 1) }, (_, index) => first + index);
    const counts = await mapBounded(buckets, BUCKETS_AT_ONCE_MAX, (bucket) =>
      this.#countInBucket(question, bucket),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #countInBucket(question: OwnCountQuestion, bucket: number): Promise<number> {
    const { conversationId, userId, aboveSequence, throughSequence } = question;
    const end = this.#buckets.lastSequence(bucket);
    const isWhole = aboveSequence <= end - this.#buckets.size && throughSequence >= end;
    const isClosed = this.#heads.isKnownOpen(conversationId, bucket + 1);
    const place = `${conversationId} ${bucket} ${userId}`;
    const known = isWhole && isClosed ? this.#ofFullBuckets.get(place) : undefined;
    if (known !== undefined) return known;
    const range = clientIdRange(userId);
    const rows = await this.#session.read<OwnRow>(READ_OWN, [conversationId, bucket, ...range]);
    const count = rows.filter(
      ({ sequence, countable }) => countable && sequence > aboveSequence && sequence <= throughSequence,
    ).length;
    if (isWhole && isClosed) this.#ofFullBuckets.set(place, count);
    return count;
  }
}

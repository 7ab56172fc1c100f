import type { OwnCountQuestion } from '@confab/contracts';
import { readEach } from '../bounded.ts';
import type { CqlSession } from '../cql-session.ts';
import { RecentMap } from '../recent-map.ts';
import type { BucketHeads } from './bucket-heads.ts';
import type { Buckets } from './buckets.ts';
import { clientIdRange, rowKinds } from './log-rows.ts';

const COUNTS_REMEMBERED_MAX = 200_000;

const READ_OWN = `SELECT sequence, countable FROM conversation_log
  WHERE conversation_id = ? AND bucket = ? AND kind = ${rowKinds.clientId} AND key >= ? AND key < ?`;

interface OwnRow {
  readonly sequence: number;
  readonly countable: boolean;
}

/**
 * Counts a user's own countable events from their id rows, which stand together in each bucket: one query for each bucket
 * between the two sequences, of which full ones are asked for once.
 */
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

  /** One number for each question, in order. The buckets of all questions share what one call may ask at once. */
  async count(questions: readonly OwnCountQuestion[]): Promise<readonly number[]> {
    const asked = await readEach(questions, (question) => this.#bucketsOf(question));
    const parts = questions.flatMap((question, index) =>
      (asked[index] ?? []).map((bucket) => ({ question, index, bucket })),
    );
    const counts = await readEach(parts, ({ question, bucket }) => this.#countInBucket(question, bucket));
    const sums = questions.map(() => 0);
    for (const [at, { index }] of parts.entries()) sums[index] = (sums[index] ?? 0) + (counts[at] ?? 0);
    return sums;
  }

  async #bucketsOf(question: OwnCountQuestion): Promise<readonly number[]> {
    const { conversationId, aboveSequence, throughSequence } = question;
    if (throughSequence <= aboveSequence) return [];
    const newest = await this.#heads.bucketUpTo(conversationId, throughSequence);
    if (newest === null) return [];
    const first = this.#buckets.of(aboveSequence + 1);
    return Array.from({ length: Math.max(0, newest - first + 1) }, (_, index) => first + index);
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

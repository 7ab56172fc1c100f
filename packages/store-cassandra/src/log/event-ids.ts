import { mapBounded, readEach } from '../bounded.ts';
import { chunksOf } from '../chunks.ts';
import type { CqlSession } from '../cql-session.ts';
import { rowKinds } from './log-rows.ts';

/** A constant of the schema: partitions that the ids of a conversation's full buckets are spread over. */
const SLICES = 8;
const KEYS_PER_QUERY_MAX = 100;
const BATCHES_AT_ONCE_MAX = 8;

const READ_BUCKET_IDS = `SELECT key, sequence FROM conversation_log
  WHERE conversation_id = ? AND bucket = ? AND kind = ${rowKinds.clientId}`;
const FIND_IN_BUCKET = `${READ_BUCKET_IDS} AND key IN ?`;
const FIND_IN_SLICE =
  'SELECT key, sequence FROM event_ids WHERE conversation_id = ? AND slice = ? AND key IN ?';
const WRITE_ID = 'INSERT INTO event_ids (conversation_id, slice, key, sequence) VALUES (?, ?, ?, ?)';

interface IdRow {
  readonly key: string;
  readonly sequence: number;
}

/**
 * What client ids made. A bucket's own ids are part of it; those of full buckets are copied to a table of their own
 * before the next bucket is opened, so that an id is found for ever.
 */
export class EventIds {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** The sequences that these ids made in one bucket. */
  async inBucket(
    conversationId: string,
    bucket: number,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    return sequencesOf(
      await readEach(chunksOf(keys, KEYS_PER_QUERY_MAX), (chunk) =>
        this.#session.read<IdRow>(FIND_IN_BUCKET, [conversationId, bucket, chunk]),
      ),
    );
  }

  /** The sequences that these ids made in buckets that have a successor. */
  async inFullBuckets(conversationId: string, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const slices = [...Map.groupBy(keys, sliceOf)].flatMap(([slice, inSlice]) =>
      chunksOf(inSlice, KEYS_PER_QUERY_MAX).map((chunk) => ({ slice, chunk })),
    );
    return sequencesOf(
      await readEach(slices, ({ slice, chunk }) =>
        this.#session.read<IdRow>(FIND_IN_SLICE, [conversationId, slice, chunk]),
      ),
    );
  }

  /** Copies the ids of a full bucket; repeating it changes nothing. */
  async keepBucket(conversationId: string, bucket: number): Promise<void> {
    const rows = await this.#session.read<IdRow>(READ_BUCKET_IDS, [conversationId, bucket]);
    const slices = [...Map.groupBy(rows, ({ key }) => sliceOf(key))];
    await mapBounded(slices, BATCHES_AT_ONCE_MAX, ([slice, inSlice]) =>
      this.#session.batch(
        inSlice.map(({ key, sequence }) => ({
          cql: WRITE_ID,
          params: [conversationId, slice, key, sequence],
        })),
      ),
    );
  }
}

function sequencesOf(answers: readonly (readonly IdRow[])[]): ReadonlyMap<string, number> {
  return new Map(answers.flat().map(({ key, sequence }) => [key, sequence]));
}

/** FNV-1a: small, even enough, and written out here because it must never change. */
function sliceOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return ((hash ^ (hash >>> 16)) >>> 0) % SLICES;
}

import { mapBounded, readEach } from '../bounded.ts';
import { chunksOf } from '../chunks.ts';
import type { CqlSession } from '../cql-session.ts';
import { eraOf, idSlice } from './id-slices.ts';
import { rowKinds } from './log-rows.ts';

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
 *
 * That table has slices, which together are as many as the buckets need: see `id-slices.ts`. To look up an id is one
 * read for each era: one up to a million events, and one more each time the conversation doubles.
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

  /** The sequences that these ids made in the buckets before one, all of which have a successor. */
  async before(
    conversationId: string,
    bucket: number,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    if (bucket === 0) return new Map();
    const eras = Array.from({ length: eraOf(bucket - 1) + 1 }, (_, era) => era);
    const queries = eras
      .flatMap((era) => [...Map.groupBy(keys, (key) => idSlice(key, era))])
      .flatMap(([slice, inSlice]) =>
        chunksOf(inSlice, KEYS_PER_QUERY_MAX).map((chunk) => ({ slice, chunk })),
      );
    return sequencesOf(
      await readEach(queries, ({ slice, chunk }) =>
        this.#session.read<IdRow>(FIND_IN_SLICE, [conversationId, slice, chunk]),
      ),
    );
  }

  /** Copies the ids of a full bucket; repeating it changes nothing. */
  async keepBucket(conversationId: string, bucket: number): Promise<void> {
    const rows = await this.#session.read<IdRow>(READ_BUCKET_IDS, [conversationId, bucket]);
    const era = eraOf(bucket);
    const slices = [...Map.groupBy(rows, ({ key }) => idSlice(key, era))];
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

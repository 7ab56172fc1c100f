import { clientIdText, type FoundEvent, type IdempotencyKey } from '@confab/contracts';
import { readEach } from '../bounded.ts';
import { chunksOf } from '../chunks.ts';
import type { CqlSession } from '../cql-session.ts';
import type { BucketHead, BucketHeads } from './bucket-heads.ts';
import type { Buckets } from './buckets.ts';
import type { EffectsKeeper } from './effects.ts';
import type { EventIds } from './event-ids.ts';
import { EVENT_COLUMNS, eventKey, type FoundRow, rowKinds, storedEvent } from './log-rows.ts';

const EVENTS_PER_QUERY_MAX = 32;

const READ_FOUND = `SELECT ${EVENT_COLUMNS}, content_hash FROM conversation_log
  WHERE conversation_id = ? AND bucket = ? AND kind = ${rowKinds.event} AND key IN ?`;

export interface FoundEventsParts {
  readonly session: CqlSession;
  readonly buckets: Buckets;
  readonly heads: BucketHeads;
  readonly ids: EventIds;
  readonly effects: EffectsKeeper;
}

/** What client ids once made, in the newest bucket or in any before it. */
export class FoundEvents {
  readonly #parts: FoundEventsParts;

  constructor(parts: FoundEventsParts) {
    this.#parts = parts;
  }

  async find(
    conversationId: string,
    keys: readonly IdempotencyKey[],
  ): Promise<readonly (FoundEvent | null)[]> {
    if (keys.length === 0) return [];
    const head = await this.#parts.heads.newest(conversationId);
    if (head === null) return keys.map(() => null);
    const texts = keys.map(({ userId, clientMessageId }) => clientIdText(userId, clientMessageId));
    const asked = [...new Set(texts)];
    const { ids, effects } = this.#parts;
    const [newest, older] = await Promise.all([
      ids.inBucket(conversationId, head.bucket, asked),
      ids.before(conversationId, head.bucket, asked),
    ]);
    // Whoever is told of an event may look for its effects next.
    if (newest.size > 0) await effects.settle(head);
    const sequences = new Map([...older, ...newest]);
    const events = await this.#wholeEventsAt(head, [...sequences.values()]);
    return texts.map((text) => events.get(sequences.get(text) ?? 0) ?? null);
  }

  /**
   * Replicas that lack a commit may have got its ids from whoever read those, and not yet its events: then it is finished
   * and they are asked for once more.
   */
  async #wholeEventsAt(
    { conversationId, bucket }: BucketHead,
    sequences: readonly number[],
  ): Promise<ReadonlyMap<number, FoundEvent>> {
    const events = await this.#eventsAt(conversationId, sequences);
    if (events.size === sequences.length) return events;
    await this.#parts.heads.inBucketSerial(conversationId, bucket);
    return this.#eventsAt(conversationId, sequences);
  }

  async #eventsAt(
    conversationId: string,
    sequences: readonly number[],
  ): Promise<ReadonlyMap<number, FoundEvent>> {
    const { session, buckets } = this.#parts;
    const queries = [...Map.groupBy(sequences, (sequence) => buckets.of(sequence))].flatMap(
      ([bucket, inBucket]) => chunksOf(inBucket, EVENTS_PER_QUERY_MAX).map((chunk) => ({ bucket, chunk })),
    );
    const answers = await readEach(queries, ({ bucket, chunk }) =>
      session.read<FoundRow>(READ_FOUND, [conversationId, bucket, chunk.map(eventKey)]),
    );
    return new Map(
      answers.flat().flatMap((row) => {
        // Pages of events are read without it, and may have left a row without it in the same way.
        if (row.content_hash === null) return [];
        const event = storedEvent(conversationId, row);
        return [[event.sequence, { event, contentHash: row.content_hash }] as const];
      }),
    );
  }
}

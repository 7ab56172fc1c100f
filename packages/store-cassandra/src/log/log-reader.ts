import type { ReadRequest, StoredEvent } from '@confab/contracts';
import type { LogEventType } from '@confab/protocol';
import { readEach } from '../bounded.ts';
import { chunksOf } from '../chunks.ts';
import type { CqlSession } from '../cql-session.ts';
import type { BucketHeads } from './bucket-heads.ts';
import type { Buckets } from './buckets.ts';
import {
  EVENT_COLUMNS,
  eventKey,
  type EventRow,
  isRare,
  rowKinds,
  sequenceOfUncountable,
  storedEvent,
  uncountableKey,
} from './log-rows.ts';

/** Rows in one answer: a page of the longest bodies would otherwise be many times what is asked. */
const ROWS_PER_QUERY_MAX = 100;
/** Buckets asked at once for events of a rare type, most of which have none. */
const BUCKETS_AHEAD = 32;
/** Events of a rare type in one answer. */
const RARE_EVENTS_PER_QUERY = 25;

const IN_BUCKET = `FROM conversation_log WHERE conversation_id = ? AND bucket = ?`;
const READ_UP = `SELECT ${EVENT_COLUMNS} ${IN_BUCKET} AND kind = ${rowKinds.event} AND key > ? AND key <= ?
  ORDER BY kind ASC, key ASC LIMIT ?`;
const READ_DOWN = `SELECT ${EVENT_COLUMNS} ${IN_BUCKET} AND kind = ${rowKinds.event} AND key > ? AND key <= ?
  ORDER BY kind DESC, key DESC LIMIT ?`;
const READ_SOME = `SELECT ${EVENT_COLUMNS} ${IN_BUCKET} AND kind = ${rowKinds.event} AND key IN ?`;
const READ_UNCOUNTABLE = `SELECT key ${IN_BUCKET} AND kind = ${rowKinds.uncountable} AND key > ? AND key <= ?`;

/** Sequences above `after`, up to and with `through`, in either direction. */
interface Range {
  readonly conversationId: string;
  readonly after: number;
  readonly through: number;
  readonly isBackwards: boolean;
}

/** What one query asks for of one bucket: at most `rowsMax` events, from the end where it is backwards. */
interface Piece extends Range {
  readonly bucket: number;
  readonly rowsMax: number;
}

/** Pages of a log, over as many buckets as they need. */
export class LogReader {
  readonly #session: CqlSession;
  readonly #buckets: Buckets;
  readonly #heads: BucketHeads;

  constructor(session: CqlSession, buckets: Buckets, heads: BucketHeads) {
    this.#session = session;
    this.#buckets = buckets;
    this.#heads = heads;
  }

  async read(request: ReadRequest): Promise<readonly StoredEvent[]> {
    const { limit, bytesMax, type, before } = request;
    if (limit <= 0) return [];
    const page: StoredEvent[] = [];
    let bytes = 0;
    const rowsMax = type === null ? Math.min(limit, ROWS_PER_QUERY_MAX) : ROWS_PER_QUERY_MAX;
    for await (const event of this.#events(request, rowsMax)) {
      if (type !== null && event.type !== type) continue;
      bytes += Buffer.byteLength(event.json);
      if (page.length >= limit || (page.length > 0 && bytes > bytesMax)) break;
      page.push(event);
      if (page.length === limit) break;
    }
    return before === null ? page : page.reverse();
  }

  async *#events(request: ReadRequest, rowsMax: number): AsyncGenerator<StoredEvent> {
    const range = await this.#rangeOf(request);
    if (range === null || range.through <= range.after) return;
    if (isRare(request.type)) yield* this.#rareEvents(range, request.type);
    else if (range.isBackwards) yield* this.#downwards(range, rowsMax);
    else yield* this.#upwards(range, rowsMax);
  }

  /** An ascending page finds the end of the log by itself; others must know where to begin or which buckets to ask. */
  async #rangeOf(request: ReadRequest): Promise<Range | null> {
    const { conversationId, after, before, type } = request;
    const isBackwards = before !== null;
    const asked = before === null ? Number.MAX_SAFE_INTEGER : before - 1;
    if (!isBackwards && !isRare(type)) return { conversationId, after, through: asked, isBackwards };
    if (asked <= after) return null;
    const bucket = await this.#heads.bucketUpTo(conversationId, asked);
    if (bucket === null) return null;
    return {
      conversationId,
      after,
      through: Math.min(asked, this.#buckets.lastSequence(bucket)),
      isBackwards,
    };
  }

  async *#upwards({ conversationId, after, through }: Range, rowsMax: number): AsyncGenerator<StoredEvent> {
    for (let last = after; last < through;) {
      const bucket = this.#buckets.of(last + 1);
      const end = Math.min(through, this.#buckets.lastSequence(bucket));
      const piece = { conversationId, bucket, after: last, through: end, isBackwards: false, rowsMax };
      const rows = await this.#wholePiece(piece);
      for (const row of rows) yield storedEvent(conversationId, row);
      last += rows.length;
      // Sequences have no gaps: fewer rows than asked and short of the end means that the log ends here.
      if (rows.length < rowsMax && last < end) return;
    }
  }

  async *#downwards({ conversationId, after, through }: Range, rowsMax: number): AsyncGenerator<StoredEvent> {
    for (let next = through; next > after;) {
      const bucket = this.#buckets.of(next);
      const start = Math.max(after, this.#buckets.lastSequence(bucket - 1));
      const piece = { conversationId, bucket, after: start, through: next, isBackwards: true, rowsMax };
      const rows = await this.#wholePiece(piece);
      for (const row of rows) yield storedEvent(conversationId, row);
      next = rows.length < rowsMax ? start : Number(rows.at(-1)?.key) - 1;
    }
  }

  /**
   * Replicas that lack a commit may have got its head, or some of its events, from whoever read those. Where events do
   * not come that are known to stand, their commit is finished and they are asked for once more.
   */
  async #wholePiece(piece: Piece): Promise<readonly EventRow[]> {
    const rows = await this.#piece(piece);
    if (this.#isWhole(rows, piece)) return rows;
    await this.#heads.inBucketSerial(piece.conversationId, piece.bucket);
    return this.#piece(piece);
  }

  #piece({
    conversationId,
    bucket,
    after,
    through,
    isBackwards,
    rowsMax,
  }: Piece): Promise<readonly EventRow[]> {
    const params = [conversationId, bucket, eventKey(after), eventKey(through), rowsMax];
    return this.#rows(isBackwards ? READ_DOWN : READ_UP, params);
  }

  #isWhole(
    rows: readonly EventRow[],
    { conversationId, after, through, isBackwards, rowsMax }: Piece,
  ): boolean {
    const [low, high] = isBackwards ? [rows.at(-1), rows[0]] : [rows[0], rows.at(-1)];
    const first = Number(low?.key ?? after + 1);
    const last = Number(high?.key ?? after);
    if (last - first + 1 !== rows.length) return false;
    const isFull = rows.length === rowsMax;
    const hasStart = first === after + 1 || (isFull && isBackwards);
    const hasEnd = last === through || (isFull && !isBackwards);
    return hasStart && (hasEnd || !this.#heads.isKnownPast(conversationId, last));
  }

  async *#rareEvents(range: Range, type: LogEventType): AsyncGenerator<StoredEvent> {
    const { conversationId, after, through, isBackwards } = range;
    const first = this.#buckets.of(after + 1);
    const count = this.#buckets.of(through) - first + 1;
    const at = (step: number): number => first + (isBackwards ? count - 1 - step : step);
    for (let done = 0; done < count; done += BUCKETS_AHEAD) {
      const buckets = Array.from({ length: Math.min(BUCKETS_AHEAD, count - done) }, (_, step) =>
        at(done + step),
      );
      const found = await readEach(buckets, (bucket) => this.#rareSequences(range, bucket, type));
      for (const [index, sequences] of found.entries()) {
        const ordered = isBackwards ? sequences.toReversed() : sequences;
        for (const chunk of chunksOf(ordered, RARE_EVENTS_PER_QUERY)) {
          const rows = await this.#rows(READ_SOME, [conversationId, at(done + index), chunk.map(eventKey)]);
          for (const row of isBackwards ? rows.toReversed() : rows) yield storedEvent(conversationId, row);
        }
      }
    }
  }

  async #rareSequences(range: Range, bucket: number, type: LogEventType): Promise<readonly number[]> {
    const bounds = [uncountableKey(type, range.after), uncountableKey(type, range.through)] as const;
    const rows = await this.#session.read<{ key: string }>(READ_UNCOUNTABLE, [
      range.conversationId,
      bucket,
      ...bounds,
    ]);
    return rows.map(({ key }) => sequenceOfUncountable(key));
  }

  #rows(cql: string, params: Parameters<CqlSession['read']>[1]): Promise<readonly EventRow[]> {
    return this.#session.read<EventRow>(cql, params);
  }
}

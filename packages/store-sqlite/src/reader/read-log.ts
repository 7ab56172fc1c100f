import type { Database, Statement } from 'bun:sqlite';
import type {
  FoundEvent,
  IdempotencyKey,
  OwnCountQuestion,
  ReadRequest,
  StoredEvent,
} from '@confab/contracts';
import type { LogHead } from '@confab/conversation';
import { isCountable, type LogEventType } from '@confab/protocol';
import { clientIdHash } from '../client-id-hash.ts';
import { eventTypeCodes } from '../codes.ts';
import { EVENT_COLUMNS, type EventRow, foundEvent, type FoundRow, storedEvent } from '../event-row.ts';

interface HeadRow {
  readonly conversation_id: string;
  readonly sequence: number;
  readonly ordinal: number;
  readonly event_id: string;
  readonly sent_at: string;
  readonly preview: string | null;
}

type Direction = 'ASC' | 'DESC';
type PageParameters = [conversationId: string, after: number, before: number, limit: number];

export class LogReader {
  readonly #db: Database;
  readonly #heads: Statement<HeadRow, [string]>;
  readonly #found: Statement<FoundRow & { readonly place: number }, [string, string]>;
  readonly #countOwn: Statement<{ count: number }, [string]>;

  constructor(db: Database) {
    this.#db = db;
    this.#heads = db.query(
      `SELECT c.conversation_id, c.sequence, c.ordinal, c.event_id, c.sent_at, c.preview
       FROM json_each(?) asked CROSS JOIN conversations c ON c.conversation_id = asked.value WHERE c.sequence > 0`,
    );
    this.#found = db.query(
      `SELECT asked.key AS place, ${EVENT_COLUMNS}, e.content_hash
       FROM json_each(?) asked
       CROSS JOIN events e ON e.conversation = (SELECT number FROM conversations WHERE conversation_id = ?)
         AND e.client_id_hash = unhex(asked.value)
       CROSS JOIN users u ON u.number = e.sender`,
    );
    this.#countOwn = db.query(
      `WITH asked AS (
         SELECT j.key AS place,
           (SELECT number FROM conversations WHERE conversation_id = j.value ->> 0) AS conversation,
           (SELECT number FROM users WHERE user_id = j.value ->> 1) AS sender, j.value ->> 2 AS above, j.value ->> 3 AS through
         FROM json_each(?) j)
       SELECT max(0, ${ownUpTo('through')} - ${ownUpTo('above')}) AS count FROM asked ORDER BY place`,
    );
  }

  heads(conversationIds: readonly string[]): ReadonlyMap<string, LogHead> {
    const rows = this.#heads.all(JSON.stringify(conversationIds));
    return new Map(rows.map((row) => [row.conversation_id, headOf(row)]));
  }

  read({ conversationId, after, before, limit, bytesMax, type }: ReadRequest): readonly StoredEvent[] {
    const isBackwards = before !== null;
    const statement = this.#page(type, isBackwards ? 'DESC' : 'ASC');
    const page: StoredEvent[] = [];
    let bytes = 0;
    // Row by row: a page of the longest bodies would be many times `bytesMax`.
    for (const row of statement.iterate(conversationId, after, before ?? Number.MAX_SAFE_INTEGER, limit)) {
      bytes += Buffer.byteLength(row.json);
      if (page.length > 0 && bytes > bytesMax) break;
      page.push(storedEvent(conversationId, row));
    }
    return isBackwards ? page.reverse() : page;
  }

  findByClientIds(conversationId: string, keys: readonly IdempotencyKey[]): readonly (FoundEvent | null)[] {
    const hashes = keys.map(({ userId, clientMessageId }) => clientIdHash(userId, clientMessageId).toHex());
    const found = keys.map((): FoundEvent | null => null);
    for (const row of this.#found.all(JSON.stringify(hashes), conversationId)) {
      const key = keys[row.place];
      if (key?.userId !== row.sender_id || key.clientMessageId !== row.client_message_id) continue;
      found[row.place] = foundEvent(conversationId, row);
    }
    return found;
  }

  countOwn(questions: readonly OwnCountQuestion[]): readonly number[] {
    const asked = questions.map(({ conversationId, userId, aboveSequence, throughSequence }) => [
      conversationId,
      userId,
      aboveSequence,
      throughSequence,
    ]);
    return this.#countOwn.all(JSON.stringify(asked)).map(({ count }) => count);
  }

  /** Prepared once for each of the few texts there are. */
  #page(type: LogEventType | null, direction: Direction): Statement<EventRow, PageParameters> {
    const { index, condition } = typeFilter(type);
    return this.#db.query(
      `SELECT ${EVENT_COLUMNS} FROM events e INDEXED BY ${index} CROSS JOIN users u ON u.number = e.sender
       WHERE e.conversation = (SELECT number FROM conversations WHERE conversation_id = ?)
         AND e.sequence > ? AND e.sequence < ? ${condition}
       ORDER BY e.sequence ${direction} LIMIT ?`,
    );
  }
}

/** The rare types have an index of their own, or the last member change of a long log would be far to seek. */
function typeFilter(type: LogEventType | null): { readonly index: string; readonly condition: string } {
  if (type === null) return { index: 'events_by_sequence', condition: '' };
  const condition = `AND e.type = ${eventTypeCodes[type]}`;
  if (isCountable(type)) return { index: 'events_by_sequence', condition };
  return { index: 'events_uncountable', condition: `${condition} AND e.countable = 0` };
}

function headOf(row: HeadRow): LogHead {
  return {
    sequence: row.sequence,
    ordinal: row.ordinal,
    eventId: row.event_id,
    sentAt: row.sent_at,
    preview: row.preview === null ? null : (JSON.parse(row.preview) as LogHead['preview']),
  };
}

/** The sender's count of countable events up to the last one within a bound. */
function ownUpTo(bound: 'above' | 'through'): string {
  return `coalesce((SELECT sender_ordinal FROM events e
         WHERE e.conversation = asked.conversation AND e.sender = asked.sender
           AND e.sequence <= asked.${bound} AND e.countable = 1
         ORDER BY e.sequence DESC LIMIT 1), 0)`;
}

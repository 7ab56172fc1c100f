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
import { ReadTogether } from './read-together.ts';

interface HeadRow {
  readonly conversation_id: string;
  readonly sequence: number;
  readonly ordinal: number;
  readonly event_id: string;
  readonly sent_at: string;
  readonly preview: string | null;
}

type OwnCountParameters = [conversationId: string, userId: string, above: number, through: number];
type Direction = 'ASC' | 'DESC';
type PageParameters = [conversationId: string, after: number, before: number, limit: number];

export class LogReader {
  readonly #db: Database;
  readonly #together: ReadTogether;
  readonly #head: Statement<HeadRow, [string]>;
  readonly #found: Statement<FoundRow, [string, Uint8Array]>;
  readonly #countOwn: Statement<{ count: number }, OwnCountParameters>;

  constructor(db: Database) {
    this.#db = db;
    this.#together = new ReadTogether(db);
    this.#head = db.query(
      `SELECT conversation_id, sequence, ordinal, event_id, sent_at, preview FROM conversations
       WHERE conversation_id = ? AND sequence > 0`,
    );
    this.#found = db.query(
      `SELECT ${EVENT_COLUMNS}, e.content_hash FROM events e CROSS JOIN users u ON u.number = e.sender
       WHERE e.conversation = (SELECT number FROM conversations WHERE conversation_id = ?) AND e.client_id_hash = ?`,
    );
    this.#countOwn = db.query(
      `SELECT max(0, ${ownUpTo('?4')} - ${ownUpTo('?3')}) AS count FROM (SELECT
         (SELECT number FROM conversations WHERE conversation_id = ?1) AS conversation,
         (SELECT number FROM users WHERE user_id = ?2) AS sender) asked`,
    );
  }

  heads(conversationIds: readonly string[]): ReadonlyMap<string, LogHead> {
    const heads = new Map<string, LogHead>();
    for (const row of this.#together.each(conversationIds, (id) => this.#head.get(id))) {
      if (row !== null) heads.set(row.conversation_id, headOf(row));
    }
    return heads;
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
    return this.#together.each(keys, ({ userId, clientMessageId }) => {
      const row = this.#found.get(conversationId, clientIdHash(userId, clientMessageId));
      const isIt = row !== null && row.sender_id === userId && row.client_message_id === clientMessageId;
      return isIt ? foundEvent(conversationId, row) : null;
    });
  }

  countOwn(questions: readonly OwnCountQuestion[]): readonly number[] {
    return this.#together.each(questions, ({ conversationId, userId, aboveSequence, throughSequence }) => {
      const row = this.#countOwn.get(conversationId, userId, aboveSequence, throughSequence);
      return row?.count ?? 0;
    });
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
function ownUpTo(bound: '?3' | '?4'): string {
  return `coalesce((SELECT sender_ordinal FROM events e
         WHERE e.conversation = asked.conversation AND e.sender = asked.sender
           AND e.sequence <= ${bound} AND e.countable = 1
         ORDER BY e.sequence DESC LIMIT 1), 0)`;
}

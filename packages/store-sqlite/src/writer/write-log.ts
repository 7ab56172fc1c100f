import type { Database, Statement } from 'bun:sqlite';
import type { CommitRequest, Duplicate, NewEvent } from '@confab/contracts';
import { isCountable } from '@confab/protocol';
import { clientIdHash } from '../client-id-hash.ts';
import { eventTypeCodes } from '../codes.ts';
import { EVENT_COLUMNS, foundEvent, type FoundRow } from '../event-row.ts';
import type { WriteResults } from '../write-requests.ts';
import type { Rows } from './rows.ts';
import type { ViewWriter } from './write-views.ts';
import type { WorkWriter } from './write-work.ts';

type EventParameters = [
  conversation: number,
  sequence: number,
  ordinal: number,
  type: number,
  countable: number,
  sender: number,
  eventId: string,
  clientMessageId: string,
  clientIdHash: Uint8Array,
  contentHash: string,
  sentAt: string,
  json: string,
];

interface HashedEvent {
  readonly event: NewEvent;
  readonly hash: Uint8Array;
}

/**
 * Carries out commits inside the transaction of the group. Everything is checked before the first write; where there is
 * one event, as there nearly always is, the index that keeps its client id unique checks it while it is written.
 */
export class LogWriter {
  readonly #rows: Rows;
  readonly #views: ViewWriter;
  readonly #work: WorkWriter;
  readonly #isKnown: Statement<unknown, [number, Uint8Array]>;
  readonly #findByClientId: Statement<FoundRow, [number, Uint8Array]>;
  readonly #addEvent: Statement<unknown, EventParameters>;
  readonly #setHead: Statement<unknown, [number, number, string, string, string | null, number]>;

  constructor(db: Database, rows: Rows, views: ViewWriter, work: WorkWriter) {
    this.#rows = rows;
    this.#views = views;
    this.#work = work;
    this.#isKnown = db.query('SELECT 1 FROM events WHERE conversation = ? AND client_id_hash = ?');
    this.#findByClientId = db.query(
      `SELECT ${EVENT_COLUMNS}, e.content_hash FROM events e JOIN users u ON u.number = e.sender
       WHERE e.conversation = ? AND e.client_id_hash = ?`,
    );
    this.#addEvent = db.query(
      `INSERT INTO events (conversation, sequence, ordinal, type, countable, sender, event_id, client_message_id,
         client_id_hash, content_hash, sent_at, json, sender_ordinal)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?5 + coalesce((
         SELECT sender_ordinal FROM events WHERE conversation = ?1 AND sender = ?6 AND countable = 1
         ORDER BY sequence DESC LIMIT 1), 0))
       ON CONFLICT (conversation, client_id_hash) DO NOTHING`,
    );
    this.#setHead = db.query(
      'UPDATE conversations SET sequence = ?, ordinal = ?, event_id = ?, sent_at = ?, preview = ? WHERE number = ?',
    );
  }

  commit(request: CommitRequest): WriteResults['commit'] {
    const known = this.#rows.find(request.conversationId);
    const events = request.events.map((event) => ({
      event,
      hash: clientIdHash(event.senderId, event.clientMessageId),
    }));
    const isAtHead = (known?.sequence ?? 0) === request.expectedHead;
    if (known !== null && (events.length > 1 || !isAtHead)) {
      const found = this.#duplicates(known.number, events);
      if (found.length > 0) return { kind: 'duplicates', found };
    }
    if (!isAtHead) return { kind: 'head_moved' };

    const conversation = known ?? this.#rows.conversation(request.conversationId);
    for (const event of events) {
      if (this.#append(conversation.number, event)) continue;
      // The only one, or it would have been found before.
      return { kind: 'duplicates', found: this.#duplicates(conversation.number, events) };
    }
    const { sequence, ordinal, eventId, sentAt, preview } = request.head;
    const previewJson = preview === null ? null : JSON.stringify(preview);
    this.#setHead.run(sequence, ordinal, eventId, sentAt, previewJson, conversation.number);
    for (const put of request.views) this.#views.put(put);
    for (const item of request.work) this.#work.add(item);
    conversation.sequence = sequence;
    return null;
  }

  #duplicates(conversation: number, events: readonly HashedEvent[]): readonly Duplicate[] {
    const found: Duplicate[] = [];
    for (const [index, { event, hash }] of events.entries()) {
      if (this.#isKnown.get(conversation, hash) === null) continue;
      const row = this.#findByClientId.get(conversation, hash);
      if (row === null) continue;
      if (row.sender_id !== event.senderId || row.client_message_id !== event.clientMessageId) {
        throw new Error('two client ids have one hash');
      }
      found.push({ ...foundEvent(event.conversationId, row), index });
    }
    return found;
  }

  /** False where the client id is known. */
  #append(conversation: number, { event, hash }: HashedEvent): boolean {
    const { changes } = this.#addEvent.run(
      conversation,
      event.sequence,
      event.ordinal,
      eventTypeCodes[event.type],
      isCountable(event.type) ? 1 : 0,
      this.#rows.userNumber(event.senderId),
      event.eventId,
      event.clientMessageId,
      hash,
      event.contentHash,
      event.sentAt,
      event.json,
    );
    return changes > 0;
  }
}

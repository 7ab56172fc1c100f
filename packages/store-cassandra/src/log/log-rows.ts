import { clientIdText, type NewEvent, type StoredEvent } from '@confab/contracts';
import type { LogHead } from '@confab/conversation';
import { isCountable, type LogEventType } from '@confab/protocol';

/**
 * The rows of a bucket by `kind`:
 *
 * - 0: an event, under its sequence as 16 digits;
 * - 1: what a client id made, under user and client id, so that one user's stand together;
 * - 2: that an event is not countable, under type and sequence: the rare types are found without reading bodies.
 */
export const rowKinds = { event: 0, clientId: 1, uncountable: 2 } as const;

const SEQUENCE_DIGITS = 16;
/** Above every character that an id can have. */
const AFTER_ALL = '\u007f';

export const EVENT_COLUMNS = 'key, ordinal, type, event_id, sender_id, client_message_id, sent_at, json';

export interface EventRow {
  readonly key: string;
  readonly ordinal: number;
  readonly type: LogEventType;
  readonly event_id: string;
  readonly sender_id: string;
  readonly client_message_id: string;
  readonly sent_at: string;
  readonly json: string;
}

export interface FoundRow extends EventRow {
  readonly content_hash: string | null;
}

/** The head of a bucket: its static columns without the effects themselves, which are large. */
export interface HeadRow {
  readonly last_sequence: number;
  readonly last_ordinal: number;
  readonly head_event_id: string;
  readonly head_sent_at: string;
  readonly preview: string;
  readonly effects_at: number | null;
  readonly views_through: number | null;
}

export function eventKey(sequence: number): string {
  return String(sequence).padStart(SEQUENCE_DIGITS, '0');
}

export function uncountableKey(type: LogEventType, sequence: number): string {
  return `${type}:${eventKey(sequence)}`;
}

export function sequenceOfUncountable(key: string): number {
  return Number(key.slice(-SEQUENCE_DIGITS));
}

/** All id rows of a user are at or above the first and below the second. */
export function clientIdRange(userId: string): readonly [from: string, to: string] {
  const prefix = clientIdText(userId, '');
  return [prefix, prefix + AFTER_ALL];
}

export function clientIdKey(event: NewEvent): string {
  return clientIdText(event.senderId, event.clientMessageId);
}

export function isRare(type: LogEventType | null): type is LogEventType {
  return type !== null && !isCountable(type);
}

export function storedEvent(conversationId: string, row: EventRow): StoredEvent {
  return {
    conversationId,
    sequence: Number(row.key),
    ordinal: row.ordinal,
    eventId: row.event_id,
    type: row.type,
    senderId: row.sender_id,
    clientMessageId: row.client_message_id,
    sentAt: row.sent_at,
    json: row.json,
  };
}

export function headOf(row: HeadRow): LogHead {
  return {
    sequence: row.last_sequence,
    ordinal: row.last_ordinal,
    eventId: row.head_event_id,
    sentAt: row.head_sent_at,
    preview: JSON.parse(row.preview) as LogHead['preview'],
  };
}

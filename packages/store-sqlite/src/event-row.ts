import type { FoundEvent, StoredEvent } from '@confab/contracts';
import { eventTypeOf } from './codes.ts';

/** The columns of an event `e` whose sender is `u`, as `EventRow`; the conversation's id is known to whoever asks. */
export const EVENT_COLUMNS =
  'e.sequence, e.ordinal, e.type, e.event_id, e.client_message_id, e.sent_at, e.json, u.user_id AS sender_id';

export interface EventRow {
  readonly sequence: number;
  readonly ordinal: number;
  readonly type: number;
  readonly event_id: string;
  readonly client_message_id: string;
  readonly sent_at: string;
  readonly json: string;
  readonly sender_id: string;
}

export interface FoundRow extends EventRow {
  readonly content_hash: string;
}

export function storedEvent(conversationId: string, row: EventRow): StoredEvent {
  return {
    conversationId,
    sequence: row.sequence,
    ordinal: row.ordinal,
    eventId: row.event_id,
    type: eventTypeOf(row.type),
    senderId: row.sender_id,
    clientMessageId: row.client_message_id,
    sentAt: row.sent_at,
    json: row.json,
  };
}

export function foundEvent(conversationId: string, row: FoundRow): FoundEvent {
  return { event: storedEvent(conversationId, row), contentHash: row.content_hash };
}

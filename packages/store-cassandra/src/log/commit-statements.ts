import type { CommitRequest, NewEvent } from '@confab/contracts';
import { isCountable } from '@confab/protocol';
import type { CqlStatement, CqlValue } from '../cql-session.ts';
import type { Effects } from './effects.ts';
import { clientIdKey, eventKey, rowKinds, uncountableKey } from './log-rows.ts';

const MOVE_HEAD = `UPDATE conversation_log SET last_sequence = ?, last_ordinal = ?, head_event_id = ?, head_sent_at = ?,
    preview = ?, effects_at = ?, effects = ?
  WHERE conversation_id = ? AND bucket = ? IF last_sequence = ?`;
const TAKE_ID = `INSERT INTO conversation_log (conversation_id, bucket, kind, key, sequence, countable)
  VALUES (?, ?, ${rowKinds.clientId}, ?, ?, ?) IF NOT EXISTS`;
const ADD_EVENT = `INSERT INTO conversation_log (conversation_id, bucket, kind, key, ordinal, type, event_id, sender_id,
    client_message_id, sent_at, json, content_hash)
  VALUES (?, ?, ${rowKinds.event}, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const NOTE_UNCOUNTABLE = `INSERT INTO conversation_log (conversation_id, bucket, kind, key)
  VALUES (?, ?, ${rowKinds.uncountable}, ?)`;

/** A commit as it goes to Cassandra: statements of one partition, applied wholly or not at all. */
export interface CommitBatch {
  readonly request: CommitRequest;
  readonly bucket: number;
  /** Null for a bucket that has no head yet. */
  readonly headBefore: number | null;
  readonly effects: Effects | null;
}

export function commitStatements(batch: CommitBatch): readonly CqlStatement[] {
  const { request, bucket } = batch;
  const statements = [headStatement(batch)];
  for (const event of request.events) {
    const place = [request.conversationId, bucket] as const;
    const countable = isCountable(event.type);
    statements.push(
      { cql: TAKE_ID, params: [...place, clientIdKey(event), event.sequence, countable] },
      { cql: ADD_EVENT, params: [...place, ...eventColumns(event)] },
    );
    if (!countable) {
      statements.push({
        cql: NOTE_UNCOUNTABLE,
        params: [...place, uncountableKey(event.type, event.sequence)],
      });
    }
  }
  return statements;
}

function headStatement({ request, bucket, headBefore, effects }: CommitBatch): CqlStatement {
  const { conversationId, head } = request;
  // Without effects their columns stay as they are: they still speak of the last commit that had some.
  const [effectsAt, effectsText] = effects === null ? [] : [effects.sequence, JSON.stringify(effects)];
  return {
    cql: MOVE_HEAD,
    params: [
      head.sequence,
      head.ordinal,
      head.eventId,
      head.sentAt,
      JSON.stringify(head.preview),
      effectsAt,
      effectsText,
      conversationId,
      bucket,
      headBefore,
    ],
  };
}

function eventColumns(event: NewEvent): readonly CqlValue[] {
  return [
    eventKey(event.sequence),
    event.ordinal,
    event.type,
    event.eventId,
    event.senderId,
    event.clientMessageId,
    event.sentAt,
    event.json,
    event.contentHash,
  ];
}

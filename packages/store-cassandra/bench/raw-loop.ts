import type { CommitRequest, NewEvent } from '@confab/contracts';
import { Client, types } from 'cassandra-driver';
import { BUCKET_EVENTS } from '../src/log/buckets.ts';

const MOVE_HEAD = `UPDATE conversation_log SET last_sequence = ?, last_ordinal = ?, head_event_id = ?, head_sent_at = ?,
  preview = ? WHERE conversation_id = ? AND bucket = ? IF last_sequence = ?`;
const TAKE_ID = `INSERT INTO conversation_log (conversation_id, bucket, kind, key, sequence, countable)
  VALUES (?, ?, 1, ?, ?, true) IF NOT EXISTS`;
const ADD_EVENT = `INSERT INTO conversation_log (conversation_id, bucket, kind, key, ordinal, type, event_id, sender_id,
  client_message_id, sent_at, json, content_hash) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const OPTIONS = {
  prepare: true,
  logged: false,
  consistency: types.consistencies.localQuorum,
  serialConsistency: types.consistencies.localSerial,
} as const;

/** The bare driver, carrying out the conditional batches of commits and nothing of what makes them safe. */
export class RawLoop {
  readonly #client: Client;

  constructor(contactPoint: string, localDataCenter: string, keyspace: string) {
    this.#client = new Client({ contactPoints: [contactPoint], localDataCenter, keyspace });
  }

  async commit({ conversationId, expectedHead, events, head }: CommitRequest): Promise<void> {
    const bucket = Math.floor(expectedHead / BUCKET_EVENTS);
    const before = expectedHead % BUCKET_EVENTS === 0 ? null : expectedHead;
    const { sequence, ordinal, eventId, sentAt, preview } = head;
    const headColumns = [sequence, ordinal, eventId, sentAt, JSON.stringify(preview)];
    const queries = [
      { query: MOVE_HEAD, params: [...headColumns, conversationId, bucket, before] },
      ...events.flatMap((event) => statementsOf(event, bucket)),
    ];
    // A busy node times out now and then; sent again, the batch is refused where it had been applied.
    while (!(await this.#isAnswered(queries)));
  }

  async #isAnswered(queries: { query: string; params: unknown[] }[]): Promise<boolean> {
    try {
      await this.#client.batch(queries, OPTIONS);
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    await this.#client.shutdown();
  }
}

function statementsOf(event: NewEvent, bucket: number): { query: string; params: unknown[] }[] {
  const { conversationId, sequence, ordinal, type, eventId, senderId, clientMessageId, sentAt, json } = event;
  const key = String(sequence).padStart(16, '0');
  const id = `${senderId.length}:${senderId}${clientMessageId}`;
  const columns = [ordinal, type, eventId, senderId, clientMessageId, sentAt, json, event.contentHash];
  return [
    { query: TAKE_ID, params: [conversationId, bucket, id, sequence] },
    { query: ADD_EVENT, params: [conversationId, bucket, key, ...columns] },
  ];
}

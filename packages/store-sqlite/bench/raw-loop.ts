import type { Database } from 'bun:sqlite';
import type { CommitRequest, NewEvent } from '@confab/contracts';
import { clientIdHash } from '../src/client-id-hash.ts';

interface RawLoopOptions {
  readonly conversations: number;
  /** Commits in one transaction. */
  readonly inFlight: number;
  readonly seconds: number;
}

/**
 * Events a second of the barest loop over the same tables: one thread, no checks, no messages between threads, as many
 * commits in a transaction as the scenario has in flight. Only the transactions are timed, not the making of requests.
 */
export function rawLoop(
  db: Database,
  next: (conversation: number) => CommitRequest,
  options: RawLoopOptions,
): number {
  const { conversations, inFlight, seconds } = options;
  const insert = db.query(
    `INSERT INTO events (conversation, sequence, ordinal, type, countable, sender, event_id, client_message_id,
       client_id_hash, content_hash, sent_at, json, sender_ordinal) VALUES (?, ?, ?, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const setHead = db.query(
    'UPDATE conversations SET sequence = ?, event_id = ?, preview = ? WHERE number = ?',
  );
  const addConversation = db.query("INSERT INTO conversations VALUES (?, ?, 0, 0, '', '', NULL)");
  for (let number = 0; number < conversations; number += 1) addConversation.run(number, `d${number}`);
  const insertEvent = (conversation: number, event: NewEvent): unknown =>
    insert.run(
      conversation,
      event.sequence,
      event.ordinal,
      event.sequence % 1_000,
      event.eventId,
      event.clientMessageId,
      clientIdHash(event.senderId, event.clientMessageId),
      event.contentHash,
      event.sentAt,
      event.json,
      event.ordinal,
    );

  let events = 0;
  let busyMs = 0;
  for (let at = 0; busyMs < seconds * 1_000;) {
    const group = Array.from({ length: inFlight }, () => {
      const conversation = at % conversations;
      at += 1;
      return { conversation, request: next(conversation) };
    });
    const startedAt = performance.now();
    db.run('BEGIN IMMEDIATE');
    for (const { conversation, request } of group) {
      for (const event of request.events) insertEvent(conversation, event);
      const { sequence, eventId, preview } = request.head;
      setHead.run(sequence, eventId, JSON.stringify(preview), conversation);
      events += request.events.length;
    }
    db.run('COMMIT');
    busyMs += performance.now() - startedAt;
  }
  db.close();
  return events / (busyMs / 1_000);
}

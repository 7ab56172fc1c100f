import { Database } from 'bun:sqlite';
import { join } from 'node:path';
import { type FillPlan, MESSAGES_IN_A_ROW } from './fill-plan.ts';

/** Fills the hand-written server's tables while it does not run, in the same order as Confab's. */
export function fillByHand(dataFolder: string, plan: FillPlan): void {
  const db = new Database(join(dataFolder, 'by-hand.sqlite'), { readwrite: true, create: false });
  const add = db.query(
    `INSERT INTO messages (conversation_id, sequence, type, sender_id, client_message_id, body, sent_at)
     WITH RECURSIVE row (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM row WHERE at < ?)
     SELECT conversation_id, last_sequence + at, 'message_event', ?, lower(hex(randomblob(16))), ?, updated_at
     FROM conversations JOIN row WHERE conversation_id = ?`,
  );
  const advance = db.query(
    'UPDATE conversations SET last_sequence = last_sequence + ? WHERE conversation_id = ?',
  );
  const addToAll = db.transaction(() => {
    for (const { conversationId, senderId } of plan.conversations) {
      add.run(MESSAGES_IN_A_ROW, senderId, plan.body, conversationId);
      advance.run(MESSAGES_IN_A_ROW, conversationId);
    }
  });
  for (let said = 0; said < plan.messagesEach; said += MESSAGES_IN_A_ROW) {
    addToAll();
    plan.onProgress((said + MESSAGES_IN_A_ROW) * plan.conversations.length);
  }
  db.close();
}

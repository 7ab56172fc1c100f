import { clientIdText } from './client-id-text.ts';
import type { CommitRequest } from './conversation-log.ts';

/** The most events a commit holds in any store; `ConversationLog.room` may say less. */
export const EVENTS_PER_COMMIT_MAX = 256;

/**
 * Throws where a request breaks the contract: that is a fault of the caller, and no outcome would be true. `room` is
 * what the store's `room` says of the expected head.
 */
export function checkCommit(
  { conversationId, expectedHead, events, head }: CommitRequest,
  room: number,
): void {
  if (events.length < 1 || events.length > room) {
    throw new Error(`a commit of ${events.length} events where there is room for ${room}`);
  }
  const ids = new Set<string>();
  let sequence = expectedHead;
  for (const event of events) {
    sequence += 1;
    if (event.conversationId !== conversationId) throw new Error('an event of another conversation');
    if (event.sequence !== sequence) throw new Error(`event ${event.sequence} stands at ${sequence}`);
    ids.add(clientIdText(event.senderId, event.clientMessageId));
  }
  if (ids.size !== events.length) throw new Error('one client id twice in a commit');
  if (head.sequence !== sequence) throw new Error('the head is not the last event');
}

import type { CommitRequest } from '@confab/contracts';
import { storeLimits } from './settings.ts';

/** Throws where a request breaks the contract: that is a fault of the caller, and no outcome would be true. */
export function checkCommit({ conversationId, expectedHead, events, head }: CommitRequest): void {
  if (events.length < 1 || events.length > storeLimits.eventsPerCommitMax) {
    throw new Error(`a commit of ${events.length} events`);
  }
  const keys = new Set<string>();
  let sequence = expectedHead;
  for (const event of events) {
    sequence += 1;
    if (event.conversationId !== conversationId) throw new Error('an event of another conversation');
    if (event.sequence !== sequence) throw new Error(`event ${event.sequence} stands at ${sequence}`);
    keys.add(`${event.senderId.length}:${event.senderId}${event.clientMessageId}`);
  }
  if (keys.size !== events.length) throw new Error('one client id twice in a commit');
  if (head.sequence !== sequence) throw new Error('the head is not the last event');
}

import type { StoredEvent } from '@confab/contracts';
import type { Accepted } from '@confab/protocol';
import type { Reply } from '../face/chat.ts';
import type { CommandOutcome } from '../log/batch.ts';
import { frameFor } from '../log/event-codec.ts';

/** Success with nothing to say. */
export const DONE: Reply = { json: null, existing: false };

/** An answer made of plain values. */
export function replyOf(answer: object, existing = false): Reply {
  return { json: JSON.stringify(answer), existing };
}

/** The acknowledgement of a message. */
export function acceptedReply(event: StoredEvent, duplicate: boolean): Reply {
  const accepted: Accepted = {
    clientMessageId: event.clientMessageId,
    conversationId: event.conversationId,
    messageId: event.eventId,
    sequence: event.sequence,
    sentAt: event.sentAt,
    ...(duplicate ? { duplicate } : {}),
  };
  return replyOf(accepted, duplicate);
}

/** The event a command made, or none where nothing had to change. */
export function eventsReply(outcome: CommandOutcome, userId: string): Reply {
  const events = outcome.event === null ? '' : frameFor(userId, outcome.event);
  return { json: `{"events":[${events}]}`, existing: outcome.duplicate };
}

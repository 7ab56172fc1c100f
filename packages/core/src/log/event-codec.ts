import type { EventDelivery, EventsEnvelope, StoredEvent } from '@confab/contracts';
import type { LogEvent, LogEventType } from '@confab/protocol';

/** Encodes an event once, for the log and every reader: its frame without `clientMessageId`. */
export function encodeEvent(event: LogEvent): StoredEvent {
  const { clientMessageId, ...frame } = event;
  return {
    conversationId: event.conversationId,
    sequence: event.sequence,
    ordinal: event.ordinal,
    eventId: event.eventId,
    type: event.type,
    senderId: event.senderId,
    clientMessageId: clientMessageId ?? '',
    sentAt: event.sentAt,
    json: JSON.stringify(frame),
  };
}

/** The event of a stored one, for folding. */
export function decodeEvent(stored: StoredEvent): LogEvent {
  return JSON.parse(stored.json) as LogEvent;
}

/** The frame as one user sees it: only the sender is shown their `clientMessageId`. */
export function frameFor(
  userId: string,
  event: Pick<EventDelivery, 'senderId' | 'clientMessageId' | 'json'>,
): string {
  return event.senderId === userId ? senderFrame(event) : event.json;
}

/** The sender's own variant of the frame. */
export function senderFrame(event: Pick<EventDelivery, 'clientMessageId' | 'json'>): string {
  return `${event.json.slice(0, -1)},"clientMessageId":${JSON.stringify(event.clientMessageId)}}`;
}

const TYPE_STARTS = '{"type":"'.length;

/** Events that another node has committed and delivered here, as the log has them. */
export function storedOf({ conversationId, deliveries }: EventsEnvelope): readonly StoredEvent[] {
  return deliveries.map(({ sequence, ordinal, eventId, sentAt, senderId, clientMessageId, json }) => {
    // Every frame begins with its type.
    const type = json.slice(TYPE_STARTS, json.indexOf('"', TYPE_STARTS)) as LogEventType;
    return { conversationId, sequence, ordinal, eventId, type, senderId, clientMessageId, sentAt, json };
  });
}

import type { LogEventType } from './events.ts';

/** Whether unread counts see this event; the ordinal grows only here. */
export function isCountable(type: LogEventType): boolean {
  return type === 'message_event';
}

/** The place an event id names, or null where the text is no event id. */
export function parseEventId(eventId: string): { conversationId: string; sequence: number } | null {
  const parts = /^([A-Za-z0-9_-]{1,40})\.([0-9a-z]{1,11})\.[A-Za-z0-9_-]{8}$/.exec(eventId);
  if (parts === null) return null;
  const sequence = Number.parseInt(parts[2] ?? '', 36);
  if (!Number.isSafeInteger(sequence) || sequence < 1) return null;
  return { conversationId: parts[1] ?? '', sequence };
}

/** Builds an event id; `random` is 8 URL-safe characters. */
export function formatEventId(conversationId: string, sequence: number, random: string): string {
  return `${conversationId}.${sequence.toString(36)}.${random}`;
}

import type { CursorAdvance, ViewName } from '@confab/contracts';
import type { LogEventType } from '@confab/protocol';

/** The numbers that stand for words in the file. A number once given never changes its meaning. */
export const eventTypeCodes: Readonly<Record<LogEventType, number>> = {
  message_event: 1,
  conversation_event: 2,
  member_event: 3,
  membership_event: 4,
};

export const viewCodes: Readonly<Record<ViewName, number>> = {
  conversation: 1,
  member: 2,
  membership: 3,
  mention: 4,
};

export const cursorCodes: Readonly<Record<CursorAdvance['kind'], number>> = { read: 0, delivered: 1 };

const eventTypesByCode = new Map(
  (Object.keys(eventTypeCodes) as LogEventType[]).map((type) => [eventTypeCodes[type], type] as const),
);

export function eventTypeOf(code: number): LogEventType {
  const type = eventTypesByCode.get(code);
  if (type === undefined) throw new Error(`no event type has the code ${code}`);
  return type;
}

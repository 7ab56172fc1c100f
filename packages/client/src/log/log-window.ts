import type { ConversationEvent, LogEvent, MemberEvent, Message, MessageEvent } from '@confab/protocol';

/** What a window shows: events of the conversation's own log. */
export type ShownEvent = MessageEvent | ConversationEvent | MemberEvent;

/**
 * A stretch of a log that this device holds: every shown event from sequence `from` up to where the log is followed.
 * Pure and immutable. An empty window begins behind the last event.
 */
export interface LogWindow {
  readonly from: number;
  /** Whether nothing readable stands before `from`. */
  readonly isWhole: boolean;
  /** Ascending by sequence. */
  readonly events: readonly ShownEvent[];
}

/** A window that begins behind a sequence. */
export function windowAfter(sequence: number): LogWindow {
  return { from: sequence + 1, isWhole: sequence === 0, events: [] };
}

const shownTypes: ReadonlySet<string> = new Set<ShownEvent['type']>([
  'message_event',
  'conversation_event',
  'member_event',
]);

/** Whether a timeline shows the event. Kinds of a newer version and of a user's own log only move the place. */
export function isShown(event: LogEvent): event is ShownEvent {
  return shownTypes.has(event.type);
}

/** The window with the log's next event. */
export function withNext(window: LogWindow, event: LogEvent): LogWindow {
  return isShown(event) ? { ...window, events: [...window.events, event] } : window;
}

/** The window with an older page: `events` ascending, all before `window.from`, covering everything from `from` on. */
export function withOlder(
  window: LogWindow,
  page: { readonly from: number; readonly isWhole: boolean; readonly events: readonly ShownEvent[] },
): LogWindow {
  const older = page.events.filter((event) => event.sequence < window.from);
  return {
    from: Math.min(page.from, window.from),
    isWhole: page.isWhole,
    events: [...older, ...window.events],
  };
}

/** The window with at most the `itemsMax` newest events. */
export function trimmed(window: LogWindow, itemsMax: number): LogWindow {
  const surplus = window.events.length - itemsMax;
  const first = window.events[surplus];
  if (surplus <= 0 || first === undefined) return window;
  return { from: first.sequence, isWhole: false, events: window.events.slice(surplus) };
}

/** A message of a page in the form it has in the log. */
export function eventOfMessage(message: Message): MessageEvent {
  return { ...message, type: 'message_event' };
}

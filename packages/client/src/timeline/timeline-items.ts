import type { MessageEvent, Watermarks } from '@confab/protocol';
import type { ShownEvent } from '../log/log-window.ts';
import type { QueueEntry } from '../queue/lane.ts';
import type { MessageItem, MessageState, TimelineItem } from '../timeline-types.ts';

export interface TimelineSources {
  readonly me: string;
  readonly events: readonly ShownEvent[];
  readonly pending: readonly QueueEntry[];
  readonly watermarks: readonly Watermarks[];
  readonly memberCount: number;
}

const received: MessageState = { kind: 'received' };
const queued: MessageState = { kind: 'queued' };
const sending: MessageState = { kind: 'sending' };
const sent: MessageState = { kind: 'sent' };
const delivered: MessageState = { kind: 'delivered' };
const read: MessageState = { kind: 'read' };

/**
 * The items of a timeline: the log's events, then what waits to be sent. Items that did not change are the same objects
 * as in `previous`, so a list renders only what is new.
 */
export function timelineItems(
  sources: TimelineSources,
  previous: readonly TimelineItem[],
): readonly TimelineItem[] {
  const known = new Map(previous.map((item) => [item.key, item]));
  const stateAt = ownStates(sources);
  const items: TimelineItem[] = [];
  const shown = new Set<string>();
  for (const event of sources.events) {
    const item = itemOfEvent(event, sources.me, stateAt);
    if (item.kind === 'message' && item.own && item.clientMessageId !== null) shown.add(item.clientMessageId);
    items.push(reused(known.get(item.key), item));
  }
  for (const entry of inOrder(sources.pending)) {
    if (shown.has(entry.row.clientMessageId)) continue;
    const item = itemOfPending(entry, stateAt);
    items.push(reused(known.get(item.key), item));
  }
  return items.length === previous.length && items.every((item, place) => item === previous[place])
    ? previous
    : items;
}

/** What has its place first, by place: one that was refused before may have come to stand behind what was sent later. */
function inOrder(pending: readonly QueueEntry[]): readonly QueueEntry[] {
  if (pending.length < 2) return pending;
  return pending.toSorted((one, other) => placeOf(one) - placeOf(other));
}

/** Sorting keeps the order of those that have no place yet. */
function placeOf({ status }: QueueEntry): number {
  return status.kind === 'acknowledged' ? status.sequence : Number.MAX_SAFE_INTEGER;
}

/** What became of an own message at a sequence; `delivered` and `read` only where it is so for every other member. */
function ownStates({ watermarks, memberCount }: TimelineSources): (sequence: number) => MessageState {
  const isComplete = memberCount > 1 && watermarks.length >= memberCount - 1;
  const readThrough = isComplete ? Math.min(...watermarks.map((mark) => mark.read)) : 0;
  const deliveredThrough = isComplete
    ? Math.min(...watermarks.map((mark) => Math.max(mark.delivered, mark.read)))
    : 0;
  return (sequence) => (sequence <= readThrough ? read : sequence <= deliveredThrough ? delivered : sent);
}

function itemOfEvent(
  event: ShownEvent,
  me: string,
  stateAt: (sequence: number) => MessageState,
): TimelineItem {
  if (event.type === 'message_event') return itemOfMessage(event, me, stateAt);
  const { eventId, sequence, senderId, sentAt } = event;
  return { kind: 'system', key: eventId, sequence, senderId, sentAt, event };
}

function itemOfMessage(
  event: MessageEvent,
  me: string,
  stateAt: (sequence: number) => MessageState,
): MessageItem {
  const own = event.senderId === me;
  const clientMessageId = event.clientMessageId ?? null;
  return {
    kind: 'message',
    // Only one's own ids are known to be unique here.
    key: own && clientMessageId !== null ? clientMessageId : event.messageId,
    messageId: event.messageId,
    sequence: event.sequence,
    clientMessageId,
    senderId: event.senderId,
    own,
    body: event.body,
    format: event.format ?? 'plain',
    replyTo: event.replyTo ?? null,
    mentions: event.mentions ?? nobody,
    sentAt: event.sentAt,
    state: own ? stateAt(event.sequence) : received,
  };
}

const nobody: readonly string[] = [];

function itemOfPending(
  { row, status }: QueueEntry,
  stateAt: (sequence: number) => MessageState,
): MessageItem {
  const acknowledged = status.kind === 'acknowledged' ? status : null;
  return {
    kind: 'message',
    key: row.clientMessageId,
    messageId: acknowledged?.messageId ?? null,
    sequence: acknowledged?.sequence ?? null,
    clientMessageId: row.clientMessageId,
    senderId: row.userId,
    own: true,
    body: row.body,
    format: row.format ?? 'plain',
    replyTo: row.replyTo,
    mentions: row.mentions,
    sentAt: acknowledged?.sentAt ?? row.queuedAt,
    state: pendingState(status, stateAt),
  };
}

function pendingState(
  status: QueueEntry['status'],
  stateAt: (sequence: number) => MessageState,
): MessageState {
  switch (status.kind) {
    case 'storing':
    case 'queued':
      return queued;
    case 'sending':
      return sending;
    case 'acknowledged':
      return stateAt(status.sequence);
    case 'failed':
      return {
        kind: 'failed',
        error: status.error,
        // The id is spent; the same text can only be sent as a new message.
        canRetry: status.error.code !== 'idempotency_conflict',
      };
  }
}

/** The item shown before, where it says the same. */
function reused(before: TimelineItem | undefined, item: TimelineItem): TimelineItem {
  if (before === undefined || before.kind !== item.kind) return item;
  if (before.kind === 'system' || item.kind === 'system')
    return before.sequence === item.sequence ? before : item;
  const isSame =
    before.state.kind === item.state.kind &&
    before.sequence === item.sequence &&
    before.body === item.body &&
    before.sentAt === item.sentAt &&
    before.messageId === item.messageId &&
    errorOf(before.state) === errorOf(item.state);
  return isSame ? before : item;
}

function errorOf(state: MessageState): unknown {
  return state.kind === 'failed' ? state.error : null;
}

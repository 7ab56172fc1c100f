import type { MessageItem, SystemItem, TimelineItem } from '@confab/client';
import { localDay } from './format-time.ts';

/** One line of the timeline as it is drawn. Keys are stable, so that a row keeps its place and its measured height. */
export type TimelineRow =
  /** Always the first: older messages load here, or the conversation begins. */
  | { kind: 'top'; key: string }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'unread'; key: string }
  | { kind: 'system'; key: string; item: SystemItem }
  /** A run of messages by one person: the first says who, the last carries the tail and the time. */
  | { kind: 'message'; key: string; item: MessageItem; startsRun: boolean; endsRun: boolean };

/** A pause after which the same person starts a new run. */
const RUN_GAP_MS = 5 * 60_000;

interface RowOptions {
  readonly hasOlder: boolean;
  /** The "new" line stands before the first message of others behind this sequence; null: no line. */
  readonly unreadAfter: number | null;
}

/** Turns a timeline's items into rows: where a day begins, where the new ones begin, who goes on talking. */
export function timelineRows(
  items: readonly TimelineItem[],
  { hasOlder, unreadAfter }: RowOptions,
): TimelineRow[] {
  const rows: TimelineRow[] = [{ kind: 'top', key: 'top' }];
  let previous: TimelineItem | null = null;
  let unreadAt = unreadAfter === null ? null : firstUnreadKey(items, unreadAfter, hasOlder);
  for (const [index, item] of items.entries()) {
    const day = localDay(new Date(item.sentAt));
    // With more to come above, the first day's line would jump away when it comes.
    const newDay = previous === null ? !hasOlder : day > localDay(new Date(previous.sentAt));
    if (newDay) rows.push({ kind: 'day', key: `day:${item.key}`, at: item.sentAt });
    const atUnread = unreadAt === item.key;
    if (atUnread) {
      rows.push({ kind: 'unread', key: 'unread' });
      unreadAt = null;
    }
    if (item.kind === 'system') {
      rows.push({ kind: 'system', key: item.key, item });
    } else {
      const next = items[index + 1] ?? null;
      rows.push({
        kind: 'message',
        key: item.key,
        item,
        startsRun: newDay || atUnread || !sameRun(previous, item),
        endsRun: unreadAt === next?.key || !sameRun(item, next),
      });
    }
    previous = item;
  }
  return rows;
}

/** The key of the first message of others behind a sequence; null where it is not loaded. */
function firstUnreadKey(items: readonly TimelineItem[], after: number, hasOlder: boolean): string | null {
  const first = items.find((item) => item.sequence !== null);
  if (hasOlder && first !== undefined && (first.sequence ?? 0) > after + 1) return null;
  const unread = items.find((item) => isOthersMessage(item) && (item.sequence ?? 0) > after);
  return unread?.key ?? null;
}

export function isOthersMessage(item: TimelineItem): item is MessageItem {
  return item.kind === 'message' && !item.own;
}

function sameRun(a: TimelineItem | null, b: TimelineItem | null): boolean {
  if (a?.kind !== 'message' || b?.kind !== 'message' || a.senderId !== b.senderId) return false;
  const from = new Date(a.sentAt);
  const to = new Date(b.sentAt);
  // Order is by sequence; clocks only decide how it looks, and may run backwards between devices.
  return localDay(from) === localDay(to) && Math.abs(to.getTime() - from.getTime()) < RUN_GAP_MS;
}

/**
 * Whether rows came or went above what stays, with the end unchanged: an older page, or its release. The view then
 * holds on to the end.
 */
export function changesAtStart(before: readonly TimelineRow[], after: readonly TimelineRow[]): boolean {
  if (after.length === before.length || Math.min(after.length, before.length) < 2) return false;
  return before.at(-1)?.key === after.at(-1)?.key && firstItemKey(before) !== firstItemKey(after);
}

function firstItemKey(rows: readonly TimelineRow[]): string | undefined {
  return rows.find((row) => row.kind === 'message' || row.kind === 'system')?.key;
}

/** The highest sequence among the first `end` rows: what a reader who saw them has read. */
export function sequenceThrough(rows: readonly TimelineRow[], end: number): number {
  for (let index = Math.min(end, rows.length) - 1; index >= 0; index--) {
    const row = rows[index];
    if ((row?.kind === 'message' || row?.kind === 'system') && row.item.sequence !== null)
      return row.item.sequence;
  }
  return 0;
}

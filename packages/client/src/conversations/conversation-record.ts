import {
  type FloorNews,
  type Place,
  unreadAfterEvent,
  unreadAfterRead,
  unreadAfterReadingAll,
  unreadCount,
  unreadFrom,
  unreadOf,
  type UnreadState,
} from '@confab/conversation';
import {
  type ConversationSummary,
  type ConversationType,
  type Head,
  limits,
  type LogEvent,
  type MemberEvent,
  type MessageEvent,
  type Preview,
  type Role,
  type User,
  utf8Prefix,
  type Watermarks,
} from '@confab/protocol';
import type { ConversationView } from '../conversation-types.ts';
import { isShown, type LogWindow, type ShownEvent, windowAfter } from '../log/log-window.ts';
import {
  type MentionCount,
  mentionsAfterEvent,
  mentionsAfterRead,
  mentionsFrom,
  mentionsOf,
} from './mention-count.ts';

/** Everything this device knows of a conversation but its place in the log. Immutable; functions give the next one. */
export interface ConversationRecord {
  readonly conversationId: string;
  readonly type: ConversationType;
  readonly title: string | null;
  readonly role: Role;
  readonly memberCount: number;
  readonly peer: User | null;
  readonly head: Head;
  readonly preview: Preview | null;
  readonly unread: UnreadState;
  readonly mentions: MentionCount;
  /** What the user has read here, and what the server knows of it; the former is ahead until it was told. */
  readonly readHere: number;
  readonly readThere: number;
  readonly watermarks: readonly Watermarks[];
  readonly window: LogWindow;
}

/** A conversation this device meets for the first time, with an empty window behind its head. */
export function recordOf(summary: ConversationSummary): ConversationRecord {
  return {
    conversationId: summary.conversationId,
    ...describedBy(summary),
    head: summary.head,
    preview: summary.preview ?? null,
    unread: unreadFrom(summary.read, summary.head, summary.unread),
    mentions: mentionsFrom(summary.mentions, summary.head.sequence),
    readHere: summary.read.sequence,
    readThere: summary.read.sequence,
    watermarks: summary.watermarks ?? [],
    window: windowAfter(summary.head.sequence),
  };
}

function describedBy(summary: ConversationSummary) {
  const { type, title, role, memberCount } = summary;
  return { type, title, role, memberCount, peer: summary.peer ?? null };
}

/**
 * What the server says of a known conversation. `isNewest` where no event of the present connection can be newer than
 * the summary: then it is the whole truth, also where it is *less* than what was held, as after a restore.
 */
export function withSummary(
  record: ConversationRecord,
  summary: ConversationSummary,
  isNewest: boolean,
): ConversationRecord {
  const watermarks = summary.watermarks ?? record.watermarks;
  const readHere = Math.max(record.readHere, summary.read.sequence);
  if (isNewest || summary.head.sequence >= record.head.sequence) {
    const fresh = { ...record, ...recordOf(summary), watermarks, window: record.window };
    return withReadHere({ ...fresh, readHere: Math.min(readHere, summary.head.sequence) });
  }
  const news: FloorNews = { floor: summary.read, head: summary.head, unread: summary.unread };
  const unread = unreadAfterRead(record.unread, news);
  return {
    ...record,
    peer: summary.peer ?? record.peer,
    unread,
    mentions: mentionsAfterRead(record.mentions, unread.floor.sequence),
    readHere,
    readThere: Math.max(record.readThere, summary.read.sequence),
    watermarks,
  };
}

/** What was read here while the server could not be told stays read. */
function withReadHere(record: ConversationRecord): ConversationRecord {
  return record.readHere > record.unread.floor.sequence ? withRead(record, record.readHere, null) : record;
}

/** The record after the next event of its log. `me` is the user of this device. */
export function withEvent(record: ConversationRecord, event: LogEvent, me: string): ConversationRecord {
  if (event.sequence <= record.head.sequence) return record;
  const { sequence, ordinal, eventId, sentAt } = event;
  const own = event.type === 'message_event' && event.senderId === me;
  const next: ConversationRecord = {
    ...record,
    head: { sequence, ordinal, eventId, sentAt },
    unread: unreadAfterEvent(record.unread, { sequence, ordinal, ownMessage: own }),
  };
  if (!isShown(event)) return next;
  switch (event.type) {
    case 'message_event':
      return withMessage(next, event, me);
    case 'conversation_event':
      return event.title === undefined ? next : { ...next, title: event.title };
    case 'member_event':
      return withMembers(next, event, me);
  }
}

function withMessage(record: ConversationRecord, event: MessageEvent, me: string): ConversationRecord {
  const mentioned = event.senderId !== me && (event.mentions ?? []).includes(me);
  return {
    ...record,
    preview: {
      messageId: event.messageId,
      sequence: event.sequence,
      senderId: event.senderId,
      body: utf8Prefix(event.body, limits.previewBytesMax),
      sentAt: event.sentAt,
    },
    mentions: mentioned ? mentionsAfterEvent(record.mentions, event.sequence) : record.mentions,
  };
}

function withMembers(record: ConversationRecord, event: MemberEvent, me: string): ConversationRecord {
  const mine = event.members.find(({ userId }) => userId === me);
  switch (event.change) {
    case 'joined':
      return { ...record, memberCount: record.memberCount + event.members.length };
    case 'left':
    case 'removed': {
      const gone = new Set(event.members.map(({ userId }) => userId));
      const watermarks = record.watermarks.filter(({ userId }) => !gone.has(userId));
      return { ...record, memberCount: Math.max(1, record.memberCount - gone.size), watermarks };
    }
    case 'role_changed':
      return mine === undefined ? record : { ...record, role: mine.role };
  }
}

/** What the server says of the user's own reading, on whatever device. */
export function withFloor(record: ConversationRecord, news: FloorNews): ConversationRecord {
  const { sequence } = news.floor;
  const unread = unreadAfterRead(record.unread, news);
  const isNews = sequence > record.readThere || unreadOf(unread) !== unreadOf(record.unread);
  if (!isNews && unread.floor.sequence === record.unread.floor.sequence) return record;
  return {
    ...record,
    unread,
    mentions: mentionsAfterRead(record.mentions, unread.floor.sequence),
    readHere: Math.max(record.readHere, sequence),
    readThere: Math.max(record.readThere, sequence),
  };
}

/**
 * The user has read up to `through` here. Where the window does not tell how many messages stand above, the count waits
 * for the server's word, which follows every receipt. `me` null leaves only what is certain.
 */
export function withRead(record: ConversationRecord, through: number, me: string | null): ConversationRecord {
  const read = { ...record, readHere: Math.max(record.readHere, Math.min(through, record.head.sequence)) };
  // The server may have told of a head that this device has not reached: what is above it here is not read.
  const isAhead = record.unread.head.sequence > record.head.sequence;
  if (through >= record.head.sequence && !isAhead) {
    const unread = unreadAfterReadingAll(record.unread);
    return { ...read, unread, mentions: mentionsAfterRead(record.mentions, unread.floor.sequence) };
  }
  if (me === null || isAhead || through <= record.unread.floor.sequence) return read;
  const place = placeAt(record, through);
  if (place === null) return read;
  const own = record.window.events.filter(
    (event) => isOwnMessage(event, me) && event.sequence > through,
  ).length;
  const unread = unreadAfterRead(record.unread, {
    floor: place,
    head: record.unread.head,
    unread: unreadCount(record.unread.head.ordinal, place.ordinal, own),
  });
  return { ...read, unread, mentions: mentionsAfterRead(record.mentions, through) };
}

function isOwnMessage(event: ShownEvent, me: string): boolean {
  return event.type === 'message_event' && event.senderId === me;
}

/** The place at a sequence, where the window holds everything from there up to the head. */
function placeAt({ window, head }: ConversationRecord, sequence: number): Place | null {
  if (sequence < window.from || window.events.at(-1)?.sequence !== head.sequence) return null;
  const event = window.events.findLast((candidate) => candidate.sequence <= sequence);
  return event === undefined ? null : { sequence, ordinal: event.ordinal };
}

/** Somebody's watermarks, never back. */
export function withWatermark(
  record: ConversationRecord,
  news: { readonly userId: string; readonly delivered: number; readonly read: number },
): ConversationRecord {
  const before = record.watermarks.find(({ userId }) => userId === news.userId);
  const delivered = Math.max(before?.delivered ?? 0, news.delivered);
  const read = Math.max(before?.read ?? 0, news.read);
  if (before !== undefined && before.delivered === delivered && before.read === read) return record;
  const others = record.watermarks.filter(({ userId }) => userId !== news.userId);
  return { ...record, watermarks: [...others, { userId: news.userId, delivered, read }] };
}

/** The record as the user sees it. */
export function viewOf(record: ConversationRecord, typing: readonly string[]): ConversationView {
  return {
    conversationId: record.conversationId,
    type: record.type,
    name: record.title ?? record.peer?.displayName ?? '',
    title: record.title,
    peer: record.peer,
    role: record.role,
    memberCount: record.memberCount,
    headSequence: record.head.sequence,
    lastActivityAt: record.head.sentAt,
    preview: record.preview,
    unread: unreadOf(record.unread),
    // The server's count stays until all of it is read, which may be later than the last message that mentions.
    mentions: Math.min(mentionsOf(record.mentions), unreadOf(record.unread)),
    readSequence: record.unread.floor.sequence,
    typing,
    watermarks: record.watermarks,
  };
}

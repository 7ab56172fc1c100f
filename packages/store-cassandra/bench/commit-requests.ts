import type { CommitRequest } from '@confab/contracts';
import { formatEventId } from '@confab/protocol';

const BODY_BYTES = 200;
const USERS = 1_000;
const body = 'abc "quoted" defghijklmnopqrst '.repeat(8).slice(0, BODY_BYTES);

/** The next commit of a conversation, given its number; it is expected to succeed. */
export function commitRequests(
  eventsPerCommit: number,
  roomAfter: (head: number) => number,
): (conversation: number) => CommitRequest {
  const heads = new Map<number, number>();
  const run = crypto.randomUUID().slice(0, 8);
  return (conversation) => {
    const expectedHead = heads.get(conversation) ?? 0;
    const count = Math.min(eventsPerCommit, roomAfter(expectedHead));
    const sequence = expectedHead + count;
    heads.set(conversation, sequence);
    const conversationId = `g${run}${String(conversation).padStart(14, 'c')}`;
    const events = Array.from({ length: count }, (_, index) =>
      eventOf(conversationId, expectedHead + index + 1),
    );
    const newest = events.at(-1);
    if (newest === undefined) throw new Error('a commit without events');
    const { eventId, senderId, sentAt } = newest;
    const preview = { messageId: eventId, sequence, senderId, body, sentAt };
    const head = { sequence, ordinal: sequence, eventId, sentAt, preview };
    return { conversationId, expectedHead, events, head, views: [], work: [] };
  };
}

function eventOf(conversationId: string, sequence: number): CommitRequest['events'][number] {
  const senderId = `u${String(Math.floor(Math.random() * USERS)).padStart(22, 'u')}`;
  const eventId = formatEventId(conversationId, sequence, 'abcdefgh');
  const sentAt = '2026-01-02T03:04:05.678Z';
  const place = { conversationId, sequence, ordinal: sequence, eventId, senderId, sentAt };
  const json = JSON.stringify({ type: 'message_event', ...place, messageId: eventId, body });
  const clientMessageId = crypto.randomUUID();
  return { ...place, type: 'message_event', clientMessageId, json, contentHash: '0'.repeat(32) };
}

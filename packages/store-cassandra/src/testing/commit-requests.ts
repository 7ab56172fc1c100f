import type { CommitRequest, NewEvent, ViewPut, WorkItem } from '@confab/contracts';
import { formatEventId } from '@confab/protocol';

const SENT_AT = '2026-01-02T03:04:05.678Z';

export function uniqueConversation(): string {
  return `g${crypto.randomUUID().replaceAll('-', '').slice(0, 22)}`;
}

/** What a test says of a commit; all events are messages, whose ordinals are their sequences. */
export interface CommitDraft {
  readonly conversationId: string;
  readonly expectedHead: number;
  readonly clientMessageIds: readonly string[];
  readonly views?: readonly ViewPut[];
  readonly work?: readonly WorkItem[];
}

export function commitRequest(draft: CommitDraft): CommitRequest {
  const { conversationId, expectedHead, clientMessageIds, views = [], work = [] } = draft;
  const events = clientMessageIds.map((clientMessageId, index) =>
    messageAt(conversationId, expectedHead + index + 1, clientMessageId),
  );
  const sequence = expectedHead + events.length;
  const eventId = events.at(-1)?.eventId ?? '';
  const head = { sequence, ordinal: sequence, eventId, sentAt: SENT_AT, preview: null };
  return { conversationId, expectedHead, events, head, views, work };
}

/** So many fresh client ids. */
export function freshIds(count: number): readonly string[] {
  return Array.from({ length: count }, () => crypto.randomUUID());
}

function messageAt(conversationId: string, sequence: number, clientMessageId: string): NewEvent {
  const random = crypto.randomUUID().replaceAll('-', '').slice(0, 8);
  const eventId = formatEventId(conversationId, sequence, random);
  return {
    conversationId,
    sequence,
    ordinal: sequence,
    eventId,
    type: 'message_event',
    senderId: 'usender',
    clientMessageId,
    sentAt: SENT_AT,
    json: JSON.stringify({ type: 'message_event', eventId, sequence }),
    contentHash: '0'.repeat(32),
  };
}

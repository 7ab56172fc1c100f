import { join } from 'node:path';
import type { LogHead } from '@confab/conversation';
import { formatEventId } from '@confab/protocol';
import { openSqliteStore, type SqliteStore } from '@confab/store-sqlite';
import { type FillPlan, MESSAGES_IN_A_ROW } from './fill-plan.ts';

const CONVERSATIONS_AT_ONCE = 500;

/**
 * Fills the logs of a Confab that does not run, through its store's own commits: as its writers would, but with no
 * decisions and without a socket, which for a million messages would take most of the bench's time.
 */
export async function fillConfab(dataFolder: string, plan: FillPlan): Promise<void> {
  const store = await openSqliteStore({
    path: join(dataFolder, 'confab.sqlite'),
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    const heads = new Map(
      await store.log.heads(plan.conversations.map(({ conversationId }) => conversationId)),
    );
    for (let said = 0; said < plan.messagesEach; said += MESSAGES_IN_A_ROW) {
      await commitToAll(store, plan, heads);
      plan.onProgress((said + MESSAGES_IN_A_ROW) * plan.conversations.length);
    }
  } finally {
    await store.close();
  }
}

/** A few messages more in each conversation. */
async function commitToAll(store: SqliteStore, plan: FillPlan, heads: Map<string, LogHead>): Promise<void> {
  const waiting = [...plan.conversations];
  const work = async (): Promise<void> => {
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      const head = heads.get(one.conversationId);
      if (head === undefined) throw new Error('a conversation without its first event');
      heads.set(one.conversationId, await commitTo(store, { ...one, head, body: plan.body }));
    }
  };
  await Promise.all(Array.from({ length: CONVERSATIONS_AT_ONCE }, work));
}

async function commitTo(
  store: SqliteStore,
  to: {
    readonly conversationId: string;
    readonly senderId: string;
    readonly head: LogHead;
    readonly body: string;
  },
): Promise<LogHead> {
  const { conversationId, senderId, body } = to;
  const sentAt = new Date().toISOString();
  const events = Array.from({ length: MESSAGES_IN_A_ROW }, (_, at) => {
    const sequence = to.head.sequence + 1 + at;
    const eventId = formatEventId(conversationId, sequence, 'filledIn');
    const place = { eventId, conversationId, sequence, ordinal: to.head.ordinal + 1 + at, senderId, sentAt };
    const json = JSON.stringify({ type: 'message_event', ...place, messageId: eventId, body });
    const clientMessageId = crypto.randomUUID();
    return { ...place, type: 'message_event', clientMessageId, json, contentHash: '0'.repeat(32) } as const;
  });
  const newest = events.at(-1);
  if (newest === undefined) throw new Error('nothing to commit');
  const { sequence, ordinal, eventId } = newest;
  const preview = { messageId: eventId, sequence, senderId, body, sentAt };
  const head = { sequence, ordinal, eventId, sentAt, preview };
  const expectedHead = to.head.sequence;
  const outcome = await store.log.commit({ conversationId, expectedHead, events, head, views: [], work: [] });
  if (outcome.kind !== 'committed') throw new Error(`a commit was ${outcome.kind}`);
  return head;
}

import type { UserCursor } from '@confab/contracts';
import { type ConversationState, fold } from '@confab/conversation';
import type { LogEvent } from '@confab/protocol';
import { changeOf } from '../../test-device.ts';
import type { World } from '../world/world.ts';

/** A stretch of a log in which somebody was a member: from the join up to the leaving, both included. */
export interface MemberSpan {
  readonly from: number;
  /** Null while they are. */
  readonly to: number | null;
}

/** An event as it stands in the store, with the id under which it was asked for. */
type StoredLogEvent = LogEvent & { readonly clientMessageId: string };

/** What is true of one conversation. */
export interface ConversationFacts {
  readonly conversationId: string;
  readonly log: readonly StoredLogEvent[];
  readonly state: ConversationState;
  /** By user. */
  readonly spans: ReadonlyMap<string, readonly MemberSpan[]>;
  readonly cursors: ReadonlyMap<string, UserCursor>;
}

/** What is true in a world, by what its store holds. */
export interface WorldFacts {
  /** Conversations, without the users' own logs. */
  readonly conversations: ReadonlyMap<string, ConversationFacts>;
  /** Own logs, by user. */
  readonly ownLogs: ReadonlyMap<string, readonly StoredLogEvent[]>;
}

const WHOLE = {
  after: 0,
  before: null,
  limit: Number.MAX_SAFE_INTEGER,
  bytesMax: Number.MAX_SAFE_INTEGER,
  type: null,
};

export async function readFacts({ digest, fleet, users }: World): Promise<WorldFacts> {
  const { truth } = fleet.store;
  const conversations = new Map<string, ConversationFacts>();
  const logs = new Map<string, StoredLogEvent[]>();
  for (const conversationId of truth.conversationIds()) {
    const stored = await truth.log.read({ conversationId, ...WHOLE });
    const log = stored.map(
      ({ json, clientMessageId }) => ({ ...JSON.parse(json), clientMessageId }) as StoredLogEvent,
    );
    logs.set(conversationId, log);
    if (conversationId.startsWith('s')) continue;
    const state = fold(null, log);
    if (state === null) continue;
    const cursors = await truth.cursors.ofConversation(conversationId);
    conversations.set(conversationId, {
      conversationId,
      log,
      state,
      spans: spansOf(log),
      cursors: new Map(cursors.map((cursor) => [cursor.userId, cursor])),
    });
  }
  const ownLogs = new Map(
    users.map(({ userId }) => {
      const ownLogId = `s${digest.sha256Id(`4:self${userId.length}:${userId}`)}`;
      return [userId, logs.get(ownLogId) ?? []] as const;
    }),
  );
  return { conversations, ownLogs };
}

function spansOf(log: readonly LogEvent[]): ReadonlyMap<string, readonly MemberSpan[]> {
  const spans = new Map<string, MemberSpan[]>();
  for (const event of log) {
    if (!('members' in event)) continue;
    for (const { userId } of event.members ?? []) {
      const change = changeOf(event, userId);
      const known = spans.get(userId) ?? [];
      spans.set(userId, known);
      const last = known.at(-1);
      if (change === 'joined') known.push({ from: event.sequence, to: null });
      else if (change === 'left' && last !== undefined)
        known[known.length - 1] = { from: last.from, to: event.sequence };
    }
  }
  return spans;
}

/** The stretch in which the user is a member now; null for who is none. */
export function presentSpan({ spans }: ConversationFacts, userId: string): MemberSpan | null {
  const last = spans.get(userId)?.at(-1);
  return last === undefined || last.to !== null ? null : last;
}

/** Whether the user may ever have seen the event at a place. */
export function mayHaveSeen({ spans }: ConversationFacts, userId: string, sequence: number): boolean {
  return (spans.get(userId) ?? []).some(
    ({ from, to }) => from <= sequence && (to === null || sequence <= to),
  );
}

/** Whether the user was ever made to leave. */
export function hasLeftOnce({ spans }: ConversationFacts, userId: string): boolean {
  return (spans.get(userId) ?? []).some(({ to }) => to !== null);
}

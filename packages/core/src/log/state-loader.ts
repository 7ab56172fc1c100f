import type { ConversationLog, StoredEvent, Views } from '@confab/contracts';
import { type ConversationState, fold, type LogHead, type MemberState } from '@confab/conversation';
import { isCountable, limits } from '@confab/protocol';
import { decodeEvent } from './event-codec.ts';
import { memberRows } from './member-rows.ts';

/** How often a load starts anew because members or the title changed under it. */
const LOAD_ATTEMPTS_MAX = 8;

/**
 * A conversation at its head: the views, which are some sequence old, and the tail of the log folded onto them. Null
 * where there is no such log.
 */
export async function loadState(
  log: ConversationLog,
  views: Views,
  conversationId: string,
): Promise<ConversationState | null> {
  for (let attempt = 0; attempt < LOAD_ATTEMPTS_MAX; attempt++) {
    const head = (await log.heads([conversationId])).get(conversationId);
    if (head === undefined) return null;
    const watermark = await views.watermark(conversationId);
    const base = watermark === 0 ? null : await readViews({ log, views, conversationId, head, watermark });
    const reached = await views.watermark(conversationId);
    const tail = await readTail(
      log,
      conversationId,
      base?.head.sequence ?? 0,
      Math.max(head.sequence, reached),
    );
    // Rows that changed while they were read are of no one moment; messages change none of these.
    if (tail.some(({ sequence, type }) => sequence <= reached && !isCountable(type))) continue;
    const state = fold(base, tail.filter(({ sequence }) => sequence <= head.sequence).map(decodeEvent));
    if (state !== null && state.head.sequence === head.sequence) return { ...state, head };
  }
  throw new Error(`${conversationId} changes faster than it can be read`);
}

/** A conversation at its head, from an earlier state of it: only what came since is read. */
export async function advanceState(
  log: ConversationLog,
  from: ConversationState,
): Promise<ConversationState | null> {
  const head = (await log.heads([from.conversationId])).get(from.conversationId);
  if (head === undefined) return null;
  const tail = await readTail(log, from.conversationId, from.head.sequence, head.sequence);
  const state = fold(from, tail.map(decodeEvent));
  if (state?.head.sequence !== head.sequence) throw new Error(`a hole in ${from.conversationId}`);
  return { ...state, head };
}

interface LoadStep {
  readonly log: ConversationLog;
  readonly views: Views;
  readonly conversationId: string;
  readonly head: LogHead;
  readonly watermark: number;
}

async function readViews({
  log,
  views,
  conversationId,
  head,
  watermark,
}: LoadStep): Promise<ConversationState> {
  const [row] = await views.list({ view: 'conversation', partition: conversationId, after: null, limit: 1 });
  if (row === undefined) throw new Error(`no view of ${conversationId}`);
  const members = new Map<string, MemberState>();
  for await (const { key, value } of memberRows(views, conversationId)) members.set(key, value);
  const { type, title } = row.value;
  return { conversationId, type, title, members, head: await headAt(log, conversationId, head, watermark) };
}

/** The head as it was at the watermark; only its place matters, for the tail is folded onto it. */
async function headAt(
  log: ConversationLog,
  conversationId: string,
  head: LogHead,
  watermark: number,
): Promise<LogHead> {
  if (watermark >= head.sequence) return head;
  const [next] = await readTail(log, conversationId, watermark, watermark + 1);
  if (next === undefined) throw new Error(`a hole in ${conversationId} above ${watermark}`);
  return { ...head, sequence: watermark, ordinal: next.ordinal - (isCountable(next.type) ? 1 : 0) };
}

async function readTail(
  log: ConversationLog,
  conversationId: string,
  after: number,
  through: number,
): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (let from = after; from < through;) {
    const page = await log.read({
      conversationId,
      after: from,
      before: null,
      limit: limits.pageItemsMax,
      bytesMax: limits.pageBytesMax,
      type: null,
    });
    const last = page.at(-1);
    if (last === undefined) break;
    events.push(...page.filter((event) => event.sequence <= through));
    from = last.sequence;
  }
  return events;
}

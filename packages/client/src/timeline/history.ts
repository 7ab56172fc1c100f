import { type AnswerOf, limits } from '@confab/protocol';
import type { ConversationEntry } from '../conversations/conversation-entry.ts';
import type { HttpCaller } from '../http/http-caller.ts';
import { eventOfMessage, isShown, type ShownEvent, withOlder } from '../log/log-window.ts';

const PAGE_ITEMS = limits.pageItemsDefault;
/** A page this small was certainly not cut short by its bytes. */
const SMALL_PAGE_CHARACTERS = limits.pageBytesMax / 8;
/** Holes of one page that are worth a request each. */
const HOLES_MAX = 4;

/** A stretch of the log between two messages, where other events stand. */
interface Hole {
  readonly first: number;
  readonly last: number;
}

/**
 * Puts the page before an entry's window in front of it. Pages over HTTP hold messages only, in their current state;
 * the members who came and went between them are read from the log.
 */
export async function loadOlderPage(http: HttpCaller, entry: ConversationEntry): Promise<void> {
  const { conversationId } = entry;
  const from = entry.record?.window.from;
  if (from === undefined) return;
  const answer = await http.callPatiently('list_messages', {
    conversationId,
    before: from,
    limit: PAGE_ITEMS,
  });
  await readWatermarks(http, entry);
  const messages = answer.messages.map(eventOfMessage).filter(({ sequence }) => sequence < from);
  const isWhole = messages.length === 0 || isLastPage(answer);
  const page = { from: isWhole ? 1 : (messages[0]?.sequence ?? from), isWhole };
  const holes = holesBetween(messages, page.from, from).slice(-HOLES_MAX);
  const others = await readHoles(http, conversationId, holes);
  const events = [...messages, ...others].sort((one, other) => one.sequence - other.sequence);
  entry.changeWindow(({ window }) =>
    // Somebody else moved the window meanwhile; the page belongs in front of another one.
    window.from === from ? withOlder(window, { ...page, events }) : window,
  );
}

/** Lists tell the others' watermarks in direct conversations only; of a group they are read once it is looked at. */
async function readWatermarks(http: HttpCaller, entry: ConversationEntry): Promise<void> {
  const { conversationId, record } = entry;
  const isFirstLook = record?.window.events.length === 0;
  if (record === null || !isFirstLook || record.watermarks.length >= record.memberCount - 1) return;
  try {
    const after = record.head.sequence;
    const { watermarks } = await http.call('list_events', { conversationId, after, limit: 1 });
    for (const { userId, delivered, read } of watermarks ?? []) entry.watermark(userId, delivered, read);
  } catch {
    // The messages stay marked as sent until receipts come.
  }
}

function isLastPage({ messages }: AnswerOf<'list_messages'>): boolean {
  if (messages.length >= PAGE_ITEMS) return false;
  return messages.reduce((sum, { body }) => sum + body.length, 0) < SMALL_PAGE_CHARACTERS;
}

/** Where sequences are missing in [from, end). */
function holesBetween(messages: readonly ShownEvent[], from: number, end: number): Hole[] {
  const ends = [...messages.map(({ sequence }) => sequence), end];
  return ends
    .map((sequence, place) => ({ first: (ends[place - 1] ?? from - 1) + 1, last: sequence - 1 }))
    .filter(({ first, last }) => first <= last);
}

async function readHoles(
  http: HttpCaller,
  conversationId: string,
  holes: readonly Hole[],
): Promise<ShownEvent[]> {
  const pages = await Promise.all(holes.map(async (hole) => await readHole(http, conversationId, hole)));
  return pages.flat();
}

async function readHole(http: HttpCaller, conversationId: string, hole: Hole): Promise<ShownEvent[]> {
  try {
    const { events } = await http.call('list_events', {
      conversationId,
      after: hole.first - 1,
      limit: Math.min(limits.pageItemsMax, hole.last - hole.first + 1),
    });
    return events.filter(isShown).filter(({ type, sequence }) => {
      return type !== 'message_event' && sequence >= hole.first && sequence <= hole.last;
    });
  } catch {
    // A line about who joined is missing then; no message is.
    return [];
  }
}

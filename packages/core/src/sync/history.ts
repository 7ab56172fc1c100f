import type { ConversationLog, StoredEvent } from '@confab/contracts';
import { ConfabError, limits, parseEventId } from '@confab/protocol';
import type { Access } from '../membership/access.ts';
import { headOf } from '../conversations/summaries.ts';
import { frameFor } from '../log/event-codec.ts';
import { headOfLog } from './replay.ts';

type Place = number | string;

/** A page of messages: the first after, the last before, or those around a place; without one the newest. */
export interface HistoryRequest {
  readonly conversationId: string;
  readonly userId: string;
  readonly after: Place | null;
  readonly before: Place | null;
  readonly around: Place | null;
  readonly limit: number;
}

const TYPE_PREFIX = '{"type":"message_event",';

/** Messages in their current state, by pages. */
export class History {
  readonly #log: ConversationLog;
  readonly #access: Access;

  constructor(log: ConversationLog, access: Access) {
    this.#log = log;
    this.#access = access;
  }

  /** The page as encoded JSON. */
  async page(request: HistoryRequest): Promise<string> {
    const { conversationId, userId } = request;
    const places = [request.after, request.before, request.around].filter((place) => place !== null);
    if (places.length > 1) throw new ConfabError('invalid', 'Give one of after, before and around.');
    // The head first: who is a member after it was read may see all up to it.
    const head = await headOfLog(this.#log, conversationId);
    const membership = await this.#access.member(conversationId, userId);
    if (head === null) throw new ConfabError('not_found');
    const events = await this.#read(request, { floor: membership.from - 1, head: head.sequence });
    const messages = events.map((event) => messageOf(frameFor(userId, event))).join(',');
    return `{"messages":[${messages}],"head":${JSON.stringify(headOf(head))}}`;
  }

  /**
   * Refuses a reply to what is no message the user may read. Who may read nothing of the conversation is refused where
   * the send is decided, in the words for a conversation that does not exist.
   */
  async refuseUnknownReply(conversationId: string, userId: string, messageId: string): Promise<void> {
    const range = await this.#access.readable(conversationId, userId);
    if (range === null || range.to !== null) return;
    const sequence = parseEventId(messageId)?.sequence ?? 0;
    const [event] = await this.#log.read({
      conversationId,
      after: Math.max(sequence, range.from) - 1,
      before: sequence + 1,
      limit: 1,
      bytesMax: limits.pageBytesMax,
      type: 'message_event',
    });
    if (event?.eventId === messageId) return;
    throw new ConfabError('invalid', 'Field replyTo names no message of this conversation.');
  }

  async #read(request: HistoryRequest, range: MessageRange): Promise<readonly StoredEvent[]> {
    const { conversationId, limit } = request;
    const page = { conversationId, ...range, limit, bytesMax: limits.pageBytesMax };
    if (request.after !== null) {
      return await this.#after({ ...page, place: sequenceOf(conversationId, request.after) });
    }
    if (request.around !== null) {
      const around = sequenceOf(conversationId, request.around);
      const half = { ...page, bytesMax: Math.floor(page.bytesMax / 2) };
      const olderLimit = Math.floor(limit / 2);
      const older = olderLimit === 0 ? [] : await this.#before({ ...half, limit: olderLimit, place: around });
      const newer = await this.#after({ ...half, limit: limit - olderLimit, place: around - 1 });
      return [...older, ...newer];
    }
    const place = request.before === null ? range.head + 1 : sequenceOf(conversationId, request.before);
    return await this.#before({ ...page, place });
  }

  /** The first messages after a place. */
  async #after({
    conversationId,
    place,
    floor,
    head,
    limit,
    bytesMax,
  }: MessagePage): Promise<readonly StoredEvent[]> {
    const after = Math.max(floor, place);
    const type = 'message_event';
    const events = await this.#log.read({ conversationId, after, before: null, limit, bytesMax, type });
    return events.filter((event) => event.sequence <= head);
  }

  /** The last messages before a place. */
  async #before({
    conversationId,
    place,
    floor,
    head,
    limit,
    bytesMax,
  }: MessagePage): Promise<readonly StoredEvent[]> {
    const before = Math.min(head + 1, place);
    const type = 'message_event';
    return await this.#log.read({ conversationId, after: floor, before, limit, bytesMax, type });
  }
}

/** What of the log the asker may read: above the floor, up to the head. */
interface MessageRange {
  readonly floor: number;
  readonly head: number;
}

interface MessagePage extends MessageRange {
  readonly conversationId: string;
  /** Exclusive. */
  readonly place: number;
  readonly limit: number;
  readonly bytesMax: number;
}

function sequenceOf(conversationId: string, place: Place): number {
  if (typeof place === 'number') return place;
  const parsed = parseEventId(place);
  if (parsed?.conversationId !== conversationId) {
    throw new ConfabError('invalid', 'The place names a message of another conversation.');
  }
  return parsed.sequence;
}

/** The message of a message_event frame: the same without its type. */
function messageOf(frame: string): string {
  return `{${frame.slice(TYPE_PREFIX.length)}`;
}

import type { ConversationLog, StoredEvent } from '@confab/contracts';
import { ConfabError, limits, parseEventId } from '@confab/protocol';
import type { Access } from '../conversations/access.ts';
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
    const membership = await this.#access.member(conversationId, userId);
    const head = await headOfLog(this.#log, conversationId);
    if (head === null) throw new ConfabError('not_found');
    const events = await this.#read(request, membership.from - 1);
    const messages = events.map((event) => messageOf(frameFor(userId, event))).join(',');
    return `{"messages":[${messages}],"head":${JSON.stringify(headOf(head))}}`;
  }

  async #read(request: HistoryRequest, floor: number): Promise<readonly StoredEvent[]> {
    const { conversationId, limit } = request;
    if (request.after !== null) {
      const after = Math.max(floor, sequenceOf(conversationId, request.after));
      return await this.#messages(conversationId, after, null, limit);
    }
    if (request.around !== null) {
      const around = sequenceOf(conversationId, request.around);
      const olderLimit = Math.floor(limit / 2);
      const older = olderLimit === 0 ? [] : await this.#messages(conversationId, floor, around, olderLimit);
      const newer = await this.#messages(conversationId, Math.max(floor, around - 1), null, limit - olderLimit);
      return [...older, ...newer];
    }
    const before = request.before === null ? Number.MAX_SAFE_INTEGER : sequenceOf(conversationId, request.before);
    return await this.#messages(conversationId, floor, before, limit);
  }

  async #messages(
    conversationId: string,
    after: number,
    before: number | null,
    limit: number,
  ): Promise<readonly StoredEvent[]> {
    const bytesMax = limits.pageBytesMax;
    return await this.#log.read({ conversationId, after, before, limit, bytesMax, type: 'message_event' });
  }
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

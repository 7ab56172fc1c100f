import { Lane } from '@confab/core';
import { operations, verbs, type OperationFrame } from '@confab/protocol';

/** Conversations of one connection with sends under way or refused; beyond it the connection ends with 4101. */
const lanesMax = 1_000;

/** Verbs that are told apart by a client id in a conversation, which are those whose order counts. */
const LANE_VERBS: ReadonlySet<string> = new Set(
  verbs.filter((verb) => {
    const fields = operations[verb].request.properties;
    return operations[verb].frame && 'clientMessageId' in fields && 'conversationId' in fields;
  }),
);

interface Occupied {
  readonly lane: Lane;
  underWay: number;
}

/** The lanes of one connection: one a conversation, kept while something is under way in it or it is blocked. */
export class Lanes {
  readonly #byConversation = new Map<string, Occupied>();

  get isEmpty(): boolean {
    return this.#byConversation.size === 0;
  }

  /** The lane for one more request; null where there would be too many. `leave` follows. */
  enter(conversationId: string): Lane | null {
    const known = this.#byConversation.get(conversationId);
    if (known !== undefined) {
      known.underWay += 1;
      return known.lane;
    }
    if (this.#byConversation.size >= lanesMax) return null;
    const lane = new Lane();
    this.#byConversation.set(conversationId, { lane, underWay: 1 });
    return lane;
  }

  /** The request is answered. A lane that nothing is in and nothing blocks is forgotten. */
  leave(conversationId: string): void {
    const known = this.#byConversation.get(conversationId);
    if (known === undefined) return;
    known.underWay -= 1;
    if (known.underWay === 0 && !isBlocked(known.lane)) this.#byConversation.delete(conversationId);
  }
}

/** Whether the next request of a lane would be refused. */
function isBlocked(lane: Lane): boolean {
  return lane.blocks({ lane, position: Number.MAX_SAFE_INTEGER, clientMessageId: '' });
}

/** The conversation in whose lane a frame goes, or null where its order does not count. */
export function laneOf(frame: OperationFrame): string | null {
  return LANE_VERBS.has(frame.type) && 'conversationId' in frame ? frame.conversationId : null;
}

/**
 * Notes a refusal of our own that may be retried, so that later sends do not overtake it. True where the send stands
 * behind a refused one anyway, which is then what it is told.
 */
export function blockLane(lane: Lane, frame: OperationFrame): boolean {
  if (frame.type === 'abandon_send' || !('clientMessageId' in frame) || frame.clientMessageId === undefined)
    return false;
  const place = lane.enter(frame.clientMessageId);
  if (lane.holdsBack(place)) return true;
  lane.refuse(place);
  return false;
}

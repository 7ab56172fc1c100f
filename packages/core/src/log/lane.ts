import { ConfabError } from '@confab/protocol';

/** Refused sends that are remembered; as many as a connection may have under way. Those beyond it hold nothing back. */
const REFUSED_MAX = 1_000;
const NOTHING = (): void => undefined;

/** A send that was refused and may be retried. */
interface RefusedSend {
  /** Where it stood when it was first sent: its retries stand there too. */
  readonly rank: number;
  /** The position of its newest retry that is under way, or null: it waits to be sent again. */
  readonly retry: number | null;
}

/**
 * The sends of one connection to one conversation, in the order they came. When one is refused and may be retried,
 * those that came behind it are refused too (`after_previous`) until it is sent again or given up: what a device sends
 * to a conversation commits in the order sent. That holds for what had come before the retry and is decided after it.
 */
export class Lane {
  #lastPosition = 0;
  /** By client id; nearly always empty. Those refused only for standing behind another hold what is behind them too. */
  readonly #refused = new Map<string, RefusedSend>();
  /** The last request that waits to be handed to its writer, or null: the next may go at once. */
  #turn: Promise<void> | null = null;

  /** Takes the next place, at the moment the request arrives. A retry of a refused one opens the lane behind it. */
  enter(clientMessageId: string): LanePlace {
    this.#lastPosition += 1;
    const position = this.#lastPosition;
    const refused = this.#refused.get(clientMessageId);
    if (refused !== undefined) this.#refused.set(clientMessageId, { rank: refused.rank, retry: position });
    return { lane: this, position, clientMessageId };
  }

  /** Whether a request has to be refused for one before it that is not done, and for that alone. */
  blocks(place: LanePlace): boolean {
    if (this.#refused.size === 0) return false;
    const rank = this.#rankOf(place);
    for (const [clientMessageId, refused] of this.#refused) {
      if (clientMessageId === place.clientMessageId || refused.rank >= rank) continue;
      if (refused.retry === null || refused.retry > place.position) return true;
    }
    return false;
  }

  /** Whether a request is refused for one before it; if so that is noted at once, for it holds back those behind it. */
  holdsBack(place: LanePlace): boolean {
    if (!this.blocks(place)) return false;
    this.refuse(place);
    return true;
  }

  #rankOf(place: LanePlace): number {
    const own = this.#refused.get(place.clientMessageId);
    return own?.retry === place.position ? own.rank : place.position;
  }

  /** Notes a refusal that may be retried. */
  refuse(place: LanePlace): void {
    const own = this.#refused.get(place.clientMessageId);
    if (own === undefined && this.#refused.size >= REFUSED_MAX) return;
    const isRetriedSince = own !== undefined && own.retry !== null && own.retry > place.position;
    // A retry may be refused before the attempt that it repeats is.
    const rank = Math.min(own?.rank ?? place.position, place.position);
    this.#refused.set(place.clientMessageId, { rank, retry: isRetriedSince ? own.retry : null });
  }

  /** The client gives the refused request up. */
  abandon(clientMessageId: string): void {
    this.#refused.delete(clientMessageId);
  }

  /**
   * Hands a request to its writer in the order of the lane, after what it needs first (its members looked up, say), and
   * notes how it ended. `submit` must have put it into the writer's queue when it returns.
   */
  async run<T>(
    place: LanePlace,
    prepare: (() => Promise<void>) | null,
    submit: () => Promise<T>,
  ): Promise<T> {
    try {
      const result = await this.#inTurn(place, prepare, submit);
      this.#refused.delete(place.clientMessageId);
      return result;
    } catch (error) {
      this.#noteRefusal(place, error);
      throw error;
    }
  }

  async #inTurn<T>(
    place: LanePlace,
    prepare: (() => Promise<void>) | null,
    submit: () => Promise<T>,
  ): Promise<T> {
    const before = this.#turn;
    if (before === null && prepare === null) return await submit();
    let passOn = NOTHING;
    const turn = new Promise<void>((resolve) => {
      passOn = resolve;
    });
    this.#turn = turn;
    let answer: Promise<T>;
    try {
      // Both at once: a look-up need not wait for those of the requests before.
      await Promise.all([before, prepare?.()]);
      answer = submit();
    } catch (error) {
      await before;
      this.#noteRefusal(place, error);
      throw error;
    } finally {
      if (this.#turn === turn) this.#turn = null;
      passOn();
    }
    return await answer;
  }

  /** A fault counts as a refusal that may be retried: it is answered with `internal`. */
  #noteRefusal(place: LanePlace, error: unknown): void {
    if (error instanceof ConfabError && error.retry === 'never') this.#refused.delete(place.clientMessageId);
    else this.refuse(place);
  }
}

/** One request's place in its lane. */
export interface LanePlace {
  readonly lane: Lane;
  readonly position: number;
  readonly clientMessageId: string;
}

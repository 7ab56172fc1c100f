import type { Observer } from '@confab/contracts';
import type { Caller, Chat, Lane, RateLimits, Reply } from '@confab/core';
import { closeCodes, ConfabError, labelsOf, limits, type OperationFrame, operations } from '@confab/protocol';
import { blockLane, laneOf, Lanes } from './lanes.ts';
import { refusalOf } from './refusal.ts';
import { answerText, errorText } from './server-texts.ts';

/** Requests one connection may have under way. */
export const { requestsUnderWayMax } = limits;
/** When a refused one may be sent again. */
const UNDER_WAY_RETRY_MS = 1_000;
/** Pages read for one connection at once: a page is large, a request for one is small. */
const SYNCS_MAX = 4;

/** What requests need of the node. */
export interface RequestPorts {
  readonly chat: Chat;
  readonly observer: Observer;
  readonly rateLimits: RateLimits;
  /** True once this node is going away: what is under way is finished, nothing new is begun. */
  readonly isDraining: () => boolean;
}

/** What requests need of the connection they come on. */
export interface RequestsOwner {
  /** Names the bucket of the `frame` limit. */
  readonly rateKey: string;
  /** Resolves when the reader has room for a page; rejects when there is no reader any more. */
  room(): Promise<void>;
  close(code: number, reason: string): void;
}

/** The frame that answers a request. Success of a verb without an answer need not be said where nobody asked by `ref`. */
export interface Answer {
  readonly text: string;
  readonly isNeeded: boolean;
}

/**
 * The operations of one connection: each begins at the moment it arrives, in its lane, and is bounded together with
 * the others. Answers come as they are ready.
 */
export class Requests {
  readonly #ports: RequestPorts;
  readonly #owner: RequestsOwner;
  readonly #lanes = new Lanes();
  #underWay = 0;
  #syncs = 0;
  #syncTurns: (() => void)[] | null = null;

  constructor(ports: RequestPorts, owner: RequestsOwner) {
    this.#ports = ports;
    this.#owner = owner;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** True where nothing is under way and no lane remembers a refusal: it may be forgotten and made anew. */
  get isIdle(): boolean {
    return this.#underWay === 0 && this.#lanes.isEmpty;
  }

  /** Begins an operation within this call. Never rejects: a refusal is an answer. */
  run(frame: OperationFrame, caller: Caller): Promise<Answer> {
    const refusal = this.#refusalBefore();
    if (refusal !== null) return Promise.resolve(this.refuse(frame, refusal));
    const conversationId = laneOf(frame);
    const lane = conversationId === null ? null : this.#lanes.enter(conversationId);
    if (conversationId !== null && lane === null) return Promise.resolve(this.#overflow(frame));
    this.#underWay += 1;
    return this.#begin(frame, caller, lane).then(
      (reply) => this.#done(conversationId, answered(frame, reply)),
      (error: unknown) => this.#done(conversationId, this.#refused(frame, error)),
    );
  }

  /** Refuses an operation that may be sent again later; the lane remembers, so that later ones do not overtake it. */
  refuse(frame: OperationFrame, error: ConfabError): Answer {
    const conversationId = laneOf(frame);
    if (conversationId !== null) {
      const lane = this.#lanes.enter(conversationId);
      if (lane === null) return this.#overflow(frame);
      const isBehind = blockLane(lane, frame);
      this.#lanes.leave(conversationId);
      if (isBehind) return this.#refused(frame, new ConfabError('after_previous'));
    }
    return this.#refused(frame, error);
  }

  #refusalBefore(): ConfabError | null {
    if (this.#ports.isDraining()) return new ConfabError('draining');
    const afterMs = this.#ports.rateLimits.take('frame', this.#owner.rateKey);
    if (afterMs > 0) return new ConfabError('rate_limited', undefined, { afterMs });
    if (this.#underWay < requestsUnderWayMax) return null;
    return new ConfabError('rate_limited', 'Too many requests are under way.', {
      afterMs: UNDER_WAY_RETRY_MS,
    });
  }

  /** A connection that neither retries nor gives up what was refused, in so many conversations, starts over. */
  #overflow(frame: OperationFrame): Answer {
    this.#owner.close(closeCodes.tooManyFrames, 'too_many_refused_sends');
    return this.#refused(frame, new ConfabError('rate_limited'));
  }

  async #begin(frame: OperationFrame, caller: Caller, lane: Lane | null): Promise<Reply> {
    if (frame.type === 'sync') return await this.#sync(frame, caller);
    return await this.#ports.chat.handle(frame.type, caller, frame, { lane, gone: null });
  }

  async #sync(frame: OperationFrame & { type: 'sync' }, caller: Caller): Promise<Reply> {
    if (this.#syncs < SYNCS_MAX) this.#syncs += 1;
    else await new Promise<void>((resolve) => (this.#syncTurns ??= []).push(resolve));
    try {
      await this.#owner.room();
      return await this.#ports.chat.handle('sync', caller, frame, { lane: null, gone: null });
    } finally {
      const next = this.#syncTurns?.shift();
      if (next === undefined) this.#syncs -= 1;
      else next();
    }
  }

  #done(conversationId: string | null, answer: Answer): Answer {
    this.#underWay -= 1;
    if (conversationId !== null) this.#lanes.leave(conversationId);
    return answer;
  }

  #refused(frame: OperationFrame, error: unknown): Answer {
    const refusal = refusalOf(error, frame.type, this.#ports.observer);
    return { text: errorText(refusal, labelsOf({ ...frame })), isNeeded: true };
  }
}

function answered(frame: OperationFrame, reply: Reply): Answer {
  const isNeeded = frame.ref !== undefined || operations[frame.type].answer !== null;
  return { text: answerText(frame, reply), isNeeded };
}

import type { EndOfTurn } from './end-of-turn.ts';

/**
 * Steps of resumes in one turn of the event loop. A step reads some tenths of a millisecond from the store, so a send
 * that comes in during a storm waits for a few milliseconds of others' resumes and not for all of them.
 */
const STEPS_PER_TURN = 8;

/**
 * Lets resumes go on a few steps at a time. Where a store answers at once, thousands that come back together would else
 * run to their end before any socket is read again. Those that have begun go first, so that they end one after the
 * other and not all at the last moment.
 */
export class ResumeTurns {
  readonly #soon: EndOfTurn;
  readonly #begun: (() => void)[] = [];
  readonly #new: (() => void)[] = [];
  #stepsLeft = STEPS_PER_TURN;
  #isScheduled = false;

  constructor(soon: EndOfTurn) {
    this.#soon = soon;
  }

  /** Resolves when a resume may begin. */
  begin(): Promise<void> | undefined {
    return this.#wait(this.#new);
  }

  /** Resolves when a resume that has begun may take its next step. */
  goOn(): Promise<void> | undefined {
    return this.#wait(this.#begun);
  }

  #wait(queue: (() => void)[]): Promise<void> | undefined {
    this.#schedule();
    if (this.#stepsLeft > 0 && this.#begun.length + this.#new.length === 0) {
      this.#stepsLeft -= 1;
      return undefined;
    }
    return new Promise((resolve) => {
      queue.push(resolve);
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#soon(this.#deal);
  }

  readonly #deal = (): void => {
    this.#isScheduled = false;
    const going = this.#begun.splice(0, STEPS_PER_TURN);
    going.push(...this.#new.splice(0, STEPS_PER_TURN - going.length));
    this.#stepsLeft = STEPS_PER_TURN - going.length;
    for (const go of going) go();
    if (this.#begun.length + this.#new.length > 0) this.#schedule();
  };
}

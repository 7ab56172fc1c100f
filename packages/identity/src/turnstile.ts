import { ConfabError } from '@confab/protocol';

/** What a turnstile lets through. */
export interface TurnstileBounds {
  /** Pieces of work that run at once. */
  readonly concurrentMax: number;
  /** Pieces of work that wait for their turn; one more is refused with `unavailable`. */
  readonly waitingMax: number;
  /** What the refused are told to wait, milliseconds. */
  readonly afterMs: number;
}

/** Bounds how much of something expensive runs and waits at once. First come, first served. */
export class Turnstile {
  readonly #bounds: TurnstileBounds;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(bounds: TurnstileBounds) {
    this.#bounds = bounds;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    const { concurrentMax, waitingMax, afterMs } = this.#bounds;
    if (this.#running < concurrentMax) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= waitingMax) {
      throw new ConfabError('unavailable', 'Too many of these at once; try again shortly.', { afterMs });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }

  /** The place goes to the first who waits, so that nobody who comes later can take it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

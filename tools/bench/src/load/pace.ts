import { nowUs } from './now.ts';

const TICK_MS = 1;
const MICROSECONDS = 1e6;

/**
 * Times at which things are meant to happen: so many a second on average, independent of each other (a Poisson process),
 * and of how long each takes. Where the process comes late, it says the time that was meant.
 */
export class Pace {
  readonly #perSecond: number;
  readonly #action: (meantUs: number) => void;
  readonly #random: () => number;
  #nextUs = nowUs();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(perSecond: number, seed: number, action: (meantUs: number) => void) {
    this.#perSecond = perSecond;
    this.#random = seededRandom(seed);
    this.#action = action;
    if (perSecond > 0) this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tick(): void {
    this.#timer = setTimeout(() => this.#tick(), TICK_MS);
    for (const now = nowUs(); this.#nextUs <= now;) {
      this.#action(this.#nextUs);
      this.#nextUs += Math.round((-Math.log(1 - this.#random()) / this.#perSecond) * MICROSECONDS);
    }
  }
}

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

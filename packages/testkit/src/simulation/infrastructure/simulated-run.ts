import type { DrivenClock } from '../../driven-clock.ts';

/**
 * One run of a process, as everything around it sees it: what reaches it - a message, an answer, a timer - happens now,
 * after it was paused, or never.
 */
export class SimulatedRun {
  readonly runId: string;
  readonly #clock: DrivenClock;
  #isCrashed = false;
  #isPaused = false;
  readonly #whenCrashed: (() => void)[] = [];
  /** What reached it while it was paused and has not happened yet, in that order. */
  readonly #held: (() => void)[] = [];

  constructor(runId: string, clock: DrivenClock) {
    this.runId = runId;
    this.#clock = clock;
  }

  get isCrashed(): boolean {
    return this.#isCrashed;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Nothing reaches it any more. */
  crash(): void {
    if (this.#isCrashed) return;
    this.#isCrashed = true;
    this.#held.length = 0;
    for (const listener of this.#whenCrashed) listener();
  }

  /** Tells whoever notices that a process is no more. */
  whenCrashed(listener: () => void): void {
    this.#whenCrashed.push(listener);
  }

  /** A paused one finds everything that reached it meanwhile when it goes on, one thing after the other. */
  pause(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    if (!isPaused && this.#held.length > 0) this.#clock.after(0, () => this.#goOn());
  }

  reach(action: () => void): void {
    if (this.#isCrashed) return;
    if (this.#isPaused || this.#held.length > 0) this.#held.push(action);
    else action();
  }

  #goOn(): void {
    if (this.#isPaused) return;
    // It stays the first until it is done, so that nothing overtakes the others.
    this.#held[0]?.();
    this.#held.shift();
    if (this.#held.length > 0) this.#clock.after(0, () => this.#goOn());
  }
}

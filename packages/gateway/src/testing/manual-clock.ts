import type { Clock } from '@confab/contracts';

interface Timer {
  readonly atMs: number;
  readonly action: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = Date.UTC(2030, 0, 1);
  readonly #timers = new Set<Timer>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, action };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers go off in their order, each at its own time. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (let next = this.#next(endMs); next !== null; next = this.#next(endMs)) {
      this.#nowMs = next.atMs;
      this.#timers.delete(next);
      next.action();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Timer | null {
    let first: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (first === null || timer.atMs < first.atMs)) first = timer;
    }
    return first;
  }
}

/** Lets everything that is due in this turn of the event loop happen, the writing of frames included. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** Lets time pass in small steps until the promise is settled. */
export async function passing(clock: ManualClock, promise: Promise<unknown>): Promise<void> {
  const state = { isSettled: false };
  void promise.finally(() => (state.isSettled = true));
  while (!state.isSettled) {
    await settled();
    clock.advance(1);
  }
}

import type { Timers } from '../index.ts';

/** Lets everything run that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

interface Waiting {
  atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is driven. */
export class DrivenTimers implements Timers {
  #nowMs = Date.UTC(2026, 0, 1);
  #order = 0;
  readonly #waiting = new Set<Waiting>();

  readonly now = (): number => this.#nowMs;

  readonly after = (delayMs: number, callback: () => void): (() => void) => {
    this.#order += 1;
    const entry = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, callback };
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  };

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Passes time; whatever comes due runs in order, and has settled before the next. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await settle();
    for (;;) {
      const due = [...this.#waiting]
        .filter(({ atMs }) => atMs <= endMs)
        .sort((one, other) => one.atMs - other.atMs || one.order - other.order)[0];
      if (due === undefined) break;
      this.#waiting.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.callback();
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** The wall clock is set, as users and time servers do. Nothing comes due by it. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
    for (const entry of this.#waiting) entry.atMs += byMs;
  }
}

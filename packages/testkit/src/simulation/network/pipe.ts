import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';

interface InFlight<Item> {
  readonly item: Item;
  readonly bytes: number;
  readonly dueMs: number;
}

export interface PipeOptions<Item> {
  readonly clock: DrivenClock;
  readonly random: SeededRandom;
  /** How long the next item travels. */
  readonly latencyMs: () => number;
  readonly deliver: (item: Item) => void;
}

/**
 * One direction of a TCP connection: what is put in comes out in that order, after a while; or, once the line is cut,
 * never. Where nobody reads at the far end, it waits here.
 */
export class Pipe<Item> {
  readonly #options: PipeOptions<Item>;
  #inFlight: InFlight<Item>[] = [];
  #lastDueMs = 0;
  #isCut = false;
  #isRead = true;
  #isArmed = false;
  /** Told when something was taken out. */
  onTaken: (() => void) | null = null;
  /** Bytes on their way or waiting to be read. */
  bytes = 0;

  constructor(options: PipeOptions<Item>) {
    this.#options = options;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  put(item: Item, bytes: number): void {
    if (this.#isCut) return;
    const { clock, latencyMs } = this.#options;
    this.#lastDueMs = Math.max(this.#lastDueMs, clock.nowMs() + latencyMs());
    this.#inFlight.push({ item, bytes, dueMs: this.#lastDueMs });
    this.bytes += bytes;
    this.#arm();
  }

  /** The line is cut: of what is on its way the first part may still come out, nothing else ever does. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    const kept = this.#options.random.below(this.#inFlight.length + 1);
    for (const { bytes } of this.#inFlight.splice(kept)) this.bytes -= bytes;
  }

  /** Whether the far end takes what arrives. */
  setRead(isRead: boolean): void {
    this.#isRead = isRead;
    if (isRead) this.#arm();
  }

  /** Nothing comes out any more: the far end is gone. */
  end(): void {
    this.#isCut = true;
    this.#inFlight = [];
    this.bytes = 0;
  }

  #arm(): void {
    const [first] = this.#inFlight;
    if (first === undefined || this.#isArmed || !this.#isRead) return;
    this.#isArmed = true;
    const { clock } = this.#options;
    clock.after(first.dueMs - clock.nowMs(), () => {
      this.#isArmed = false;
      if (this.#isRead) this.#take();
    });
  }

  /** One at a time: between two items the far end may stop reading, or end. */
  #take(): void {
    const next = this.#inFlight.shift();
    if (next === undefined) return;
    this.bytes -= next.bytes;
    this.#options.deliver(next.item);
    this.onTaken?.();
    this.#arm();
  }
}

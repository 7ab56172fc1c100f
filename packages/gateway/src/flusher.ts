import type { Clock } from '@confab/contracts';
import type { EndOfTurn } from './end-of-turn.ts';

/** Something that has frames to write. */
export interface Flushable {
  flush(): void;
}

/** A flush of more sockets than this is a fan-out; the next one waits a little, so that frames meet in one write. */
const BUSY_SOCKETS_MIN = 256;
/** How long it waits after the end of the one before. */
const BUSY_WINDOW_MS = 2;

/** How the flusher is called back: at the end of this turn of the event loop, and after a time. */
export interface FlushSchedule {
  readonly soon: EndOfTurn;
  readonly clock: Clock;
}

/**
 * One list of connections that have something to write, flushed once a turn of the event loop: frames that came
 * together leave in one system call for each socket. No connection has a timer or a callback of its own.
 */
export class Flusher {
  readonly #schedule: FlushSchedule;
  #waiting: Flushable[] = [];
  #isScheduled = false;
  #isBusy = false;

  constructor(schedule: FlushSchedule) {
    this.#schedule = schedule;
  }

  /** The caller adds itself once until it was flushed. */
  add(item: Flushable): void {
    this.#waiting.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (this.#isBusy) this.#schedule.clock.after(BUSY_WINDOW_MS, this.#flush);
    else this.#schedule.soon(this.#flush);
  }

  readonly #flush = (): void => {
    const items = this.#waiting;
    this.#waiting = [];
    this.#isScheduled = false;
    for (const item of items) item.flush();
    const wasBusy = this.#isBusy;
    this.#isBusy = items.length >= BUSY_SOCKETS_MIN;
    if (this.#isBusy && !wasBusy) this.#schedule.clock.after(BUSY_WINDOW_MS, this.#calm);
  };

  /** The window is over: what comes from here on need not wait. */
  readonly #calm = (): void => {
    if (!this.#isScheduled) this.#isBusy = false;
    else this.#schedule.clock.after(BUSY_WINDOW_MS, this.#calm);
  };
}

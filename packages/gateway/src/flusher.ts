import type { Clock } from '@confab/contracts';
import type { EndOfTurn } from './end-of-turn.ts';

/** Something that has frames to write. */
export interface Flushable {
  flush(): void;
  /** In which of the flusher's lists it stands; nobody else writes these. */
  isInTurn: boolean;
  isInCrowd: boolean;
}

/** More sockets than this in one turn are a crowd. */
const CROWD_MIN = 256;
/** Sockets of a crowd written in one turn: at about 8 us for a write to the system, a millisecond of it. */
const CROWD_PER_TURN = 128;
/** After a crowd the next flush waits so long, so that frames meet in one write. */
const WINDOW_MS = 2;

/** How the flusher is called back: at the end of this turn of the event loop, and after a time. */
export interface FlushSchedule {
  readonly soon: EndOfTurn;
  readonly clock: Clock;
  /** Told of what one of them threw; the others are flushed all the same. */
  readonly faulted: (error: unknown) => void;
}

/**
 * The connections that have something to write, flushed at the end of each turn of the event loop: frames that came
 * together leave in one system call for each socket. No connection has a timer or a callback of its own.
 *
 * A message to thousands is tens of milliseconds of system calls. They are made in the order of the crowd, a part in
 * each turn: what comes meanwhile for a few goes first, also to members of the crowd, and what comes for all of them
 * meets the first message in the sockets that are still to be written.
 */
export class Flusher {
  readonly #schedule: FlushSchedule;
  #turn: Flushable[] = [];
  #crowd: Flushable[] = [];
  /** How many at the beginning of it are written. */
  #written = 0;
  #isScheduled = false;
  #windowEndsMs = 0;

  constructor(schedule: FlushSchedule) {
    this.#schedule = schedule;
  }

  /** It is flushed soon, with all that it has by then. */
  add(item: Flushable): void {
    if (item.isInTurn) return;
    item.isInTurn = true;
    this.#turn.push(item);
    this.#plan();
  }

  #plan(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (this.#isInWindow()) this.#schedule.clock.after(WINDOW_MS, this.#flush);
    else this.#schedule.soon(this.#flush);
  }

  #isInWindow(): boolean {
    if (this.#crowd.length > 0) return false;
    const leftMs = this.#windowEndsMs - this.#schedule.clock.nowMs();
    // A clock that was set back says nothing of a window.
    return leftMs > 0 && leftMs <= WINDOW_MS;
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    const items = this.#turn;
    this.#turn = [];
    const isCrowd = items.length >= CROWD_MIN;
    for (const item of items) {
      item.isInTurn = false;
      if (!isCrowd) this.#flushOne(item);
      else if (!item.isInCrowd) {
        item.isInCrowd = true;
        this.#crowd.push(item);
      }
    }
    if (this.#crowd.length > 0) this.#flushCrowd();
  };

  #flushOne(item: Flushable): void {
    try {
      item.flush();
    } catch (error) {
      this.#schedule.faulted(error);
    }
  }

  #flushCrowd(): void {
    const end = Math.min(this.#crowd.length, this.#written + CROWD_PER_TURN);
    for (const item of this.#crowd.slice(this.#written, end)) {
      item.isInCrowd = false;
      this.#flushOne(item);
    }
    this.#written = end;
    if (2 * end >= this.#crowd.length) {
      this.#crowd.splice(0, end);
      this.#written = 0;
    }
    if (this.#crowd.length > 0) this.#plan();
    else this.#windowEndsMs = this.#schedule.clock.nowMs() + WINDOW_MS;
  }
}

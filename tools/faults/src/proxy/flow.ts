/** The two directions of a link, by where the bytes go. */
export type Direction = 'toServer' | 'toClient';

/** How bytes fare in one direction. */
export type Flow = {
  /**
   * `open`: they pass. `held`: none is read, so that the sender's buffers fill up; all of them pass once it is open
   * again. `lost`: they are read and thrown away, and nothing of the other end is heard, not even that it went; the
   * stream has a hole from then on, and can only be cut.
   */
  readonly passage: 'open' | 'held' | 'lost';
  /** Each byte arrives so much later. */
  readonly delayMs: number;
  readonly bytesPerSecond: number;
};

/** What is to be different from now on; what is not named stays as it is. */
export type Course = { readonly [D in Direction]?: Partial<Flow> };

/** How a link ends for both sides: `reset` as by a machine that crashed (RST), `end` as by one that hung up (FIN). */
export type Cut = 'reset' | 'end';

/** Bytes pass at once, as many as there are. */
export const OPEN: Flow = { passage: 'open', delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };

/** As if nothing had been changed. */
export const CLEAR: Course = { toServer: OPEN, toClient: OPEN };

/** Half open: both sides stay connected and hear nothing of each other. */
export const BLACK_HOLE: Course = { toServer: { passage: 'lost' }, toClient: { passage: 'lost' } };

/** What is asked arrives and is done; nobody hears of it. */
export const ANSWERS_LOST: Course = { toClient: { passage: 'lost' } };

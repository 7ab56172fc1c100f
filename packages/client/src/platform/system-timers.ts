import type { Timers } from '../client-types.ts';

/** The platform's own clock. */
export const systemTimers: Timers = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    return () => clearTimeout(handle);
  },
};

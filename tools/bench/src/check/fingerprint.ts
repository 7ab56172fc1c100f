const FACTOR = 0x01000193;
const LOW_BITS = 2 ** 32;

/** That of a stream in which nothing stands yet. */
export const EMPTY_FINGERPRINT = 0x11c9dc5;
/** In place of the number of an event that is no message of a load. */
export const NO_NUMBER = 0;

/**
 * The fingerprint of a stream of events with one more at its end. A reader keeps this number instead of millions of
 * events, and the log gives the same number only if it holds the same messages at the same sequences: it is a hash of 32
 * bits, so that one wrong stream of 4,000 million is taken for a right one.
 */
export function withEvent(fingerprint: number, sequence: number, number: number): number {
  const low = Math.imul(fingerprint ^ (number % LOW_BITS), FACTOR);
  return Math.imul(low ^ sequence, FACTOR) ^ (low >>> 15) ^ Math.floor(number / LOW_BITS);
}

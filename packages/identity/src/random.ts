import { randomFillSync } from 'node:crypto';
import type { Random } from '@confab/contracts';

/** One call for so many random bytes costs about as much as one for a single id's. */
const POOL_BYTES = 8192;
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 'latin1');

/** Chance from the operating system, drawn in pools. What was given out is wiped from the pool. */
export function createRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;

  const take = (bytes: number): number => {
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const at = used;
    used += bytes;
    return at;
  };

  const urlSafe = (length: number): string => {
    if (!Number.isInteger(length) || length < 1 || length > POOL_BYTES) {
      throw new RangeError(`A random text has 1 to ${POOL_BYTES} characters, not ${length}.`);
    }
    const at = take(length);
    for (let index = at; index < at + length; index += 1)
      pool[index] = ALPHABET[(pool[index] ?? 0) & 63] ?? 0;
    const text = pool.toString('latin1', at, at + length);
    pool.fill(0, at, at + length);
    return text;
  };

  const fraction = (): number => {
    const at = take(8);
    const high = pool.readUInt32LE(at) >>> 5;
    const low = pool.readUInt32LE(at + 4) >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  };

  return { urlSafe, fraction };
}

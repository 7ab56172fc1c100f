import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test';
import { createClock } from './clock.ts';
import { createDigest } from './digest.ts';
import { createRandom } from './random.ts';

describe('digest', () => {
  const digest = createDigest(new Uint8Array(32).fill(1));

  test('is SHA-256 of the UTF-8, in its two forms', () => {
    const hex = digest.sha256Hex('grüße');
    expect(hex).toBe(new Bun.CryptoHasher('sha256').update('grüße').digest('hex'));
    expect(digest.sha256Id('grüße')).toBe(Buffer.from(hex, 'hex').toString('base64url').slice(0, 22));
    expect(digest.sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  test('is HMAC-SHA-256 under the secret', () => {
    const expected = new Bun.CryptoHasher('sha256', Buffer.alloc(32, 1)).update('grüße').digest('base64url');
    expect(digest.keyed('grüße')).toBe(expected);
    expect(digest.keyed('grüße')).toHaveLength(43);
    expect(createDigest(new Uint8Array(32).fill(2)).keyed('grüße')).not.toBe(expected);
  });

  test('needs a secret of 32 bytes', () => {
    expect(() => createDigest(new Uint8Array(31))).toThrow(/at least 32/);
  });
});

describe('random', () => {
  const random = createRandom();

  test('texts have their length and the alphabet, and none comes twice', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 20_000; index += 1) {
      const text = random.urlSafe(22);
      if (!/^[A-Za-z0-9_-]{22}$/.test(text)) throw new Error(text);
      seen.add(text);
    }
    expect(seen.size).toBe(20_000);
    expect([1, 8, 8192].map((length) => random.urlSafe(length).length)).toEqual([1, 8, 8192]);
  });

  test('every character comes about equally often', () => {
    const counts = new Map<string, number>();
    for (const character of Array.from({ length: 80 }, () => random.urlSafe(8192)).join('')) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    expect(counts.size).toBe(64);
    // 10,240 expected of each, standard deviation 100: ten of those happen to nobody.
    for (const count of counts.values()) expect(Math.abs(count - 10_240)).toBeLessThan(1_000);
  });

  test('a length that is none is refused', () => {
    for (const length of [0, -1, 1.5, 8193, Number.NaN, Infinity]) {
      expect(() => random.urlSafe(length)).toThrow(RangeError);
    }
  });

  test('fractions are in [0, 1) and spread', () => {
    const fractions = Array.from({ length: 20_000 }, () => random.fraction());
    expect(fractions.every((one) => one >= 0 && one < 1)).toBe(true);
    expect(Math.abs(fractions.reduce((sum, one) => sum + one, 0) / 20_000 - 0.5)).toBeLessThan(0.03);
  });
});

describe('clock', () => {
  const DAY_MS = 86_400_000;
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('calls once after the delay, also after one longer than a timer takes', () => {
    for (const delayMs of [0, 10, 24 * DAY_MS, 40 * DAY_MS]) {
      let calls = 0;
      createClock().after(delayMs, () => {
        calls += 1;
      });
      jest.advanceTimersByTime(Math.max(0, delayMs - 1));
      if (delayMs > 1) expect(calls).toBe(0);
      jest.advanceTimersByTime(2);
      expect(calls).toBe(1);
      jest.advanceTimersByTime(DAY_MS);
      expect(calls).toBe(1);
    }
  });

  test('a cancelled call does not come, neither in its first step nor in a later one', () => {
    let calls = 0;
    const count = (): void => {
      calls += 1;
    };
    const clock = createClock();
    clock.after(10, count)();
    const cancel = clock.after(40 * DAY_MS, count);
    jest.advanceTimersByTime(30 * DAY_MS);
    cancel();
    jest.advanceTimersByTime(40 * DAY_MS);
    expect(calls).toBe(0);
  });
});

import { describe, expect, test } from 'bun:test';
import { formatAgo, formatDay, formatListTime, localDay } from './format-time.ts';

const now = new Date(2026, 5, 17, 15, 30);
const at = (...parts: [number, number, number, number, number]) => new Date(...parts).toISOString();

describe('days', () => {
  test('a day ends at local midnight', () => {
    expect(localDay(new Date(2026, 5, 17, 0, 0))).toBe(localDay(new Date(2026, 5, 17, 23, 59)));
    expect(localDay(new Date(2026, 5, 18, 0, 0)) - localDay(new Date(2026, 5, 17, 23, 59))).toBe(1);
  });

  test('a change of summer time keeps days whole', () => {
    for (let day = 1; day < 400; day++) {
      expect(localDay(new Date(2026, 0, day + 1)) - localDay(new Date(2026, 0, day))).toBe(1);
    }
  });

  test('a line says today and yesterday, then the day, then the year too', () => {
    expect(formatDay(at(2026, 5, 17, 1, 0), now)).toBe('Today');
    expect(formatDay(at(2026, 5, 16, 23, 0), now)).toBe('Yesterday');
    expect(formatDay(at(2026, 5, 2, 9, 0), now)).not.toContain('2026');
    expect(formatDay(at(2025, 5, 2, 9, 0), now)).toContain('2025');
  });
});

describe('lists', () => {
  test('the further back, the coarser', () => {
    const texts = [
      at(2026, 5, 17, 9, 5),
      at(2026, 5, 16, 9, 5),
      at(2026, 5, 13, 9, 5),
      at(2026, 1, 3, 9, 5),
    ].map((time) => formatListTime(time, now));
    expect(texts[0]).toContain('05');
    expect(texts[1]).toBe('Yesterday');
    expect(new Set(texts).size).toBe(4);
  });

  test('a clock ahead of ours is still today', () => {
    expect(formatListTime(at(2026, 5, 18, 9, 5), now)).toContain('05');
  });

  test('how long ago', () => {
    const ago = (ms: number) => formatAgo(new Date(now.getTime() - ms).toISOString(), now);
    expect(ago(-5_000)).toBe(ago(0));
    expect(ago(5 * 60_000)).toContain('5');
    expect(ago(3 * 3_600_000)).toContain('3');
  });
});

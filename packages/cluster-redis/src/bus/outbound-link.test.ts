import { describe, expect, test } from 'bun:test';
import { defaultSettings } from '../settings.ts';
import { parseFrame } from './frame.ts';
import { OutboundLink } from './outbound-link.ts';

const makeLink = (settings = defaultSettings): OutboundLink =>
  new OutboundLink('node-a', 'link', settings, 0);

/** Sends so many frames of one envelope each. */
function send(link: OutboundLink, count: number, nowMs: number): void {
  for (let sent = 0; sent < count; sent += 1) {
    link.add(`"${link.counter + 1}"`);
    link.seal(nowMs);
  }
}

function bodies(texts: readonly string[]): string[] {
  return texts.map((text) => {
    const frame = parseFrame(text);
    return frame?.kind === 'data' ? `${frame.counter}${frame.body}` : 'another kind';
  });
}

describe('outbound link', () => {
  test('envelopes of one turn are one frame', () => {
    const link = makeLink();
    expect(link.seal(0)).toBeNull();
    link.add('1');
    link.add('2');
    expect(bodies([link.seal(0) ?? ''])).toEqual(['1[1,2]']);
    expect(link.seal(0)).toBeNull();
  });

  test('a frame that is full says so', () => {
    const link = makeLink({ ...defaultSettings, frameCharsMax: 10 });
    expect(link.add('12345')).toBe(false);
    expect(link.add('12345')).toBe(true);
  });

  test('frames are kept to be sent again; those that are gone are named', () => {
    const link = makeLink({ ...defaultSettings, keptFramesMax: 3 });
    send(link, 5, 0);
    expect(bodies(link.resend(4, 5).texts)).toEqual(['4["4"]', '5["5"]']);
    expect(link.resend(4, 5).goneUpTo).toBeNull();
    const all = link.resend(1, Number.MAX_SAFE_INTEGER);
    expect(bodies(all.texts)).toEqual(['3["3"]', '4["4"]', '5["5"]']);
    expect(all.goneUpTo).toBe(2);
    expect(link.resend(1, 1)).toEqual({ texts: [], goneUpTo: 1 });
    expect(link.resend(6, 9)).toEqual({ texts: [], goneUpTo: null });
  });

  test('what is kept is bounded by characters and by time', () => {
    const small = makeLink({ ...defaultSettings, keptCharsMax: 100 });
    send(small, 20, 0);
    expect(small.resend(1, 20).texts.join('').length).toBeLessThanOrEqual(100);
    const old = makeLink();
    send(old, 2, 0);
    old.beat(defaultSettings.keptMsMax);
    expect(old.resend(1, 2).goneUpTo).toBeNull();
    old.beat(defaultSettings.keptMsMax + 1);
    expect(old.resend(1, 2)).toEqual({ texts: [], goneUpTo: 2 });
  });

  test('[BUS4] it tells how far it is often while in use, and rarely else', () => {
    const link = makeLink();
    expect(link.beat(0)).toBeNull();
    send(link, 1, 0);
    const told: number[] = [];
    for (let nowMs = 0; nowMs <= 8_000; nowMs += 100) {
      const beat = link.beat(nowMs);
      if (beat === null) continue;
      expect(parseFrame(beat)).toMatchObject({
        kind: 'beat',
        counter: 1,
        dueMs: nowMs < 2_000 ? 400 : 3_000,
      });
      told.push(nowMs);
    }
    expect(told).toEqual([0, 400, 800, 1_200, 1_600, 2_000, 5_000, 8_000]);
  });
});

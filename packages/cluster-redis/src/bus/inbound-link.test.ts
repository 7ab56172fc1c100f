import { describe, expect, test } from 'bun:test';
import { defaultSettings } from '../settings.ts';
import { InboundLink } from './inbound-link.ts';

/** A link whose time the test decides, and what it did. */
function makeLink(settings = defaultSettings) {
  const delivered: string[] = [];
  const asked: (readonly [first: number, last: number])[] = [];
  let lost = 0;
  const peer = {
    deliver: (body: string): void => void delivered.push(body),
    lack: (first: number, last: number): void => void asked.push([first, last]),
    lost: (): void => void (lost += 1),
  };
  return { link: new InboundLink('node-a', peer, settings, 0), delivered, asked, lost: () => lost };
}

describe('inbound link', () => {
  test('[BUS1] frames come in order, each once', () => {
    const { link, delivered, asked } = makeLink();
    for (const counter of [1, 2, 2, 1, 3]) link.frame(counter, `f${counter}`, 0);
    expect(delivered).toEqual(['f1', 'f2', 'f3']);
    expect(asked).toEqual([]);
  });

  test('[BUS1] holes that were filled leave room for later ones', () => {
    const { link, delivered, lost } = makeLink({ ...defaultSettings, heldCharsMax: 10 });
    for (let counter = 1; counter < 40; counter += 2) {
      link.frame(counter + 1, 'held', 0);
      link.frame(counter, 'late', 0);
    }
    expect([delivered.length, lost()]).toEqual([40, 0]);
  });

  test('[BUS1] what comes too early waits for what is asked for', () => {
    const { link, delivered, asked, lost } = makeLink();
    for (const counter of [1, 4, 5, 8]) link.frame(counter, `f${counter}`, 0);
    expect(asked).toEqual([[2, 3]]);
    for (const counter of [3, 2]) link.frame(counter, `f${counter}`, 10);
    expect(delivered).toEqual(['f1', 'f2', 'f3', 'f4', 'f5']);
    expect(asked).toEqual([
      [2, 3],
      [6, 7],
    ]);
    for (const counter of [6, 7]) link.frame(counter, `f${counter}`, 20);
    expect(delivered).toEqual(['f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7', 'f8']);
    expect(lost()).toBe(0);
  });

  test('[BUS4] a beat shows that the last frames are missing; they are asked for again and again, then given up', () => {
    const { link, delivered, asked, lost } = makeLink();
    link.frame(1, 'f1', 0);
    link.beat(3, 400, 300);
    link.tick(400);
    link.tick(450);
    link.tick(600);
    expect(asked).toEqual([
      [2, 3],
      [2, 3],
      [2, 3],
    ]);
    link.tick(1_199);
    expect(lost()).toBe(0);
    link.tick(1_200);
    expect(lost()).toBe(1);
    link.frame(3, 'f3', 1_300);
    link.frame(4, 'f4', 1_300);
    expect(delivered).toEqual(['f1', 'f4']);
  });

  test('[BUS4] a hole that is being filled is not given up', () => {
    const { link, lost, delivered } = makeLink();
    link.beat(4, 400, 0);
    for (const [at, counter] of [1, 2, 3, 4].entries()) {
      link.frame(counter, `f${counter}`, at * 800);
      link.tick(at * 800 + 700);
    }
    expect(lost()).toBe(0);
    expect(delivered).toHaveLength(4);
  });

  test('[BUS4] what the publisher has no more is given up at once, and what was held of it is handed over in order', () => {
    const { link, delivered, asked, lost } = makeLink();
    for (const counter of [6, 3, 9]) link.frame(counter, `f${counter}`, 0);
    link.gone(6, 10);
    expect(lost()).toBe(1);
    expect(delivered).toEqual(['f3', 'f6']);
    expect(asked.at(-1)).toEqual([7, 8]);
    link.gone(5, 20);
    expect(lost()).toBe(1);
  });

  test('[BUS4] what is held is bounded: beyond it the hole is given up', () => {
    const { link, delivered, lost } = makeLink({ ...defaultSettings, heldFramesMax: 3 });
    for (const counter of [2, 3, 4]) link.frame(counter, `f${counter}`, 0);
    expect(lost()).toBe(0);
    link.frame(5, 'f5', 0);
    expect(lost()).toBe(1);
    expect(delivered).toEqual(['f2', 'f3', 'f4', 'f5']);
  });

  test('once it can ask again it asks for all that followed, and no hole is given up for the time before', () => {
    const { link, asked, lost } = makeLink();
    link.frame(1, 'f1', 0);
    link.beat(2, 400, 0);
    link.reopened(5_000);
    expect(asked.at(-1)).toEqual([2, Number.MAX_SAFE_INTEGER]);
    link.tick(5_800);
    expect(lost()).toBe(0);
    link.tick(5_900);
    expect(lost()).toBe(1);
  });

  test('it is silent once it is later than it said', () => {
    const { link } = makeLink();
    link.beat(0, 3_000, 1_000);
    expect(link.silentMs(3_500)).toBe(-500);
    expect(link.silentMs(4_500)).toBe(500);
  });
});

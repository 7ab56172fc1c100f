import { expect, test } from 'bun:test';
import type { StoredEvent } from '@confab/contracts';
import { TailCache } from './tail-cache.ts';

function eventsOf(conversationId: string, from: number, through: number, characters = 2): StoredEvent[] {
  return Array.from({ length: through - from + 1 }, (_, index) => ({
    conversationId,
    sequence: from + index,
    ordinal: from + index,
    eventId: `${conversationId}.${from + index}`,
    type: 'message_event',
    senderId: 'u',
    clientMessageId: 'c',
    sentAt: '',
    json: 'x'.repeat(characters),
  }));
}

const sequencesOf = (events: readonly StoredEvent[] | null) => events?.map(({ sequence }) => sequence);

test('[G4.1] a tail answers only where it holds all that is asked for, without a hole', () => {
  const tails = new TailCache();
  tails.append('g', eventsOf('g', 5, 7));
  expect(sequencesOf(tails.above('g', 4, 7))).toEqual([5, 6, 7]);
  expect(sequencesOf(tails.above('g', 6, 7))).toEqual([7]);
  expect(tails.above('g', 3, 7)).toBeNull();
  expect(tails.above('g', 4, 8)).toBeNull();
  expect(tails.above('other', 0, 0)).toBeNull();
  // What came twice is kept once; what does not follow begins anew.
  tails.append('g', eventsOf('g', 6, 8));
  expect(sequencesOf(tails.above('g', 4, 8))).toEqual([5, 6, 7, 8]);
  tails.append('g', eventsOf('g', 10, 11));
  expect(tails.above('g', 4, 8)).toBeNull();
  expect(sequencesOf(tails.above('g', 9, 11))).toEqual([10, 11]);
});

test('[G8.1] a busy conversation keeps its newest events alone', () => {
  const tails = new TailCache();
  for (let from = 1; from <= 5_000; from += 100) tails.append('g', eventsOf('g', from, from + 99));
  expect(tails.at('g', 5_000)?.sequence).toBe(5_000);
  expect(tails.at('g', 5_000 - 1_024)).toBeNull();
});

test('[G8.1] all tails together are bounded; the one touched longest ago goes first', () => {
  const tails = new TailCache();
  const megabyte = 1_024 * 1_024;
  for (let index = 0; index < 60; index += 1)
    tails.append(`g${index}`, eventsOf(`g${index}`, 1, 1, megabyte));
  expect(tails.at('g0', 1)).toBeNull();
  expect(tails.at('g59', 1)).not.toBeNull();
  const kept = Array.from({ length: 60 }, (_, index) => tails.at(`g${index}`, 1)).filter(
    (event) => event !== null,
  );
  expect(kept.length).toBeLessThanOrEqual(48);
});

test('[G8.1] what is dropped of a tail no longer counts, so that other tails may stay', () => {
  const tails = new TailCache();
  const megabyte = 1_024 * 1_024;
  tails.append('quiet', eventsOf('quiet', 1, 1));
  // Trimmed, begun anew behind a hole, and evicted: much more than there is room for, one after the other.
  for (let from = 1; from <= 20_000; from += 500)
    tails.append('busy', eventsOf('busy', from, from + 499, 8_000));
  expect(tails.at('quiet', 1)).not.toBeNull();
  for (let sequence = 1; sequence < 200; sequence += 2)
    tails.append('holes', eventsOf('holes', sequence, sequence, megabyte));
  expect(tails.at('quiet', 1)).not.toBeNull();
  for (let index = 0; index < 100; index += 1)
    tails.append(`g${index}`, eventsOf(`g${index}`, 1, 1, megabyte));
  expect(tails.at('quiet', 1)).toBeNull();
  const kept = Array.from({ length: 100 }, (_, index) => tails.at(`g${index}`, 1));
  expect(kept.filter((event) => event !== null).length).toBeGreaterThan(40);
});

test('[G8.1] a tail that is touched again stays longer than one that is not', () => {
  const tails = new TailCache();
  const megabyte = 1_024 * 1_024;
  for (const name of ['one', 'other']) tails.append(name, eventsOf(name, 1, 1, megabyte));
  for (let index = 0; index < 46; index += 1)
    tails.append(`g${index}`, eventsOf(`g${index}`, 1, 1, megabyte));
  tails.append('one', eventsOf('one', 2, 2));
  tails.append('last', eventsOf('last', 1, 1));
  expect([tails.at('one', 1)?.sequence, tails.at('other', 1)]).toEqual([1, null]);
});

test('[G4.1] one event, and how far a tail reaches', () => {
  const tails = new TailCache();
  tails.append('g', eventsOf('g', 5, 7));
  expect([4, 5, 7, 8].map((sequence) => tails.at('g', sequence)?.sequence ?? null)).toEqual([
    null,
    5,
    7,
    null,
  ]);
  expect([6, 7, 8].map((sequence) => tails.reaches('g', sequence))).toEqual([true, true, false]);
  expect(tails.reaches('other', 1)).toBe(false);
});

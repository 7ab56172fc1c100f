import { expect, test } from 'bun:test';
import type { ConversationLog, StoredEvent } from '@confab/contracts';
import { limits } from '@confab/protocol';
import { LogReader } from './log-reader.ts';
import { TailCache } from './tail-cache.ts';

const eventAt = (sequence: number): StoredEvent => ({
  conversationId: 'g',
  sequence,
  ordinal: sequence,
  eventId: `g.${sequence}.abcdefgh`,
  type: 'message_event',
  senderId: 'u',
  clientMessageId: 'c',
  sentAt: '',
  json: '{}',
});

test('[G4.5] [G9.3] a page is shared only with who knows of no more than it can hold', async () => {
  const answers: ((events: readonly StoredEvent[]) => void)[] = [];
  const log = {
    read: () => new Promise<readonly StoredEvent[]>((resolve) => answers.push(resolve)),
  } as unknown as ConversationLog;
  const reader = new LogReader(log, new TailCache());
  const early = reader.above('g', 1, 2, 50);
  const same = reader.above('g', 1, 2, 50);
  const later = reader.above('g', 1, 3, 50);
  expect(answers).toHaveLength(2);
  answers[0]?.([eventAt(2)]);
  answers[1]?.([eventAt(2), eventAt(3)]);
  expect(await early).toHaveLength(1);
  expect(await same).toHaveLength(1);
  expect(await later).toHaveLength(2);
});

test('[G8.1] a page from memory is as bounded as one from the store', async () => {
  const tails = new TailCache();
  const log = { read: () => Promise.reject(new Error('not to be read')) } as unknown as ConversationLog;
  const large = 'x'.repeat(limits.pageBytesMax / 2 + 1);
  tails.append('g', [eventAt(1), eventAt(2), eventAt(3), { ...eventAt(4), json: large }]);
  tails.append('g', [{ ...eventAt(5), json: large }, eventAt(6)]);
  const reader = new LogReader(log, tails);
  const page = async (after: number, through: number, limit: number) =>
    (await reader.above('g', after, through, limit)).map(({ sequence }) => sequence);
  expect(await page(0, 6, 2)).toEqual([1, 2]);
  // Nothing newer than what the asker may know of.
  expect(await page(0, 2, 50)).toEqual([1, 2]);
  expect(await page(2, 6, 50)).toEqual([3, 4]);
  expect(await page(4, 6, 50)).toEqual([5, 6]);
});

/** A log whose reads wait for the test: what each was asked, and its answer. */
function heldLog() {
  const reads: {
    readonly after: number;
    readonly limit: number;
    readonly answer: (events: StoredEvent[]) => void;
  }[] = [];
  const fail: ((error: Error) => void)[] = [];
  const read: ConversationLog['read'] = ({ after, limit }) =>
    new Promise((resolve, reject) => {
      reads.push({ after, limit, answer: resolve });
      fail.push(reject);
    });
  return { reads, fail, reader: new LogReader({ read } as unknown as ConversationLog, new TailCache()) };
}

test('[G4.5] only the same page of the same conversation is shared, and only while it is read', async () => {
  const { reads, reader } = heldLog();
  const asked = [
    reader.above('g', 0, 3, 50),
    reader.above('g', 1, 3, 50),
    reader.above('g', 0, 3, 2),
    reader.above('other', 0, 3, 50),
    reader.above('g', 0, 3, 50),
  ];
  expect(reads.map(({ after, limit }) => [after, limit])).toEqual([
    [0, 50],
    [1, 50],
    [0, 2],
    [0, 50],
  ]);
  for (const { answer } of reads) answer([]);
  await Promise.all(asked);
  const again = reader.above('g', 0, 3, 50);
  expect(reads).toHaveLength(5);
  reads[4]?.answer([eventAt(1)]);
  expect(await again).toHaveLength(1);
});

test('[G4.5] a read that fails is the failure of who shared it, and of nobody after them', async () => {
  const { reads, fail, reader } = heldLog();
  const told = (page: Promise<readonly StoredEvent[]>) => page.catch((error: Error) => error.message);
  const both = [told(reader.above('g', 0, 3, 50)), told(reader.above('g', 0, 3, 50))];
  fail[0]?.(new Error('no store'));
  expect(await Promise.all(both)).toEqual(['no store', 'no store']);
  const later = told(reader.above('g', 0, 3, 50));
  reads[1]?.answer([eventAt(1)]);
  expect(await later).toHaveLength(1);
});

test('[G4.5] a page that ends leaves a newer one, which others share', async () => {
  const { reads, reader } = heldLog();
  const early = reader.above('g', 0, 2, 50);
  const later = reader.above('g', 0, 3, 50);
  reads[0]?.answer([]);
  await early;
  const shared = reader.above('g', 0, 3, 50);
  expect(reads).toHaveLength(2);
  reads[1]?.answer([eventAt(1)]);
  expect([await later, await shared].map(({ length }) => length)).toEqual([1, 1]);
});

test('[G5.1] nobody gets more than what they may know of, whoever read the page', async () => {
  const { reads, reader } = heldLog();
  const asked = [reader.above('g', 0, 3, 50), reader.above('g', 0, 2, 50)];
  reads[0]?.answer([eventAt(1), eventAt(2), eventAt(3), eventAt(4)]);
  expect((await Promise.all(asked)).map((page) => page.map(({ sequence }) => sequence))).toEqual([
    [1, 2, 3],
    [1, 2],
  ]);
});

test('the event at a place is that one, or none', async () => {
  const { reads, reader } = heldLog();
  const asked = [reader.at('g', 2), reader.at('g', 4)];
  reads[0]?.answer([eventAt(2)]);
  reads[1]?.answer([eventAt(5)]);
  expect((await Promise.all(asked)).map((event) => event?.sequence ?? null)).toEqual([2, null]);
});

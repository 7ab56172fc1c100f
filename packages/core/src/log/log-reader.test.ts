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

import { expect, test } from 'bun:test';
import type { ConversationLog, StoredEvent } from '@confab/contracts';
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

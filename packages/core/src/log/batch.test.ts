import { expect, test } from 'bun:test';
import type { Command } from '@confab/conversation';
import { takeFrom, type Waiting } from './batch.ts';

function waitingFor(characters: number): Waiting {
  const common = { conversationId: 'g1', actorId: 'ann', clientMessageId: 'c' };
  const send = { format: null, replyTo: null, mentions: [], body: 'x'.repeat(characters) };
  const command: Command = { verb: 'send_message', ...common, ...send };
  return { command, contentHash: '', place: null, resolve: () => undefined, reject: () => undefined };
}

test('[G8.1] a batch is so many commands and so many characters, and at least one command', () => {
  const bounds = { commandsMax: 3, charactersMax: 1_000 };
  const taken = (...sizes: readonly number[]): readonly number[] => {
    const queue = sizes.map(waitingFor);
    const counts: number[] = [];
    while (queue.length > 0) counts.push(takeFrom(queue, bounds).length);
    return counts;
  };
  expect(taken(1, 1, 1, 1, 1)).toEqual([3, 2]);
  expect(taken(400, 400, 400, 200)).toEqual([2, 2]);
  expect(taken(5_000, 5_000)).toEqual([1, 1]);
  expect(taken(999, 1, 1)).toEqual([2, 1]);
});

import { expect, test } from 'bun:test';
import type { Command } from '@confab/conversation';
import { planBatch, takeFrom, type Waiting } from './batch.ts';

const waitingOf = (command: Command): Waiting => ({
  command,
  contentHash: '',
  place: null,
  resolve: () => undefined,
  reject: () => undefined,
});

function waitingFor(characters: number): Waiting {
  const common = { conversationId: 'g1', actorId: 'ann', clientMessageId: 'c' };
  const send = { format: null, replyTo: null, mentions: [], body: 'x'.repeat(characters) };
  const command: Command = { verb: 'send_message', ...common, ...send };
  return waitingOf(command);
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

test('[LOG5] each event of a batch is decided on the one before it: its rows, its work, who came and who went', () => {
  const common = { conversationId: 'g1', actorId: 'ann' };
  const group = { type: 'group', title: null, memberIds: [] } as const;
  const commands: readonly Command[] = [
    { verb: 'create_conversation', ...common, ...group, clientMessageId: 'created' },
    { verb: 'add_members', ...common, clientMessageId: 'added', userIds: ['bob'], role: 'member' },
    { verb: 'remove_member', ...common, clientMessageId: 'removed', userId: 'bob' },
  ];
  let events = 0;
  const { planned, commit } = planBatch({
    conversationId: 'g1',
    state: null,
    batch: commands.map(waitingOf),
    nowMs: 0,
    contextOf: () => {
      events += 1;
      return { sentAt: '', random: `AAAAAAA${events}` };
    },
  });
  expect(
    planned.map(({ event, joined, departed, state }) => [
      event.eventId,
      joined,
      departed,
      state.members.size,
    ]),
  ).toEqual([
    ['g1.1.AAAAAAA1', ['ann'], [], 1],
    ['g1.2.AAAAAAA2', ['bob'], [], 2],
    ['g1.3.AAAAAAA3', [], ['bob'], 1],
  ]);
  expect(commit).toMatchObject({ expectedHead: 0, head: { sequence: 3 } });
  // One row for each place, as the last event has it.
  expect(commit?.views.map(({ view, partition, version }) => `${view} ${partition} ${version}`)).toEqual([
    'conversation g1 3',
    'member g1 1',
    'membership ann 1',
    'member g1 3',
    'membership bob 3',
  ]);
  expect(commit?.views.at(-1)?.value).toMatchObject({ from: 2, to: 3 });
  expect(commit?.work.map(({ workId }) => workId)).toEqual(planned.map(({ event }) => event.eventId));
  expect(planned.map(({ hasWork }) => hasWork)).toEqual([true, true, true]);
});

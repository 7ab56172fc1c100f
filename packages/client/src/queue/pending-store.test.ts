import { expect, test } from 'bun:test';
import { platformLocks } from '../platform/locks.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { type PendingRow, PendingStore } from './pending-store.ts';

function rowOf(clientMessageId: string, userId: string, instanceId: string): PendingRow {
  return {
    clientMessageId,
    userId,
    conversationId: 'gteam',
    instanceId,
    place: 1,
    queuedAt: '2026-01-01T00:00:00.000Z',
    body: clientMessageId,
    format: null,
    replyTo: null,
    mentions: [],
    readThrough: null,
    failure: null,
  };
}

test('a tab takes over what its user left in tabs that are gone, and from then on it is that tab’s alone', async () => {
  const storage = memoryStorage();
  const tab = (instanceId: string): PendingStore => new PendingStore(storage, platformLocks(), instanceId);
  const [gone, living, first, second] = [tab('gone'), tab('living'), tab('first'), tab('second')];
  for (const alive of [living, first, second]) alive.begin();
  await gone.keep(rowOf('orphan', 'alice', 'gone'));
  await gone.keep(rowOf('foreign', 'bob', 'gone'));
  await living.keep(rowOf('cared for', 'alice', 'living'));
  const ids = async (store: PendingStore): Promise<string[]> =>
    (await store.adopt('alice')).map(({ clientMessageId }) => clientMessageId);
  expect(await ids(first)).toEqual(['orphan']);
  expect([await ids(first), await ids(second)]).toEqual([[], []]);
  first.end();
  expect(await ids(second)).toEqual(['orphan']);
  for (const alive of [living, second]) alive.end();
});

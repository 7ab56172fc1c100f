import { expect, test } from 'bun:test';
import type { Views } from '@confab/contracts';
import { callerOf, createTestCluster, type TestUser } from '@confab/testkit';
import { loadState } from './state-loader.ts';

/** A group of Ann and Bob, and its state as it is loaded while `change` happens between any two reads of rows. */
async function loadWhile(change: (at: number) => 'message' | 'member' | 'nothing') {
  const cluster = await createTestCluster();
  await using _ = cluster;
  const names = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay', 'gil', 'hal', 'ivy', 'joe'];
  const [ann, bob, ...others] = (await cluster.users(...names)) as [TestUser, TestUser, ...TestUser[]];
  const group = await cluster.group(ann, [bob]);
  const device = cluster.device(ann, 'web');
  await device.connect();
  await cluster.finish(device.send(group, 'before'));
  const { log, views } = cluster.store;
  let lists = 0;
  const list: Views['list'] = async (request) => {
    const rows = await views.list(request);
    const what = change(lists);
    const joins = others[lists];
    lists += 1;
    if (what === 'message') await cluster.finish(device.send(group, `while ${lists}`));
    if (what === 'member' && joins !== undefined) {
      const clientMessageId = `add ${lists}`.padEnd(22, '-');
      const add = { conversationId: group, clientMessageId, userIds: [joins.userId] };
      await cluster.finish(cluster.ask('add_members', callerOf(ann), add));
    }
    return rows;
  };
  const watched: Views = {
    list,
    getMany: (view, places) => views.getMany(view, places),
    counts: (questions) => views.counts(questions),
    watermark: (conversationId) => views.watermark(conversationId),
  };
  const state = await loadState(log, watched, group);
  const events = await cluster.log(group);
  const members = [...(state?.members.keys() ?? [])];
  return { sequence: state?.head.sequence ?? 0, members, events, lists };
}

test('[LOG5] a conversation is loaded at once however many messages come meanwhile', async () => {
  const { sequence, members, events, lists } = await loadWhile(() => 'message');
  expect(lists).toBe(2);
  expect(events.length).toBe(4);
  // At the head that was read first.
  expect(sequence).toBe(2);
  expect(members).toHaveLength(2);
});

test('[LOG5] rows that change while they are read are read again', async () => {
  const { sequence, members, events, lists } = await loadWhile((at) => (at === 0 ? 'member' : 'nothing'));
  expect(lists).toBe(4);
  expect(sequence).toBe(events.length);
  expect(members).toHaveLength(3);
});

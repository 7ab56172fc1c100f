import { describe, expect, test } from 'bun:test';
import type { ConversationSummary } from '@confab/protocol';
import {
  callerOf,
  checkHistory,
  createTestCluster,
  fieldOf,
  type TestCluster,
  type TestUser,
  turn,
} from '@confab/testkit';

interface Scene {
  readonly cluster: TestCluster;
  readonly ann: TestUser;
  readonly bob: TestUser;
  readonly group: string;
}

/** Ann and Bob in a group, with messages 2 to 6 by Ann. */
async function open(): Promise<Scene> {
  const cluster = await createTestCluster({ nodes: 2 });
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  for (let count = 0; count < 5; count++) await say(cluster, ann, group);
  await cluster.settle();
  return { cluster, ann, bob, group };
}

async function say(cluster: TestCluster, user: TestUser, conversationId: string): Promise<void> {
  const request = { conversationId, clientMessageId: cluster.random.urlSafe(22), body: 'x' };
  await cluster.ask('send_message', callerOf(user), request);
}

async function summaryOf(
  cluster: TestCluster,
  user: TestUser,
  conversationId: string,
): Promise<ConversationSummary> {
  const { answer } = await cluster.ask('get_conversation', callerOf(user), { conversationId });
  return answer?.['conversation'] as ConversationSummary;
}

describe('receipts', () => {
  test('[G6.3] watermarks never go back, in whatever order receipts come, and never pass the head', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    const place = [{ conversationId: group, userId: bob.userId }];
    let highest = 0;
    for (const [at, read] of [3, 2, 5, 1, 4, 999, 2].entries()) {
      await cluster.ask('receipt', callerOf(bob), { conversationId: group, read }, cluster.node(at % 2));
      if (at % 3 === 0) await cluster.advance(60);
      highest = Math.min(6, Math.max(highest, read));
      const { read: said } = await summaryOf(cluster, bob, group);
      if (at % 2 === 0) expect(said.sequence).toBe(highest);
      expect(said.ordinal).toBe(said.sequence - 1);
    }
    await cluster.advance(60);
    expect(await cluster.store.cursors.get(place)).toMatchObject([{ delivered: 6, read: 6, readOrdinal: 5 }]);
    await say(cluster, bob, group);
    expect(await summaryOf(cluster, bob, group)).toMatchObject({ unread: 0, read: { sequence: 6 } });
  });

  test('[G6.3] what was read does not vanish while it is being written', async () => {
    for (let point = 0; ; point++) {
      const { cluster, bob, group } = await open();
      await using _ = cluster;
      cluster.schedule.isHolding = true;
      await cluster.ask('receipt', callerOf(bob), { conversationId: group, read: 4 });
      // The look at the list stops at a step; the write goes on to its end meanwhile.
      const look = cluster.begin('get_conversation', callerOf(bob), { conversationId: group });
      let passed = 0;
      while (passed < point && (await cluster.schedule.step())) passed += 1;
      await turn();
      const held = new Set(cluster.schedule.pending);
      cluster.clock.fireNext(cluster.clock.nowMs() + 60);
      while (await cluster.schedule.release((step) => !held.has(step)));
      const reply = await cluster.finish(look);
      expect(fieldOf<ConversationSummary>(reply, 'conversation').read.sequence).toBe(4);
      if (passed < point) return;
    }
  });

  test('[G6.1] [G6.2] own messages never raise unread, also those sent while it is counted', async () => {
    for (let point = 0; ; point++) {
      const { cluster, bob, group } = await open();
      await using _ = cluster;
      cluster.schedule.isHolding = true;
      const look = cluster.begin('get_conversation', callerOf(bob), { conversationId: group });
      let passed = 0;
      while (passed < point && (await cluster.schedule.step())) passed += 1;
      await turn();
      const held = new Set(cluster.schedule.pending);
      const request = { conversationId: group, clientMessageId: cluster.random.urlSafe(22), body: 'mine' };
      const sent = cluster.begin('send_message', callerOf(bob), request);
      while (await cluster.schedule.release((step) => !held.has(step)));
      await sent;
      const { answer } = await cluster.finish(look);
      expect(answer).toMatchObject({ conversation: { unread: 5 } });
      if (passed < point) return;
    }
  });

  test('[G6.1] the other devices learn what was read, and agree', async () => {
    const { cluster, ann, bob, group } = await open();
    await using _ = cluster;
    const [phone, web, other] = [
      cluster.device(bob, 'phone'),
      cluster.device(bob, 'web'),
      cluster.device(ann, 'web'),
    ];
    for (const [index, device] of [phone, web, other].entries())
      await device.connect(cluster.node(index % 2));
    expect([phone.unreadOf(group), web.unreadOf(group), other.unreadOf(group)]).toEqual([5, 5, 0]);
    await phone.request('receipt', { conversationId: group, read: 4 });
    await say(cluster, bob, group);
    await cluster.advance(60);
    await say(cluster, ann, group);
    expect([phone.unreadOf(group), web.unreadOf(group), other.unreadOf(group)]).toEqual([3, 3, 1]);
    const news = other.session?.told.flatMap((told) => (told.kind === 'receipt' ? [told.news] : []));
    expect(news).toContainEqual({ conversationId: group, userId: bob.userId, delivered: 4, read: 4 });
    expect(await checkHistory(cluster, [group])).toEqual([]);
  });

  test('a node that stops writes what it was told', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    await cluster.ask('receipt', callerOf(bob), { conversationId: group, read: 3 });
    await cluster.node(0).chat.stop();
    expect(await cluster.store.cursors.get([{ conversationId: group, userId: bob.userId }])).toMatchObject([
      { read: 3 },
    ]);
  });
});

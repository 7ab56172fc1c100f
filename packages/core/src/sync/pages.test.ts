import { describe, expect, test } from 'bun:test';
import { deliveryTiers } from '@confab/conversation';
import { ConfabError, formatEventId, type Watermarks } from '@confab/protocol';
import { callerOf, createTestCluster, type TestCluster, type TestUser } from '@confab/testkit';

let ids = 0;
const newId = (): string => `id${(ids += 1)}`.padEnd(22, '-');

async function say(cluster: TestCluster, user: TestUser, conversationId: string, replyTo?: string) {
  const message = { conversationId, clientMessageId: newId(), body: 'hi' };
  const request = replyTo === undefined ? message : { ...message, replyTo };
  return await cluster.ask('send_message', callerOf(user), request);
}

async function watermarksFor(cluster: TestCluster, user: TestUser, conversationId: string) {
  const { answer } = await cluster.ask('sync', callerOf(user), { conversationId, after: null });
  return ((answer?.['watermarks'] ?? []) as Watermarks[]).map(({ userId, read }) => [userId, read]);
}

async function groupOf(cluster: TestCluster, count: number) {
  const names = Array.from({ length: count }, (_, index) => `user${index}`);
  const users = (await cluster.users(...names)) as [TestUser, TestUser, ...TestUser[]];
  const [owner, ...others] = users;
  const conversationId = await cluster.group(owner, others);
  for (const user of users) await cluster.ask('receipt', callerOf(user), { conversationId, read: 1 });
  return { users, conversationId };
}

describe('watermarks on pages', () => {
  test.each([
    [100, 99],
    [101, 0],
  ])('[P8.2] in a group of %d members %d others are told of', async (count, told) => {
    await using cluster = await createTestCluster();
    const { users, conversationId } = await groupOf(cluster, count);
    expect(await watermarksFor(cluster, users[0], conversationId)).toHaveLength(told);
  });

  test('[P8.2] those not yet written are told, and nobody who has left', async () => {
    await using cluster = await createTestCluster();
    const { users, conversationId } = await groupOf(cluster, 3);
    const [ann, bob, cyd] = users;
    expect(await watermarksFor(cluster, ann, conversationId)).toHaveLength(2);
    const gone = { conversationId, userId: bob.userId, clientMessageId: newId() };
    await cluster.ask('remove_member', callerOf(ann), gone);
    expect(await watermarksFor(cluster, ann, conversationId)).toEqual([[cyd?.userId ?? '', 1]]);
  });
});

describe('replies', () => {
  async function codeOf(promise: Promise<unknown>): Promise<string> {
    return await promise.then(
      () => 'accepted',
      (error: unknown) => (error instanceof ConfabError ? error.code : String(error)),
    );
  }

  test('[P6.5] go to a message of the conversation that the sender may read, and to nothing else', async () => {
    await using cluster = await createTestCluster();
    const { users, conversationId } = await groupOf(cluster, 2);
    const [ann, bob] = users;
    const [cyd] = (await cluster.users('cyd')) as [TestUser];
    const first = String((await say(cluster, ann, conversationId)).answer?.['messageId']);
    expect(await codeOf(say(cluster, bob, conversationId, first))).toBe('accepted');
    const other = await cluster.group(ann, [bob]);
    for (const wrong of [
      formatEventId(conversationId, 2, 'invented'),
      formatEventId(conversationId, 999, 'invented'),
      first.replace(conversationId, other),
    ]) {
      expect([wrong, await codeOf(say(cluster, bob, conversationId, wrong))]).toEqual([wrong, 'invalid']);
    }
    expect(await codeOf(say(cluster, cyd, conversationId, first))).toBe('not_found');
    const add = { conversationId, userIds: [cyd.userId], clientMessageId: newId() };
    await cluster.ask('add_members', callerOf(ann), add);
    expect(await codeOf(say(cluster, cyd, conversationId, first))).toBe('invalid');
  });
});

test('[G9.4] who reads a large conversation, word of whose joining was lost, hears at once what follows', async () => {
  const tiers = deliveryTiers.map((tier) =>
    tier.type === 'group' ? { ...tier, delivery: 'followers' as const } : tier,
  );
  await using cluster = await createTestCluster({ nodes: 2, tiers });
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  for (const node of cluster.nodes) node.believesLive = ['node-0'];
  const conversationId = await cluster.group(ann, []);
  await say(cluster, ann, conversationId);
  const device = cluster.device(bob, 'phone');
  await device.connect(cluster.node(1));
  // So long that its members are not looked up for each event any more.
  await cluster.advance(6_000);
  cluster.node(0).isLosing = true;
  const add = { conversationId, userIds: [bob.userId], clientMessageId: newId() };
  await cluster.ask('add_members', callerOf(ann), add);
  await cluster.settle();
  cluster.node(0).isLosing = false;
  const page = device.request('sync', { conversationId, after: null });
  await cluster.finish(page);
  await say(cluster, ann, conversationId);
  const heard = device.session?.told.flatMap((told) =>
    told.kind === 'event' && told.isLive && told.event.conversationId === conversationId
      ? [told.event.sequence]
      : [],
  );
  expect(heard).toEqual([4]);
});

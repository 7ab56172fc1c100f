import { expect, test } from 'bun:test';
import type { ConversationSummary } from '@confab/protocol';
import { callerOf, createTestCluster, fieldOf, type TestCluster, type TestUser } from '@confab/testkit';

let ids = 0;
const newId = (): string => `id${(ids += 1)}`.padEnd(22, '-');

async function one(
  cluster: TestCluster,
  user: TestUser,
  conversationId: string,
): Promise<ConversationSummary> {
  const reply = await cluster.ask('get_conversation', callerOf(user), { conversationId });
  return fieldOf<ConversationSummary>(reply, 'conversation');
}

test('[G4.4] the pages of a list hold every conversation once, also those of one moment', async () => {
  await using cluster = await createTestCluster();
  const [ann] = (await cluster.users('ann')) as [TestUser];
  const groups: string[] = [];
  for (let count = 0; count < 6; count += 1) groups.push(await cluster.group(ann, []));
  for (const limit of [1, 2, 3, 4, 6, 7]) {
    const seen: string[] = [];
    let pages = 0;
    for (let cursor: string | undefined; pages === 0 || cursor !== undefined; pages += 1) {
      const reply = await cluster.ask('list_conversations', callerOf(ann), {
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...fieldOf<ConversationSummary[]>(reply, 'conversations').map((item) => item.conversationId));
      cursor = reply.answer?.['next'] as string | undefined;
    }
    expect([limit, pages, seen.toSorted()]).toEqual([limit, Math.ceil(6 / limit), groups.toSorted()]);
  }
});

test('[P7.2] a role that was changed is told from then on', async () => {
  await using cluster = await createTestCluster();
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  expect((await one(cluster, bob, group)).role).toBe('member');
  const change = { conversationId: group, clientMessageId: newId(), userId: bob.userId };
  await cluster.ask('update_member', callerOf(ann), { ...change, role: 'admin' });
  expect((await one(cluster, bob, group)).role).toBe('admin');
});

test('[P8.5] mentions are counted above what was read, whatever its number', async () => {
  await using cluster = await createTestCluster();
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  for (let count = 2; count <= 12; count += 1) {
    const mentions = [9, 10, 12].includes(count) ? { mentions: [bob.userId] } : {};
    const message = { conversationId: group, clientMessageId: newId(), body: `message ${count}` };
    await cluster.ask('send_message', callerOf(ann), { ...message, ...mentions });
  }
  for (const [read, mentions] of [
    [1, 3],
    [9, 2],
    [10, 1],
    [12, 0],
  ] as const) {
    await cluster.ask('receipt', callerOf(bob), { conversationId: group, read });
    expect([read, (await one(cluster, bob, group)).mentions]).toEqual([read, mentions]);
  }
});

test('[G6.1] [P8.4] a list is newest first, and each of it has its own floor, counts and peer', async () => {
  await using cluster = await createTestCluster();
  const [ann, bob, cyd] = (await cluster.users('ann', 'bob', 'cyd')) as [TestUser, TestUser, TestUser];
  const [withBob, group, withCyd] = [
    await cluster.direct(ann, bob),
    await cluster.group(ann, [bob]),
    await cluster.direct(ann, cyd),
  ];
  const say = async (user: TestUser, conversationId: string, mentions: string[] = []): Promise<void> => {
    await cluster.advance(10);
    const message = { conversationId, clientMessageId: newId(), body: 'x', mentions };
    await cluster.ask('send_message', callerOf(user), message);
  };
  for (const user of [cyd, cyd, ann]) await say(user, withCyd);
  for (const user of [bob, ann, ann, bob]) await say(user, group, user === bob ? [ann.userId] : []);
  for (const user of [ann, ann]) await say(user, withBob);
  for (const [user, conversationId, read] of [
    [bob, withBob, 2],
    [cyd, withCyd, 3],
    [ann, group, 2],
    [ann, withCyd, 2],
  ] as const)
    await cluster.ask('receipt', callerOf(user), { conversationId, read });
  const reply = await cluster.ask('list_conversations', callerOf(ann), {});
  const listed = fieldOf<ConversationSummary[]>(reply, 'conversations').map((item) => [
    item.conversationId,
    item.read.sequence,
    item.unread,
    item.mentions,
    item.peer?.username,
    item.watermarks?.map(({ userId, read }) => [userId, read]),
  ]);
  expect(listed).toEqual([
    [withBob, 1, 0, 0, 'bob', [[bob.userId, 2]]],
    [group, 2, 1, 1, undefined, undefined],
    [withCyd, 2, 1, 0, 'cyd', [[cyd.userId, 3]]],
  ]);
});

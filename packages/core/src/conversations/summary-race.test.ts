import { expect, test } from 'bun:test';
import type { ConversationSummary } from '@confab/protocol';
import { callerOf, createTestCluster, fieldOf, type TestUser } from '@confab/testkit';

const id = (name: string): string => name.padEnd(22, '-');

async function open() {
  const cluster = await createTestCluster();
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  await cluster.settle();
  return { cluster, ann, bob, group };
}

test('[G4.1] a summary counts the members at the head it tells of, whoever leaves while it is put together', async () => {
  const { cluster, ann, bob, group } = await open();
  await using _ = cluster;
  cluster.schedule.isHolding = true;
  const asked = cluster.begin('get_conversation', callerOf(ann), { conversationId: group });
  expect(await cluster.schedule.release(({ label }) => label === 'heads')).toBe(true);
  const request = { conversationId: group, clientMessageId: id('leave'), userId: bob.userId };
  const left = cluster.begin('remove_member', callerOf(bob), request);
  // All but what the summary still waits for: it has the head from before the leaving.
  while (await cluster.schedule.release(({ label, phase }) => !(label === 'heads' && phase === 'answer')));
  cluster.schedule.isHolding = false;
  await cluster.finish(left);
  const { head, memberCount } = fieldOf<ConversationSummary>(await cluster.finish(asked), 'conversation');
  expect([head.sequence, memberCount]).toEqual([2, 1]);
});

test('[G4.1] a summary says the role that is, whoever changes it while it is put together', async () => {
  const { cluster, ann, bob, group } = await open();
  await using _ = cluster;
  const { views } = cluster.store;
  const read = views.getMany.bind(views);
  let isFirst = true;
  const change = {
    conversationId: group,
    clientMessageId: id('role'),
    userId: bob.userId,
    role: 'admin',
  } as const;
  // The membership that the summary begins with is read, and only then changed.
  views.getMany = async (view, places) => {
    const rows = await read(view, places);
    if (view === 'membership' && isFirst) {
      isFirst = false;
      await cluster.begin('update_member', callerOf(ann), change);
    }
    return rows;
  };
  const reply = await cluster.ask('get_conversation', callerOf(bob), { conversationId: group });
  expect(fieldOf<ConversationSummary>(reply, 'conversation').role).toBe('admin');
});

test('[G6.1] [P8.5] whoever names themselves is not told that they are mentioned', async () => {
  const { cluster, ann, bob, group } = await open();
  await using _ = cluster;
  const mentions = [ann.userId, bob.userId];
  const request = { conversationId: group, clientMessageId: id('hello'), body: 'hello', mentions };
  await cluster.ask('send_message', callerOf(ann), request);
  const counted: number[] = [];
  for (const user of [ann, bob]) {
    const reply = await cluster.ask('get_conversation', callerOf(user), { conversationId: group });
    counted.push(fieldOf<ConversationSummary>(reply, 'conversation').mentions);
  }
  expect(counted).toEqual([0, 1]);
});

import { expect, test } from 'bun:test';
import { callerOf, createTestCluster, type TestDevice, type TestUser } from '@confab/testkit';

const id = (name: string): string => name.padEnd(22, '-');

test('[G5.1] [G5.3] within one commit each event goes to those who are members right after it, and those it removes', async () => {
  await using cluster = await createTestCluster({ nodes: 2 });
  const [ann, bob, cyd] = (await cluster.users('ann', 'bob', 'cyd')) as [TestUser, TestUser, TestUser];
  for (const node of cluster.nodes) node.believesLive = ['node-0'];
  const group = await cluster.group(ann, [bob]);
  await cluster.settle();
  const devices = [ann, bob, cyd].map((user) => cluster.device(user, 'phone'));
  for (const device of devices) await device.connect(cluster.node(1));
  cluster.schedule.isHolding = true;
  const say = (name: string) =>
    cluster.begin('send_message', callerOf(ann), {
      conversationId: group,
      clientMessageId: id(name),
      body: name,
    });
  const common = { conversationId: group };
  const asked = [say('alone')];
  while (await cluster.schedule.release(({ label }) => label !== 'commit'));
  // All of these wait meanwhile, and are one commit.
  asked.push(
    say('before'),
    cluster.begin('remove_member', callerOf(ann), {
      ...common,
      clientMessageId: id('remove'),
      userId: bob.userId,
    }),
    say('between'),
    cluster.begin('add_members', callerOf(ann), {
      ...common,
      clientMessageId: id('add'),
      userIds: [cyd.userId],
    }),
    say('after'),
  );
  await cluster.finish(Promise.all(asked));
  const heard = (device: TestDevice): number[] =>
    (device.session?.told ?? []).flatMap((told) =>
      told.kind === 'event' && told.isLive && told.event.conversationId === group
        ? [told.event.sequence]
        : [],
    );
  // 2 alone, 3 before, 4 the removal, 5 between, 6 after; the join comes last, for who is added is looked up first.
  expect(devices.map(heard)).toEqual([[2, 3, 4, 5, 6, 7], [2, 3, 4], [7]]);
});

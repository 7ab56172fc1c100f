import { expect, test } from 'bun:test';
import { deliveryTiers, TICK_MS } from '@confab/conversation';
import { callerOf, createTestCluster, type TestUser } from '@confab/testkit';

test('[G9.4] a repetition of something earlier takes back nothing of what the next tick says', async () => {
  const tiers = deliveryTiers.map((tier) =>
    tier.type === 'group' ? { ...tier, delivery: 'ticks' as const } : tier,
  );
  await using cluster = await createTestCluster({ tiers });
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  const device = cluster.device(bob, 'phone');
  await device.connect();
  await cluster.advance(TICK_MS);
  const say = async (body: string): Promise<void> => {
    const request = { conversationId: group, clientMessageId: body.padEnd(22, '-'), body };
    await cluster.ask('send_message', callerOf(ann), request);
  };
  // The first is told at once; all others wait for the same tick.
  for (const body of ['first', 'second', 'third', 'second']) await say(body);
  await cluster.advance(TICK_MS);
  const told = (device.session?.told ?? []).flatMap((one) =>
    one.kind === 'behind' && one.conversationId === group ? [one.sequence] : [],
  );
  expect(told).toEqual([2, 4]);
});

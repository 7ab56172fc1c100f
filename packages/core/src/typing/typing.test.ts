import { expect, test } from 'bun:test';
import { callerOf, createTestCluster, type TestUser } from '@confab/testkit';

test('[G7.1] typing notes go to the others, a few at once and then one every two seconds', async () => {
  await using cluster = await createTestCluster({ rateLimits: true });
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  const devices = [cluster.device(ann, 'phone'), cluster.device(bob, 'phone')];
  for (const device of devices) await device.connect();
  const heard = (): number[] =>
    devices.map(({ session }) => session?.told.filter(({ kind }) => kind === 'typing').length ?? 0);
  const type = async (): Promise<void> =>
    void (await cluster.ask('typing', callerOf(ann), { conversationId: group }));
  for (let count = 0; count < 10; count += 1) await type();
  expect(heard()).toEqual([0, 3]);
  expect(devices[1]?.session?.told).toContainEqual({
    kind: 'typing',
    conversationId: group,
    userId: ann.userId,
  });
  await cluster.advance(2_000);
  for (let count = 0; count < 10; count += 1) await type();
  expect(heard()).toEqual([0, 4]);
  // Of each conversation its own few.
  const other = await cluster.group(ann, [bob]);
  await cluster.ask('typing', callerOf(ann), { conversationId: other });
  expect(heard()).toEqual([0, 5]);
});

test('[G5.1] a note of who is removed meanwhile is told nobody', async () => {
  for (let point = 0; ; point++) {
    await using cluster = await createTestCluster();
    const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
    const group = await cluster.group(ann, [bob]);
    const device = cluster.device(ann, 'phone');
    await device.connect();
    cluster.schedule.isHolding = true;
    const typed = cluster.begin('typing', callerOf(bob), { conversationId: group }).catch(() => undefined);
    let passed = 0;
    while (passed < point && (await cluster.schedule.step())) passed += 1;
    const isLookedUp = passed >= 3;
    await new Promise<void>((resolve) => void setImmediate(resolve));
    const held = new Set(cluster.schedule.pending);
    const removed = cluster.begin('remove_member', callerOf(ann), {
      conversationId: group,
      userId: bob.userId,
    });
    while (await cluster.schedule.release((step) => !held.has(step)));
    await removed;
    await cluster.finish(typed);
    // Once it is known that they are a member it may be told; before, never.
    if (!isLookedUp) expect(device.session?.told.filter(({ kind }) => kind === 'typing')).toEqual([]);
    if (passed < point) return;
  }
});

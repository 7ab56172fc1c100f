import { expect, test } from 'bun:test';
import { deliveryTiers, TICK_MS } from '@confab/conversation';
import { callerOf, createTestCluster, RecordingSession, type TestUser, turn } from '@confab/testkit';

const id = (name: string): string => name.padEnd(22, '-');

/** Ann and Bob in a group that reaches to 3, Ann connected; groups of any size go to followers where asked. */
async function open(delivery: 'push' | 'followers' | 'ticks') {
  const tiers = deliveryTiers.map((tier) => (tier.type === 'group' ? { ...tier, delivery } : tier));
  const cluster = await createTestCluster({ tiers });
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  const say = (name: string) =>
    cluster.begin('send_message', callerOf(ann), {
      conversationId: group,
      clientMessageId: id(name),
      body: name,
    });
  for (const name of ['one', 'two']) await cluster.finish(say(name));
  await cluster.settle();
  await cluster.device(ann, 'phone').connect();
  // So long that the members of a large one are not looked up for each event any more.
  await cluster.advance(6_000);
  return { cluster, ann, bob, group, say };
}

type Scene = Awaited<ReturnType<typeof open>>;

/** Connects a new device of Bob's and does something after so many steps; says whether there were not as many. */
async function connectMeanwhile(
  { cluster, bob, say }: Scene,
  point: number,
  act: () => Promise<unknown> = async () => await say('meanwhile'),
) {
  const device = cluster.device(bob, 'phone');
  cluster.schedule.isHolding = true;
  const connecting = device.connect();
  let passed = 0;
  while (passed < point && (await cluster.schedule.step())) passed += 1;
  await turn();
  const held = new Set(cluster.schedule.pending);
  const done = act();
  while (await cluster.schedule.release((step) => !held.has(step)));
  await done;
  await cluster.finish(connecting);
  return { told: device.session?.told ?? [], isPast: passed < point };
}

test('[P4.6] [G4.5] who has no cursor gets what comes meanwhile, and nothing of before their list', async () => {
  for (let point = 0; ; point++) {
    const scene = await open('push');
    await using _ = scene.cluster;
    const { told, isPast } = await connectMeanwhile(scene, point);
    const listed = told.flatMap((one) => (one.kind === 'heads' ? one.items : []));
    const events = told.flatMap((one) => (one.kind === 'event' ? [one.event] : []));
    const sequences = events
      .filter(({ conversationId }) => conversationId === scene.group)
      .map(({ sequence }) => sequence);
    const head = listed[0]?.head.sequence ?? 0;
    expect([point, head, sequences]).toEqual([point, head, head === 4 ? [] : [4]]);
    if (isPast) return;
  }
});

test('[G4.5] [G9.4] what a node heard of a large conversation before a session listened is told to that session', async () => {
  for (let point = 0; ; point++) {
    const scene = await open('followers');
    await using _ = scene.cluster;
    const { told, isPast } = await connectMeanwhile(scene, point);
    // No time passes: it is in the list, or comes, or is said to be there.
    const reaches = told.map((one) => {
      if (one.kind === 'heads') return one.items[0]?.head.sequence ?? 0;
      if (one.kind === 'event' && one.event.conversationId === scene.group) return one.event.sequence;
      return one.kind === 'behind' && one.conversationId === scene.group ? one.sequence : 0;
    });
    expect([point, Math.max(...reaches)]).toEqual([point, 4]);
    if (isPast) return;
  }
});

test.each(['push', 'followers', 'ticks'] as const)(
  '[G5.1] who is removed at any point of a resume is told nothing of what comes after it (%s)',
  async (delivery) => {
    for (let point = 0; ; point++) {
      const scene = await open(delivery);
      const { cluster, ann, bob, group, say } = scene;
      await using _ = cluster;
      const { told, isPast } = await connectMeanwhile(scene, point, async () => {
        const removal = { conversationId: group, userId: bob.userId, clientMessageId: id('removal') };
        await cluster.begin('remove_member', callerOf(ann), removal);
        await say('secret');
        cluster.clock.fireNext(cluster.clock.nowMs() + TICK_MS);
      });
      const sequences = told.flatMap((one) =>
        one.kind === 'event' && one.event.conversationId === group ? [one.event.sequence] : [],
      );
      // Where it stands in their list at all, they learn live that they are out of it.
      const isListed = told.some((one) => one.kind === 'heads' && one.items.length > 0);
      if (isListed && delivery === 'push') expect([point, sequences]).toEqual([point, [4]]);
      expect([point, sequences.filter((sequence) => sequence > 4)]).toEqual([point, []]);
      expect(JSON.stringify(told)).not.toContain('secret');
      if (isPast) return;
    }
  },
);

test('[P4.2] the own log comes first, wherever its cursor stands', async () => {
  const { cluster, bob, group, say } = await open('push');
  await using _ = cluster;
  const ownLogId = cluster.ownLogId(bob.userId);
  const cursors = [];
  for (const conversationId of [group, ownLogId])
    cursors.push((await cluster.log(conversationId)).at(-1)?.eventId ?? '');
  await cluster.finish(say('three'));
  await cluster.group(bob, []);
  await cluster.settle();
  const session = new RecordingSession({
    userId: bob.userId,
    deviceId: 'laptop',
    connectionId: 'c1',
    openedAtMs: 0,
    onTold: () => undefined,
  });
  const { chat } = cluster.node(0);
  await chat.attach(session);
  await cluster.finish(
    chat.resume({ userId: bob.userId, deviceId: 'laptop', cursors, pending: [] }, session),
  );
  const replayed = session.told.flatMap((one) => (one.kind === 'event' ? [one.event.conversationId] : []));
  expect(replayed).toEqual([ownLogId, group]);
});

import { describe, expect, test } from 'bun:test';
import { callerOf, createTestCluster, type TestUser } from '@confab/testkit';

describe('follow-up work', () => {
  for (const [name, until] of [
    ['before it is begun', 'claim'],
    ['when part of it is written', 'commit'],
    ['before it is ticked off', 'complete'],
  ] as const) {
    test(`[G4.4] survives a crash ${name}, and is done once elsewhere`, async () => {
      await using cluster = await createTestCluster({ nodes: 2 });
      const [ann, bob, cyd] = (await cluster.users('ann', 'bob', 'cyd')) as [TestUser, TestUser, TestUser];
      const [first, second] = [cluster.node(0), cluster.node(1)];
      for (const node of [first, second]) node.believesLive = [node.nodeId];
      cluster.schedule.isHolding = true;
      const memberIds = [bob.userId, cyd.userId];
      const request = { conversationType: 'group' as const, memberIds, clientMessageId: 'g'.repeat(22) };
      const created = cluster.begin('create_conversation', callerOf(ann), request, first);
      created.catch(() => undefined);
      while (cluster.store.openWork() === 0) await cluster.schedule.step();
      // The work goes on up to the step in question; what the log of one user says may be written by then.
      while (await cluster.schedule.release(({ label, phase }) => label !== until || phase !== 'call'));
      if (until === 'commit') await cluster.schedule.release(({ label }) => label === 'commit');
      expect(cluster.store.openWork()).toBe(1);
      first.crash();
      cluster.schedule.isHolding = false;
      await cluster.advance(35_000);
      expect(cluster.store.openWork()).toBe(0);
      for (const user of [ann, bob, cyd]) {
        expect(await cluster.log(cluster.ownLogId(user.userId))).toMatchObject([
          { type: 'membership_event', sequence: 1, change: 'joined', targetSequence: 1 },
        ]);
      }
      expect(cluster.faults).toEqual([]);
    });
  }

  test('that fails is tried again, and writes nothing twice', async () => {
    await using cluster = await createTestCluster();
    const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
    cluster.schedule.isHolding = true;
    const created = cluster.group(ann, [bob]);
    while (cluster.store.openWork() === 0) await cluster.schedule.step();
    cluster.store.failNextCommits('unavailable');
    await created;
    expect(cluster.store.openWork()).toBe(1);
    await cluster.advance(5_000);
    expect(cluster.store.openWork()).toBe(0);
    for (const user of [ann, bob]) expect(await cluster.log(cluster.ownLogId(user.userId))).toHaveLength(1);
  });

  test('[G4.4] is looked for again where the store could not be asked', async () => {
    await using cluster = await createTestCluster();
    const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
    const { work } = cluster.store;
    const claim = work.claim.bind(work);
    work.claim = () => Promise.reject(new Error('told to fail'));
    await cluster.group(ann, [bob]);
    await cluster.advance(3_000);
    expect(cluster.store.openWork()).toBe(1);
    work.claim = claim;
    await cluster.advance(3_000);
    expect(cluster.store.openWork()).toBe(0);
  });

  test('[G9.5] that is under way is finished before the node has stopped, and none is begun after', async () => {
    await using cluster = await createTestCluster();
    const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
    cluster.schedule.isHolding = true;
    const request = {
      conversationType: 'group' as const,
      memberIds: [bob.userId],
      clientMessageId: 'g'.repeat(22),
    };
    const created = cluster.begin('create_conversation', callerOf(ann), request);
    const isTick = ({ label }: { label: string }): boolean => label === 'complete';
    while (!cluster.schedule.pending.some(isTick)) await cluster.schedule.release((step) => !isTick(step));
    let hasStopped = false;
    const stopped = cluster
      .node(0)
      .chat.stop()
      .then(() => (hasStopped = true));
    while (await cluster.schedule.release((step) => !isTick(step)));
    expect(hasStopped).toBe(false);
    await cluster.finish(Promise.all([created, stopped]));
    expect([cluster.store.openWork(), cluster.clock.untilNextMs]).toEqual([0, null]);
  });
});

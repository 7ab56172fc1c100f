import { describe, expect, test } from 'bun:test';
import { deliveryTiers } from '@confab/conversation';
import { ConfabError, type EventPage, limits } from '@confab/protocol';
import { callerOf, createTestCluster, type TestUser } from '@confab/testkit';

const id = (name: string): string => name.padEnd(22, '-');

/** Ann and Bob in a group of two events, and Bob's polls for what comes after them. */
async function open(delivery: 'push' | 'ticks' = 'push') {
  const tiers = deliveryTiers.map((tier) => (tier.type === 'group' ? { ...tier, delivery } : tier));
  const cluster = await createTestCluster({ nodes: 2, tiers });
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  const say = (name: string) => ({ conversationId: group, clientMessageId: id(name), body: name });
  await cluster.ask('send_message', callerOf(ann), say('first'));
  const after = (await cluster.log(group)).at(-1)?.eventId ?? '';
  const poll = async (waitMs = 20_000): Promise<EventPage> => {
    const caller = { kind: 'user', userId: bob.userId, deviceId: 'bob-phone' } as const;
    const request = { conversationId: group, after, waitMs };
    const { json } = await cluster
      .node(1)
      .chat.handle('list_events', caller, request, { lane: null, gone: null });
    return JSON.parse(json ?? '') as EventPage;
  };
  return { cluster, ann, bob, group, say, poll };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'answered',
    (error: unknown) => (error instanceof ConfabError ? error.code : String(error)),
  );
}

describe('a long poll', () => {
  test('[G4.5] misses nothing that is committed at any point of its beginning', async () => {
    for (let point = 0; ; point++) {
      const { cluster, ann, say, poll } = await open();
      await using _ = cluster;
      cluster.schedule.isHolding = true;
      const polled = poll();
      let passed = 0;
      while (passed < point && (await cluster.schedule.step())) passed += 1;
      await new Promise<void>((resolve) => void setImmediate(resolve));
      const held = new Set(cluster.schedule.pending);
      const sent = cluster.begin('send_message', callerOf(ann), say('meanwhile'));
      while (await cluster.schedule.release((step) => !held.has(step)));
      await sent;
      // No time passes: it is answered by the event, not by its end.
      const { events } = await cluster.finish(polled);
      expect([point, events.map(({ sequence }) => sequence)]).toEqual([point, [3]]);
      if (passed < point) return;
    }
  });

  test('leaves neither a session nor a timer behind', async () => {
    const { cluster, ann, say, poll } = await open();
    await using _ = cluster;
    await cluster.settle();
    const { untilNextMs } = cluster.clock;
    // So short that their timers would be the next ones.
    const polls = Array.from({ length: limits.sessionsPerUserMax }, () => poll(1));
    await cluster.settle();
    expect(cluster.clock.untilNextMs).toBe(1);
    await cluster.ask('send_message', callerOf(ann), say('news'));
    for (const { events } of await Promise.all(polls)) expect(events).toHaveLength(1);
    await cluster.settle();
    expect(cluster.clock.untilNextMs).toBe(untilNextMs);
    // As many again are let in.
    const again = polls.map(() => codeOf(poll()));
    await cluster.settle();
    expect(new Set(await Promise.all(again))).toEqual(new Set(['answered']));
  });

  test('[G8.1] no more of one user wait at once than may be connected', async () => {
    const { cluster, poll } = await open();
    await using _ = cluster;
    const polls = Array.from({ length: limits.sessionsPerUserMax + 1 }, () => codeOf(poll()));
    await cluster.advance(20_000);
    const codes = await Promise.all(polls);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(1);
    expect(codes.filter((code) => code === 'answered')).toHaveLength(limits.sessionsPerUserMax);
  });

  test('[G8.4] of a device that is signed out ends at once', async () => {
    const { cluster, bob, poll } = await open();
    await using _ = cluster;
    await cluster.ask('create_session', { kind: 'anyone' }, { ...bob, deviceId: 'bob-phone' });
    const polled = codeOf(poll());
    await cluster.settle();
    await cluster.ask('delete_device', callerOf(bob), { deviceId: 'bob-phone' });
    await cluster.settle();
    expect(await polled).toBe('session_ended');
  });

  test('[G9.4] of a conversation that is told of by ticks is woken by one, and by nothing it knows', async () => {
    const { cluster, ann, say, poll } = await open('ticks');
    await using _ = cluster;
    await cluster.advance(1_000);
    let isAnswered = false;
    const polled = poll().finally(() => (isAnswered = true));
    await cluster.settle();
    // Its node begins to follow by it, and says how far the conversation reaches: that is no news to the asker.
    expect(isAnswered).toBe(false);
    await cluster.ask('send_message', callerOf(ann), say('news'));
    // No time passes: the first tick is sent at once.
    expect((await cluster.finish(polled)).events).toHaveLength(1);
  });

  test('is left asleep by what is said elsewhere', async () => {
    const { cluster, ann, bob, poll } = await open();
    await using _ = cluster;
    const elsewhere = await cluster.group(ann, [bob]);
    let isAnswered = false;
    const polled = poll().then(() => (isAnswered = true));
    await cluster.settle();
    const message = { conversationId: elsewhere, clientMessageId: id('elsewhere'), body: 'x' };
    await cluster.ask('send_message', callerOf(ann), message);
    expect(isAnswered).toBe(false);
    await cluster.advance(20_000);
    await polled;
  });
});

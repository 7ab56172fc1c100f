import { describe, expect, test } from 'bun:test';
import { deliveryTiers } from '@confab/conversation';
import {
  callerOf,
  createTestCluster,
  type TestCluster,
  type TestDevice,
  type TestUser,
  turn,
} from '@confab/testkit';

const id = (name: string): string => name.padEnd(22, '-');

const tiersWith = (delivery: 'followers' | 'ticks') =>
  deliveryTiers.map((tier) => (tier.type === 'group' ? { ...tier, delivery } : tier));

interface Scene {
  readonly cluster: TestCluster;
  readonly ann: TestUser;
  readonly bob: TestUser;
  readonly cyd: TestUser;
  readonly group: string;
  /** Ann and Bob on the first node, Cyd on the second. */
  readonly devices: readonly [TestDevice, TestDevice, TestDevice];
}

/** Three people in a group, connected to two nodes; the first node alone writes. */
async function open(options: Parameters<typeof createTestCluster>[0] = {}): Promise<Scene> {
  const cluster = await createTestCluster({ nodes: 2, ...options });
  const [ann, bob, cyd] = (await cluster.users('ann', 'bob', 'cyd')) as [TestUser, TestUser, TestUser];
  for (const node of cluster.nodes) node.believesLive = ['node-0'];
  const group = await cluster.group(ann, [bob, cyd]);
  await cluster.settle();
  const devices = [
    cluster.device(ann, 'phone'),
    cluster.device(bob, 'phone'),
    cluster.device(cyd, 'phone'),
  ] as const;
  await devices[0].connect(cluster.node(0));
  await devices[1].connect(cluster.node(0));
  await devices[2].connect(cluster.node(1));
  return { cluster, ann, bob, cyd, group, devices: [...devices] };
}

let count = 0;

async function say({ cluster, ann, group }: Scene, times = 1, node = cluster.node(0)): Promise<void> {
  for (let left = times; left > 0; left -= 1) {
    count += 1;
    const request = { conversationId: group, clientMessageId: id(`d${count}`), body: `message ${count}` };
    await cluster.ask('send_message', callerOf(ann), request, node);
  }
}

/** The same, settled by the test. */
async function sayLater({ cluster, ann, group }: Scene): Promise<void> {
  count += 1;
  const request = { conversationId: group, clientMessageId: id(`d${count}`), body: `message ${count}` };
  await cluster.begin('send_message', callerOf(ann), request);
}

/** How often members are looked up until all is settled. */
async function lookUpsIn({ cluster: { schedule } }: Scene): Promise<number> {
  let lookUps = 0;
  do {
    while (await schedule.release(({ label, phase }) => label === 'locate' && phase === 'call')) lookUps += 1;
  } while (await schedule.step());
  return lookUps;
}

function reached({ group }: Scene, device: TestDevice): number {
  return device.logs.get(group)?.reached ?? 0;
}

function toldBehind({ group }: Scene, device: TestDevice): number {
  const told = device.session?.told ?? [];
  return told.filter((one) => one.kind === 'behind' && one.conversationId === group).length;
}

function lastTold({ group }: Scene, device: TestDevice): number {
  const told = device.session?.told ?? [];
  return told.reduce(
    (last, one) => (one.kind === 'behind' && one.conversationId === group ? one.sequence : last),
    0,
  );
}

describe('what is lost between nodes', () => {
  test('[G9.2] is found in the log, and the devices behind are told', async () => {
    const scene = await open();
    const { cluster, devices } = scene;
    await using _ = cluster;
    const [, near, far] = devices;
    cluster.node(0).isLosing = true;
    await say(scene, 3);
    await cluster.settle();
    expect([reached(scene, near), reached(scene, far)]).toEqual([4, 1]);
    await cluster.advance(6_000);
    expect([toldBehind(scene, near), toldBehind(scene, far)]).toEqual([0, 1]);
    await cluster.finish(far.level());
    expect(reached(scene, far)).toBe(4);
    // Once told, they are not told again.
    await cluster.advance(30_000);
    expect(toldBehind(scene, far)).toBe(1);
  });

  test('[G9.2] is told when the sender repeats what a dead node committed and did not deliver', async () => {
    const scene = await open();
    const { cluster, ann, devices, group } = scene;
    await using _ = cluster;
    cluster.node(0).isLosing = true;
    const send = { conversationId: group, clientMessageId: id('only'), body: 'only once' };
    await cluster.ask('send_message', callerOf(ann), send);
    cluster.node(0).crash();
    cluster.node(1).believesLive = ['node-1'];
    const again = await cluster.ask('send_message', callerOf(ann), send, cluster.node(1));
    expect(again.existing).toBe(true);
    expect(toldBehind(scene, devices[2])).toBe(1);
  });

  test('[G9.2] is told when a change of members is repeated that a dead node did not deliver', async () => {
    const scene = await open();
    const { cluster, ann, devices, group } = scene;
    await using _ = cluster;
    const [dan] = (await cluster.users('dan')) as [TestUser];
    cluster.node(0).isLosing = true;
    const add = { conversationId: group, clientMessageId: id('add dan'), userIds: [dan.userId] };
    await cluster.ask('add_members', callerOf(ann), add);
    cluster.node(0).crash();
    cluster.node(1).believesLive = ['node-1'];
    const again = await cluster.ask('add_members', callerOf(ann), add, cluster.node(1));
    expect(again.existing).toBe(true);
    expect(toldBehind(scene, devices[2])).toBe(1);
  });

  test('who has an event is not told of it again when its sender repeats it', async () => {
    const scene = await open();
    const { cluster, ann, devices, group } = scene;
    await using _ = cluster;
    const send = { conversationId: group, clientMessageId: id('heard'), body: 'heard' };
    await cluster.ask('send_message', callerOf(ann), send);
    await cluster.ask('send_message', callerOf(ann), send);
    await cluster.settle();
    expect(devices.map((device) => [reached(scene, device), toldBehind(scene, device)])).toEqual([
      [2, 0],
      [2, 0],
      [2, 0],
    ]);
  });

  test('[G9.2] is told when the sender resumes and hears that it has landed', async () => {
    const scene = await open();
    const { cluster, ann, devices, group } = scene;
    await using _ = cluster;
    const [sender, , far] = devices;
    cluster.node(0).isLosing = true;
    const send = { conversationId: group, clientMessageId: id('landed'), body: 'landed' };
    await cluster.ask('send_message', callerOf(ann), send);
    cluster.node(0).crash();
    sender.pending.set(send.clientMessageId, send);
    await cluster.finish(sender.connect(cluster.node(1)));
    expect(sender.pending.size).toBe(0);
    expect(toldBehind(scene, far)).toBe(1);
  });
});

describe('followed conversations', () => {
  const tiers = tiersWith('followers');

  test('[G9.4] each event goes to each following node, and to all of its members', async () => {
    const scene = await open({ tiers });
    const { cluster, devices } = scene;
    await using _ = cluster;
    await cluster.advance(6_000);
    await say(scene, 2);
    await cluster.settle();
    expect(devices.map((device) => reached(scene, device))).toEqual([3, 3, 3]);
    expect(devices.map((device) => toldBehind(scene, device))).toEqual([0, 0, 0]);
  });

  test('[G5.1] [G9.4] who is removed at N gets N and nothing after it; who joins gets their join first', async () => {
    const scene = await open({ tiers });
    const { cluster, ann, cyd, devices, group } = scene;
    await using _ = cluster;
    const [, , far] = devices;
    await cluster.advance(6_000);
    const common = { conversationId: group };
    await cluster.ask('remove_member', callerOf(ann), { ...common, userId: cyd.userId });
    await say(scene);
    await cluster.settle();
    expect(reached(scene, far)).toBe(2);
    const add = { ...common, clientMessageId: id('back'), userIds: [cyd.userId] };
    await cluster.ask('add_members', callerOf(ann), add);
    // Its node followed nothing any more; the first look-ups after that find it again, or its own log does.
    await cluster.advance(70_000);
    await cluster.finish(far.level());
    await say(scene);
    await cluster.settle();
    await cluster.advance(2_000);
    await cluster.finish(far.level());
    expect(reached(scene, far)).toBe(5);
    const heard = (far.session?.told ?? []).flatMap((one) => (one.kind === 'event' ? [one.event] : []));
    const ofGroup = heard.filter((event) => event.conversationId === group).map((event) => event.sequence);
    expect(ofGroup).not.toContain(3);
  });

  test('[G5.2] [G8.1] a stranger who names one makes no node read who is in it', async () => {
    const { cluster, group, devices } = await open({ tiers });
    await using _ = cluster;
    // So that her node does not follow it for anybody else.
    await devices[2].disconnect();
    const [eve] = (await cluster.users('eve')) as [TestUser];
    const device = cluster.device(eve, 'phone');
    await device.connect(cluster.node(1));
    cluster.schedule.isHolding = true;
    const asked = device.request('sync', { conversationId: group, after: null }).catch(() => 'refused');
    let lists = 0;
    do {
      lists += cluster.schedule.pending.filter(({ label }) => label === 'list' || label === 'follow').length;
    } while (await cluster.schedule.step());
    expect(await asked).toBe('refused');
    expect(lists).toBe(0);
  });

  test('[G9.4] after a hole nobody is given an event until it is known again who is a member', async () => {
    const scene = await open({ tiers });
    const { cluster, ann, cyd, devices, group } = scene;
    await using _ = cluster;
    const [, , far] = devices;
    await cluster.advance(6_000);
    cluster.node(0).isLosing = true;
    await cluster.ask('remove_member', callerOf(ann), { conversationId: group, userId: cyd.userId });
    cluster.node(0).isLosing = false;
    await say(scene, 2);
    await cluster.settle();
    await cluster.finish(far.level());
    expect(reached(scene, far)).toBe(0);
    const events = (far.session?.told ?? []).filter(
      (one) => one.kind === 'event' && one.event.conversationId === group && one.event.sequence > 2,
    );
    expect(events).toEqual([]);
  });
});

describe('a group that has shrunk below the tier of followers', () => {
  test('[G9.2] [G9.4] is heard by who connects to a node that follows it still', async () => {
    const tiers = [
      ...deliveryTiers.filter(({ type }) => type !== 'group'),
      { type: 'group', membersMax: 3, delivery: 'push', receipts: 'everyone', typing: true } as const,
      { type: 'group', membersMax: 100, delivery: 'followers', receipts: 'none', typing: false } as const,
    ];
    await using cluster = await createTestCluster({ nodes: 2, tiers });
    const [ann, bob, cyd, dan] = await cluster.users('ann', 'bob', 'cyd', 'dan');
    if (ann === undefined || bob === undefined || cyd === undefined || dan === undefined) throw new Error();
    for (const node of cluster.nodes) node.believesLive = ['node-0'];
    const group = await cluster.group(ann, [bob, cyd, dan]);
    await cluster.device(bob, 'phone').connect(cluster.node(1));
    await cluster.advance(6_000);
    await cluster.ask('remove_member', callerOf(ann), { conversationId: group, userId: dan.userId });
    const late = cluster.device(cyd, 'phone');
    await late.connect(cluster.node(1));
    const send = { conversationId: group, clientMessageId: id('shrunk'), body: 'fewer of us' };
    await cluster.ask('send_message', callerOf(ann), send);
    await cluster.settle();
    expect(late.logs.get(group)?.reached).toBe(3);
  });
});

describe('a device that connects elsewhere', () => {
  test('[P3.4] [G4.6] replaces its own earlier session on the node before, and no other', async () => {
    const { cluster, ann, devices } = await open();
    await using _ = cluster;
    const [phone] = devices;
    const laptop = cluster.device(ann, 'laptop');
    await laptop.connect(cluster.node(0));
    await cluster.advance(5);
    const before = phone.session;
    const told = (session: typeof before) => session?.told.filter(({ kind }) => kind === 'replaced').length;
    // Half open: the device is gone, and its node does not know.
    const after = cluster.device(ann, 'phone');
    await after.connect(cluster.node(1));
    await cluster.settle();
    expect([told(before), told(after.session), told(laptop.session)]).toEqual([1, 0, 0]);
  });
});

describe('what is delivered', () => {
  test('[BUS1] is published in the order of the log, however long it takes to find the members', async () => {
    const scene = await open();
    const { cluster, ann, devices, group } = scene;
    await using _ = cluster;
    const { schedule } = cluster;
    schedule.isHolding = true;
    const sends = ['one', 'two', 'three'].map((body) =>
      cluster.begin('send_message', callerOf(ann), {
        conversationId: group,
        clientMessageId: id(body),
        body,
      }),
    );
    // All is committed, and the members of the first are still being looked up.
    while (await schedule.release(({ label }) => label !== 'locate'));
    await Promise.all(sends);
    expect(schedule.pending.filter(({ label }) => label === 'locate')).toHaveLength(1);
    await cluster.settle();
    expect(devices.map((device) => [reached(scene, device), device.behind.size])).toEqual([
      [4, 0],
      [4, 0],
      [4, 0],
    ]);
  });

  test('[G5.3] who joins is told so live, and hears what follows', async () => {
    const scene = await open();
    const { cluster, ann, group } = scene;
    await using _ = cluster;
    const [dan] = (await cluster.users('dan')) as [TestUser];
    const device = cluster.device(dan, 'phone');
    await device.connect(cluster.node(1));
    const add = { conversationId: group, clientMessageId: id('add dan'), userIds: [dan.userId] };
    await cluster.ask('add_members', callerOf(ann), add);
    await say(scene);
    await cluster.settle();
    const heard = device.session?.told.flatMap((told) =>
      told.kind === 'event' && told.isLive && told.event.conversationId === group
        ? [told.event.sequence]
        : [],
    );
    expect(heard).toEqual([2, 3]);
  });

  test('[P3.4] one of two connections of a device that ends leaves the other its ears', async () => {
    const scene = await open();
    const { cluster, bob, devices } = scene;
    await using _ = cluster;
    const other = cluster.device(bob, 'phone');
    // The second connection of this one, so that no two have one id.
    await other.connect(cluster.node(0));
    await other.connect(cluster.node(0));
    await devices[1].disconnect();
    await say(scene);
    await cluster.settle();
    expect(reached(scene, other)).toBe(2);
  });

  test('[G8.4] a sign-out ends the sessions of its device, on every node, and no others', async () => {
    const { cluster, ann } = await open();
    await using _ = cluster;
    const log = async (deviceId: string) =>
      await cluster.ask('create_session', { kind: 'anyone' }, { ...ann, deviceId });
    await log('ann-laptop');
    await log('ann-tablet');
    const devices = ['laptop', 'tablet'].map((name) => cluster.device(ann, name));
    for (const device of devices) await device.connect(cluster.node(1));
    await cluster.ask('delete_device', callerOf(ann), { deviceId: 'ann-laptop' });
    await cluster.settle();
    const revoked = devices.map(
      (device) => device.session?.told.filter(({ kind }) => kind === 'revoked').length,
    );
    expect(revoked).toEqual([1, 0]);
  });
});

describe('a session', () => {
  test('[G4.5] is told nothing before other nodes can find it', async () => {
    const { cluster, bob } = await open();
    await using _ = cluster;
    const { schedule } = cluster;
    const device = cluster.device(bob, 'tablet');
    schedule.isHolding = true;
    const connected = device.connect(cluster.node(1));
    while (await schedule.release(({ label }) => label !== 'claim'));
    expect(device.session?.told).toEqual([]);
    await cluster.finish(connected);
    expect(device.session?.told.length).toBeGreaterThan(0);
  });
});

describe('stopping', () => {
  test('[G9.5] what was taken is committed and answered before the node has stopped', async () => {
    const scene = await open();
    const { cluster, ann, group } = scene;
    await using _ = cluster;
    for (const [index, body] of ['kept here', 'forwarded'].entries()) {
      const node = cluster.node(index);
      cluster.schedule.isHolding = true;
      let isAnswered = false;
      const send = { conversationId: group, clientMessageId: id(body), body };
      const answered = cluster
        .begin('send_message', callerOf(ann), send, node)
        .then(() => (isAnswered = true));
      await turn();
      const wasAnswered = node.chat.stop().then(() => isAnswered);
      expect(await cluster.finish(wasAnswered)).toBe(true);
      await answered;
      cluster.schedule.isHolding = false;
      for (const other of cluster.nodes) other.believesLive = ['node-1'];
    }
  });

  test('[BUS3] a node that has stopped answers for nobody any more', async () => {
    const { cluster, devices, group } = await open();
    await using _ = cluster;
    await cluster.node(0).chat.stop();
    cluster.schedule.isHolding = true;
    const sent = devices[2].send(group, 'into the void').then(() => cluster.clock.nowMs());
    const startedMs = cluster.clock.nowMs();
    // It is refused at once, and committed here.
    expect(await cluster.finish(sent)).toBe(startedMs);
  });

  test('[G9.5] waits for what was committed to be on the bus', async () => {
    const scene = await open();
    const { cluster, ann, devices, group } = scene;
    await using _ = cluster;
    const { schedule } = cluster;
    schedule.isHolding = true;
    const send = { conversationId: group, clientMessageId: id('last'), body: 'last words' };
    const answered = cluster.begin('send_message', callerOf(ann), send);
    while (await schedule.release(({ label }) => label !== 'locate'));
    const stopped = cluster.node(0).chat.stop();
    while (await schedule.release(({ label }) => label !== 'locate'));
    expect(reached(scene, devices[2])).toBe(1);
    const reachedByThen = stopped.then(
      () => schedule.pending.filter(({ label }) => label === 'locate').length,
    );
    await cluster.finish(Promise.all([answered, reachedByThen]));
    expect(await reachedByThen).toBe(0);
    expect(reached(scene, devices[2])).toBe(2);
  });

  test('[G9.5] tells how far conversations reach before it is gone', async () => {
    const scene = await open({ tiers: tiersWith('ticks') });
    const { cluster, devices } = scene;
    await using _ = cluster;
    await say(scene, 3);
    await cluster.settle();
    await cluster.node(0).chat.stop();
    await cluster.settle();
    expect(lastTold(scene, devices[2])).toBe(4);
  });
});

describe('ticks', () => {
  test('[G9.4] are at most two a second however much is said, and lead to all of it', async () => {
    const scene = await open({ tiers: tiersWith('ticks') });
    const { cluster, devices } = scene;
    await using _ = cluster;
    const [, near, far] = devices;
    await cluster.advance(1_000);
    await say(scene, 100);
    await cluster.settle();
    expect(toldBehind(scene, near)).toBe(1);
    await cluster.advance(5_000);
    expect(toldBehind(scene, near)).toBeLessThanOrEqual(3);
    expect([lastTold(scene, near), lastTold(scene, far)]).toEqual([101, 101]);
    const told = toldBehind(scene, far);
    await cluster.advance(60_000);
    expect(toldBehind(scene, far)).toBe(told);
    for (const device of [near, far]) {
      await cluster.finish(device.level());
      expect(reached(scene, device)).toBe(101);
    }
  });
});

describe('ticks of a conversation that is followed for long', () => {
  test('[G9.4] reach the nodes that follow it without a look at its members', async () => {
    const scene = await open({ tiers: tiersWith('ticks') });
    const { cluster, devices } = scene;
    await using _ = cluster;
    await say(scene);
    await cluster.advance(6_000);
    await say(scene);
    await cluster.advance(1_000);
    cluster.schedule.isHolding = true;
    const said = sayLater(scene);
    expect(await lookUpsIn(scene)).toBe(0);
    await said;
    await cluster.advance(1_000);
    expect(lastTold(scene, devices[2])).toBe(4);
  });
});

describe('members of a followed conversation', () => {
  test.each(['followers', 'ticks'] as const)(
    '[G9.4] are looked up at first, and again once a minute (%s)',
    async (delivery) => {
      const scene = await open({ tiers: tiersWith(delivery) });
      const { cluster } = scene;
      await using _ = cluster;
      const lookUpsOf = async (): Promise<number> => {
        cluster.schedule.isHolding = true;
        const said = sayLater(scene);
        const lookUps = await lookUpsIn(scene);
        await said;
        cluster.schedule.isHolding = false;
        await cluster.advance(1_000);
        return lookUps;
      };
      await cluster.advance(1_000);
      expect(await lookUpsOf()).toBe(1);
      await cluster.advance(10_000);
      expect(await lookUpsOf()).toBe(0);
      await cluster.advance(60_000);
      expect(await lookUpsOf()).toBe(1);
      expect(await lookUpsOf()).toBe(0);
    },
  );

  test('[G9.4] [G5.3] who joins later is among them without a look at all of them', async () => {
    const scene = await open({ tiers: tiersWith('followers') });
    const { cluster, ann, group } = scene;
    await using _ = cluster;
    const [dan] = (await cluster.users('dan')) as [TestUser];
    const device = cluster.device(dan, 'phone');
    await device.connect(cluster.node(1));
    await say(scene);
    await cluster.advance(6_000);
    await say(scene);
    const add = { conversationId: group, clientMessageId: id('add dan'), userIds: [dan.userId] };
    await cluster.ask('add_members', callerOf(ann), add);
    await cluster.settle();
    const heard = device.session?.told.flatMap((told) =>
      told.kind === 'event' && told.isLive && told.event.conversationId === group
        ? [told.event.sequence]
        : [],
    );
    expect(heard).toEqual([4]);
  });
});

describe('what another node owns', () => {
  test('[G2.2] is forwarded in order, many commands in one request', async () => {
    const scene = await open();
    const { cluster, devices, group } = scene;
    await using _ = cluster;
    const [, , far] = devices;
    const { schedule } = cluster;
    schedule.isHolding = true;
    const sends = Array.from({ length: 300 }, (_one, index) => far.send(group, `forwarded ${index}`));
    let requests = 0;
    const isRequest = (step: { label: string; phase: string }): boolean =>
      step.label === 'request' && step.phase === 'call';
    do {
      while (await schedule.release(isRequest)) requests += 1;
    } while (await schedule.step());
    await cluster.finish(Promise.all(sends));
    const bodies = (await cluster.log(group)).flatMap((event) =>
      event.type === 'message_event' ? [event.body] : [],
    );
    expect(bodies).toEqual(Array.from({ length: 300 }, (_one, index) => `forwarded ${index}`));
    expect(requests).toBeGreaterThan(0);
    expect(requests).toBeLessThanOrEqual(4);
  });

  test('[G2.3] is written here where the owner does not answer, which is asked again only later', async () => {
    const scene = await open();
    const { cluster, devices, group } = scene;
    await using _ = cluster;
    const [, , far] = devices;
    cluster.node(1).isCutOff = true;
    await cluster.finish(far.send(group, 'one'));
    cluster.node(1).isCutOff = false;
    cluster.schedule.isHolding = true;
    const second = far.send(group, 'two');
    await turn();
    expect(cluster.schedule.pending.some(({ label }) => label === 'request')).toBe(false);
    await cluster.finish(second);
    cluster.schedule.isHolding = false;
    await cluster.advance(6_000);
    cluster.schedule.isHolding = true;
    const third = far.send(group, 'three');
    await turn();
    expect(cluster.schedule.pending.some(({ label }) => label === 'request')).toBe(true);
    await cluster.finish(third);
  });

  test('[G1.3] [G1.4] what an owner may still commit is not said to be unwritten for want of our store', async () => {
    const scene = await open();
    const { cluster, devices, group } = scene;
    await using _ = cluster;
    const [, , far] = devices;
    cluster.node(1).isCutOff = true;
    cluster.store.failNextCommits('unavailable', 'unavailable');
    const sends = ['one', 'two', 'three'].map((body) => far.send(group, body));
    await cluster.settle();
    expect(far.acknowledged).toEqual([]);
    await cluster.advance(10_000);
    await Promise.all(sends);
    const bodies = (await cluster.log(group)).flatMap((event) =>
      event.type === 'message_event' ? [event.body] : [],
    );
    expect(bodies).toEqual(['one', 'two', 'three']);
  });
});

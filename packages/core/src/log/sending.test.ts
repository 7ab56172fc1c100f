import { describe, expect, test } from 'bun:test';
import { ConfabError } from '@confab/protocol';
import {
  callerOf,
  createTestCluster,
  fieldOf,
  type TestCluster,
  type TestDevice,
  type TestUser,
} from '@confab/testkit';

const id = (name: string): string => name.padEnd(22, '-');

interface Scene {
  readonly cluster: TestCluster;
  readonly ann: TestUser;
  readonly bob: TestUser;
  readonly device: TestDevice;
  readonly group: string;
}

/** Ann and Bob in a group, Ann's device connected to the first node. */
async function open(options: Parameters<typeof createTestCluster>[0] = {}): Promise<Scene> {
  const cluster = await createTestCluster(options);
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  const device = cluster.device(ann, 'web');
  await device.connect();
  await cluster.settle();
  return { cluster, ann, bob, device, group };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'done';
  } catch (error) {
    if (error instanceof ConfabError) return error.code;
    throw error;
  }
}

async function bodies(cluster: TestCluster, conversationId: string): Promise<readonly string[]> {
  return (await cluster.log(conversationId)).flatMap((event) => ('body' in event ? [event.body] : []));
}

const sendAs = (clientMessageId: string, conversationId: string, body = clientMessageId) => ({
  conversationId,
  clientMessageId: id(clientMessageId),
  body,
});

describe('order', () => {
  test('[G2.2] behind a commit that fails everything is refused, and goes in order once sent again', async () => {
    const { cluster, device, group } = await open();
    await using _ = cluster;
    cluster.store.failNextCommits('unavailable');
    const names = ['one', 'two', 'three', 'four'];
    // The first is committed alone; the others wait meanwhile and are refused with or behind it.
    const first = names.map((name) => codeOf(device.resend(sendAs(name, group))));
    expect(await Promise.all(first)).toEqual([
      'unavailable',
      'after_previous',
      'after_previous',
      'after_previous',
    ]);
    expect(await codeOf(device.resend(sendAs('five', group)))).toBe('after_previous');
    const again = [...names, 'five'].map((name) => codeOf(device.resend(sendAs(name, group))));
    expect(new Set(await Promise.all(again))).toEqual(new Set(['done']));
    expect(await bodies(cluster, group)).toEqual([...names, 'five']);
  });

  test('[G2.2] a send that is decided after the retry of one before it does not overtake', async () => {
    const { cluster, device, group } = await open();
    await using _ = cluster;
    cluster.schedule.isHolding = true;
    cluster.store.failNextCommits('unavailable');
    const one = codeOf(device.resend(sendAs('one', group)));
    const two = codeOf(device.resend(sendAs('two', group)));
    await cluster.schedule.release(({ label, phase }) => label === 'commit' && phase === 'call');
    await cluster.schedule.release(({ label, phase }) => label === 'commit' && phase === 'answer');
    expect(await one).toBe('unavailable');
    // The writer now reads the state anew to decide the second; the client is quicker.
    const again = codeOf(device.resend(sendAs('one', group)));
    await cluster.settle();
    expect(await two).toBe('after_previous');
    expect(await again).toBe('done');
    expect(await bodies(cluster, group)).toEqual(['one']);
  });

  test('[G2.2] a send given up lets the next one go', async () => {
    const { cluster, device, group } = await open();
    await using _ = cluster;
    cluster.store.failNextCommits('unavailable');
    expect(await codeOf(device.resend(sendAs('one', group)))).toBe('unavailable');
    expect(await codeOf(device.resend(sendAs('two', group)))).toBe('after_previous');
    await device.request('abandon_send', { conversationId: group, clientMessageId: id('one') });
    await device.request('abandon_send', { conversationId: group, clientMessageId: id('two') });
    expect(await codeOf(device.resend(sendAs('three', group)))).toBe('done');
    expect(await bodies(cluster, group)).toEqual(['three']);
  });

  test('[G2.2] an acknowledged send holds nothing, whatever fails behind it', async () => {
    const { cluster, bob, device, group } = await open();
    await using _ = cluster;
    const { log } = cluster.store;
    const find = log.findByClientIds.bind(log);
    Object.assign(log, {
      findByClientIds: () => {
        Object.assign(log, { findByClientIds: find });
        return Promise.reject(new Error('a read failed'));
      },
    });
    const warm = device.send(group, 'warm');
    const one = codeOf(device.resend(sendAs('one', group)));
    const demote = {
      conversationId: group,
      clientMessageId: id('demote'),
      userId: bob.userId,
      role: 'member',
    } as const;
    const nothing = codeOf(device.request('update_member', demote));
    await warm;
    expect(await Promise.all([one, nothing])).toEqual(['done', 'internal']);
    await device.request('abandon_send', { conversationId: group, clientMessageId: id('demote') });
    expect(await codeOf(device.resend(sendAs('two', group)))).toBe('done');
  });

  test('[G2.2] sends keep their order while the writing moves from node to node', async () => {
    const { cluster, device, group } = await open({ nodes: 2 });
    await using _ = cluster;
    const node = cluster.node(0);
    cluster.schedule.isHolding = true;
    const sends: Promise<unknown>[] = [];
    for (const [index, owner] of ['node-0', 'node-1', 'node-0', 'node-1', 'node-0'].entries()) {
      node.believesLive = [owner];
      sends.push(device.resend(sendAs(`m${index}`, group)));
      await cluster.schedule.step();
    }
    await cluster.finish(Promise.all(sends));
    expect(await bodies(cluster, group)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  });

  test('[G2.2] what waits here goes before what is forwarded', async () => {
    const { cluster, device, group } = await open({ nodes: 2 });
    await using _ = cluster;
    cluster.node(0).believesLive = ['node-0'];
    cluster.store.failNextCommits('unknown_not_applied');
    const one = device.resend(sendAs('one', group));
    await cluster.settle();
    cluster.node(0).believesLive = ['node-1'];
    const two = device.resend(sendAs('two', group));
    await cluster.settle();
    expect(await bodies(cluster, group)).toEqual([]);
    await cluster.advance(5_000);
    await Promise.all([one, two]);
    expect(await bodies(cluster, group)).toEqual(['one', 'two']);
  });

  test('[G2.2] all that waits here goes before what is forwarded, more than one commit of it too', async () => {
    const { cluster, device, group } = await open({ nodes: 2 });
    await using _ = cluster;
    cluster.node(0).believesLive = ['node-0'];
    cluster.schedule.isHolding = true;
    const isCommit = ({ label }: { label: string }): boolean => label === 'commit';
    const sends = [device.resend(sendAs('one', group))];
    while (await cluster.schedule.release((step) => !isCommit(step)));
    sends.push(device.resend(sendAs('two', group)));
    while (await cluster.schedule.release((step) => !isCommit(step)));
    cluster.node(0).believesLive = ['node-1'];
    sends.push(device.resend(sendAs('three', group)));
    // The first commit is done; the second is begun and stands still.
    while (await cluster.schedule.release((step) => !isCommit(step)));
    for (let phase = 0; phase < 2; phase += 1) await cluster.schedule.release(isCommit);
    while (await cluster.schedule.release((step) => !isCommit(step)));
    expect(cluster.schedule.pending.map(({ nodeId }) => nodeId.split('/')[0])).toEqual(['node-0']);
    await cluster.finish(Promise.all(sends));
    expect(await bodies(cluster, group)).toEqual(['one', 'two', 'three']);
  });

  test('[G8.1] ten thousand wait for one conversation; one more is refused, and comes after them', async () => {
    const { cluster, ann, group } = await open();
    await using _ = cluster;
    cluster.schedule.isHolding = true;
    const codes: Promise<string>[] = [];
    for (let count = 0; count <= 10_000; count += 1) {
      codes.push(codeOf(cluster.begin('send_message', callerOf(ann), sendAs(`n${count}`, group))));
      if (count === 0) while (await cluster.schedule.release(({ label }) => label !== 'commit'));
    }
    const tooMany = codeOf(cluster.begin('send_message', callerOf(ann), sendAs('too many', group)));
    expect(await tooMany).toBe('unavailable');
    cluster.schedule.isHolding = false;
    await cluster.settle();
    expect(new Set(await Promise.all(codes))).toEqual(new Set(['done']));
    expect(await cluster.log(group)).toHaveLength(10_002);
  });

  test('[G2.2] [G2.3] two nodes that both take themselves for the owner take turns', async () => {
    const { cluster, ann, bob, group } = await open({ nodes: 2 });
    await using _ = cluster;
    const [one, other] = [cluster.device(ann, 'a'), cluster.device(bob, 'b')];
    await one.connect(cluster.node(0));
    await other.connect(cluster.node(1));
    for (const node of cluster.nodes) node.believesLive = [node.nodeId];
    cluster.schedule.isHolding = true;
    const sends = Array.from({ length: 20 }, (_value, index) => [
      one.send(group, `a${index}`),
      other.send(group, `b${index}`),
    ]);
    await cluster.finish(Promise.all(sends.flat()));
    const log = await cluster.log(group);
    expect(log.map((event) => event.sequence)).toEqual(log.map((_value, index) => index + 1));
    const said = await bodies(cluster, group);
    for (const name of ['a', 'b']) {
      const expected = Array.from({ length: 20 }, (_value, index) => `${name}${index}`);
      expect(said.filter((body) => body.startsWith(name))).toEqual(expected);
    }
  });

  test('[G2.3] who has lost a turn lets the other one go first after its next commit', async () => {
    const { cluster, ann, bob, group } = await open({ nodes: 2 });
    await using _ = cluster;
    const { clock, schedule } = cluster;
    const [one, other] = [cluster.device(ann, 'a'), cluster.device(bob, 'b')];
    await one.connect(cluster.node(0));
    await other.connect(cluster.node(1));
    for (const node of cluster.nodes) node.believesLive = [node.nodeId];
    await one.send(group, 'a0');
    await other.send(group, 'b0');
    // This one found that the log had moved on.
    await one.send(group, 'a1');
    schedule.isHolding = true;
    const sends = [one.send(group, 'a2')];
    const isCommit = ({ label }: { readonly label: string }): boolean => label === 'commit';
    while (await schedule.release((step) => !isCommit(step)));
    await schedule.release(isCommit);
    while (clock.fireNext(clock.nowMs() + 20));
    await schedule.release(isCommit);
    sends.push(one.send(group, 'a3'), other.send(group, 'b1'));
    await schedule.settle();
    expect(await bodies(cluster, group)).toEqual(['a0', 'b0', 'a1', 'a2', 'b1']);
    await cluster.advance(1_000);
    await Promise.all(sends);
    expect(await bodies(cluster, group)).toEqual(['a0', 'b0', 'a1', 'a2', 'b1', 'a3']);
  });
});

describe('a send is one send', () => {
  test('[G3.1] twice in one batch, in the next, and through another node: one event', async () => {
    const { cluster, ann, device, group } = await open({ nodes: 2 });
    await using _ = cluster;
    // While the first commit is under way, the others wait for one batch.
    const warm = device.send(group, 'warm');
    const batch = await Promise.all([
      device.resend(sendAs('one', group)),
      device.resend(sendAs('one', group)),
    ]);
    await warm;
    const later = await device.resend(sendAs('one', group));
    for (const node of cluster.nodes) node.believesLive = [node.nodeId];
    const elsewhere = await cluster.ask('send_message', callerOf(ann), sendAs('one', group), cluster.node(1));
    const places = [...batch, later].map(({ messageId, sequence }) => `${messageId} ${sequence}`);
    expect(
      new Set([
        ...places,
        `${String(elsewhere.answer?.['messageId'])} ${String(elsewhere.answer?.['sequence'])}`,
      ]).size,
    ).toBe(1);
    expect(elsewhere).toMatchObject({ existing: true, answer: { duplicate: true } });
    expect(await bodies(cluster, group)).toEqual(['warm', 'one']);
  });

  test('[G3.1] two users may use the same id', async () => {
    const { cluster, bob, device, group } = await open();
    await using _ = cluster;
    await device.resend(sendAs('one', group, 'of ann'));
    await cluster.ask('send_message', callerOf(bob), sendAs('one', group, 'of bob'));
    expect(await bodies(cluster, group)).toEqual(['of ann', 'of bob']);
  });

  test('[G3.2] the same id with another content is refused, in the same batch and later', async () => {
    const { cluster, device, group } = await open();
    await using _ = cluster;
    const warm = device.send(group, 'warm');
    const both = [
      codeOf(device.resend(sendAs('one', group, 'first'))),
      codeOf(device.resend(sendAs('one', group, 'second'))),
    ];
    expect(await Promise.all(both)).toEqual(['done', 'idempotency_conflict']);
    await warm;
    expect(await codeOf(device.resend(sendAs('one', group, 'third')))).toBe('idempotency_conflict');
    expect(
      await codeOf(device.request('send_message', { ...sendAs('one', group, 'first'), format: 'markdown' })),
    ).toBe('idempotency_conflict');
    expect(await codeOf(device.resend(sendAs('two', group)))).toBe('done');
    expect(await bodies(cluster, group)).toEqual(['warm', 'first', 'two']);
  });

  test('[G3.3] a repetition gets its first answer over the rate limit, and a conflict blocks nothing', async () => {
    const { cluster, ann, device, group } = await open({ rateLimits: true });
    await using _ = cluster;
    const first = await device.resend(sendAs('one', group));
    const members = { conversationId: group, clientMessageId: id('add'), userIds: [ann.userId] };
    const created = { conversationType: 'group' as const, memberIds: [], clientMessageId: id('created') };
    await device.request('create_conversation', created);
    const add = await device.request('add_members', members);
    for (;;) if ((await codeOf(device.send(group, 'more'))) === 'rate_limited') break;
    expect(await codeOf(device.resend(sendAs('one', group, 'other')))).toBe('idempotency_conflict');
    expect(await device.resend(sendAs('one', group))).toEqual(first);
    expect(add.answer).toEqual({ events: [] });
    expect(await codeOf(device.resend(sendAs('new', group)))).toBe('after_previous');
    for (let count = 0; count < 600; count++) {
      const code = await codeOf(
        device.request('create_conversation', { ...created, clientMessageId: id(`c${count}`) }),
      );
      if (code === 'rate_limited') break;
    }
    expect((await device.request('create_conversation', created)).existing).toBe(true);
  });

  test('[G2.2] [G8.1] what comes behind a send over the limit is held back at once, and costs nothing', async () => {
    const { cluster, device, group } = await open({ rateLimits: true });
    await using _ = cluster;
    for (;;) if ((await codeOf(device.send(group, 'more'))) === 'rate_limited') break;
    for (const send of device.pending.values())
      await device.request('abandon_send', { conversationId: group, clientMessageId: send.clientMessageId });
    const code = (name: string): Promise<string> =>
      codeOf(device.request('send_message', sendAs(name, group)));
    cluster.schedule.isHolding = true;
    const one = code('one');
    // While it is looked up whether it is a repetition there is room for a message again.
    cluster.clock.fireNext(cluster.clock.nowMs() + 2);
    const two = code('two');
    expect(await cluster.finish(Promise.all([one, two]))).toEqual(['rate_limited', 'after_previous']);
    cluster.schedule.isHolding = false;
    for (let count = 0; count < 10; count += 1) expect(await code(`behind ${count}`)).toBe('after_previous');
    expect(await code('one')).toBe('done');
  });

  test('[G3.3] a repetition gets its first answer from who was removed since', async () => {
    const { cluster, ann, bob, group } = await open();
    await using _ = cluster;
    const cyd = (await cluster.users('cyd'))[0] as TestUser;
    const promote = {
      conversationId: group,
      clientMessageId: id('promote'),
      userId: bob.userId,
      role: 'admin',
    } as const;
    await cluster.ask('update_member', callerOf(ann), promote);
    const send = sendAs('one', group);
    const add = { conversationId: group, clientMessageId: id('add'), userIds: [cyd.userId] };
    const first = await cluster.ask('send_message', callerOf(bob), send);
    const added = await cluster.ask('add_members', callerOf(bob), add);
    await cluster.ask('remove_member', callerOf(ann), { conversationId: group, userId: bob.userId });
    const again = await cluster.ask('send_message', callerOf(bob), send);
    expect(again).toEqual({ answer: { ...first.answer, duplicate: true }, existing: true });
    expect((await cluster.ask('add_members', callerOf(bob), add)).answer).toEqual(added.answer);
    const other = { ...add, userIds: ['unobody'] };
    expect(await codeOf(cluster.ask('add_members', callerOf(bob), other))).toBe('idempotency_conflict');
    expect(await codeOf(cluster.ask('send_message', callerOf(bob), sendAs('two', group)))).toBe('not_found');
    expect(await codeOf(cluster.ask('send_message', callerOf(bob), { ...send, body: 'x' }))).toBe(
      'idempotency_conflict',
    );
  });

  test('[G3.4] two users have one direct conversation, a creator and an id one group', async () => {
    const { cluster, ann, bob } = await open({ nodes: 2 });
    await using _ = cluster;
    cluster.schedule.isHolding = true;
    for (const node of cluster.nodes) node.believesLive = [node.nodeId];
    const ask = (
      user: TestUser,
      node: number,
      request: { memberIds: string[]; type: 'direct' | 'group'; key: string },
    ) =>
      cluster.begin(
        'create_conversation',
        callerOf(user),
        { conversationType: request.type, memberIds: request.memberIds, clientMessageId: id(request.key) },
        cluster.node(node),
      );
    const direct = { type: 'direct', key: 'd' } as const;
    const group = { type: 'group', key: 'g', memberIds: [bob.userId] } as const;
    const answers = await cluster.finish(
      Promise.all([
        ask(ann, 0, { ...direct, memberIds: [bob.userId] }),
        ask(bob, 1, { ...direct, memberIds: [ann.userId] }),
        ask(ann, 1, { ...direct, key: 'other', memberIds: [bob.userId, ann.userId] }),
        ask(ann, 0, { ...group, memberIds: [bob.userId] }),
        ask(ann, 1, { ...group, memberIds: [bob.userId] }),
      ]),
    );
    const ids = answers.map(
      (reply) => fieldOf<{ conversationId: string }>(reply, 'conversation').conversationId,
    );
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(new Set(ids.slice(3)).size).toBe(1);
    expect(answers.filter(({ existing }) => !existing)).toHaveLength(2);
    for (const conversationId of new Set(ids)) expect(await cluster.log(conversationId)).toHaveLength(1);
    const other = ask(ann, 0, { ...group, memberIds: [] });
    expect(await codeOf(cluster.finish(other))).toBe('idempotency_conflict');
  });
});

describe('unknown outcomes', () => {
  for (const faults of [
    ['unknown_applied'],
    ['unknown_not_applied'],
    ['unknown_applied', 'unavailable'],
    ['unknown_not_applied', 'unavailable', 'unknown_not_applied'],
    ['unknown_applied', 'unknown_applied'],
  ] as const) {
    test(`[G1.4] ${faults.join(', ')}: nothing is answered until it is decided`, async () => {
      const { cluster, device, group } = await open();
      await using _ = cluster;
      cluster.store.failNextCommits(...faults);
      const answered: string[] = [];
      const sends = ['one', 'two', 'three'].map(async (name) => {
        await device.resend(sendAs(name, group));
        answered.push(name);
      });
      await cluster.settle();
      expect(answered).toEqual([]);
      await cluster.advance(10_000);
      await Promise.all(sends);
      expect(await bodies(cluster, group)).toEqual(['one', 'two', 'three']);
      expect(device.acknowledged.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
    });
  }
});

test('[G3.1] a commit whose answer was lost is answered and delivered as the first one it is', async () => {
  const { cluster, bob, device, group } = await open();
  await using _ = cluster;
  const other = cluster.device(bob, 'web');
  await other.connect();
  cluster.store.failNextCommits('unknown_applied');
  const replies = ['one', 'two'].map((name) =>
    device.request('send_message', { ...sendAs(name, group), body: name }),
  );
  await cluster.advance(5_000);
  const answers = (await Promise.all(replies)).map(({ answer, existing }) => [
    answer?.['duplicate'],
    existing,
  ]);
  expect(answers).toEqual([
    [undefined, false],
    [undefined, false],
  ]);
  const heard = other.session?.told.flatMap((told) =>
    told.kind === 'event' && told.isLive && told.event.conversationId === group ? [told.event.sequence] : [],
  );
  expect(heard).toEqual([2, 3]);
});

test('[G2.2] what the owner refuses for good holds nothing back that was forwarded with it', async () => {
  const { cluster, device, group } = await open({ nodes: 2 });
  await using _ = cluster;
  cluster.node(0).believesLive = ['node-1'];
  await cluster.finish(device.resend(sendAs('one', group)));
  cluster.schedule.isHolding = true;
  const mentions = ['unobody'];
  const sends = [
    sendAs('zero', group),
    sendAs('one', group, 'another text'),
    { ...sendAs('wrong', group), mentions },
    sendAs('two', group),
  ];
  const codes = sends.map(async (send) => await codeOf(device.request('send_message', send)));
  expect(await cluster.finish(Promise.all(codes))).toEqual([
    'done',
    'idempotency_conflict',
    'invalid',
    'done',
  ]);
  expect(await bodies(cluster, group)).toEqual(['one', 'zero', 'two']);
});

test('[P5.2] the sender alone is shown the clientMessageId, live and when it is read again', async () => {
  const { cluster, bob, device, group } = await open();
  await using _ = cluster;
  const other = cluster.device(bob, 'web');
  await other.connect();
  await device.resend(sendAs('mine', group));
  await cluster.settle();
  const live = [device, other].map((one) =>
    one.session?.told.flatMap((told) =>
      told.kind === 'event' && told.event.type === 'message_event' ? [told.event.clientMessageId] : [],
    ),
  );
  expect(live).toEqual([[id('mine')], [undefined]]);
  for (const [user, shown] of [
    [device.user, id('mine')],
    [bob, undefined],
  ] as const) {
    const page = await cluster.ask('sync', callerOf(user), { conversationId: group, after: null });
    const events = fieldOf<{ type: string; clientMessageId?: string }[]>(page, 'events');
    expect(
      events.flatMap((event) => (event.type === 'message_event' ? [event.clientMessageId] : [])),
    ).toEqual([shown]);
    const history = await cluster.ask('list_messages', callerOf(user), { conversationId: group });
    expect(
      fieldOf<{ clientMessageId?: string }[]>(history, 'messages').map((message) => message.clientMessageId),
    ).toEqual([shown]);
  }
});

test('[G2.2] every durable request stands in the lane of its conversation', async () => {
  const { cluster, bob, device, group } = await open();
  await using _ = cluster;
  cluster.store.failNextCommits('unavailable');
  expect(await codeOf(device.resend(sendAs('one', group)))).toBe('unavailable');
  const common = { conversationId: group, clientMessageId: id('two') };
  for (const behind of [
    device.request('update_conversation', { ...common, title: 'ours' }),
    device.request('add_members', { ...common, userIds: [bob.userId] }),
    device.request('remove_member', { ...common, userId: bob.userId }),
    device.request('update_member', { ...common, userId: bob.userId, role: 'admin' }),
  ])
    expect(await codeOf(behind)).toBe('after_previous');
});

test('[G2.2] what was refused without an id of the client holds nothing back', async () => {
  const { cluster, bob, device, group } = await open();
  await using _ = cluster;
  cluster.store.failNextCommits('unavailable');
  const remove = { conversationId: group, userId: bob.userId };
  expect(await codeOf(device.request('remove_member', remove))).toBe('unavailable');
  expect(await codeOf(device.send(group, 'after it'))).toBe('done');
});

describe('members that are added', () => {
  test('unknown users are named to members, also where this node remembers an older membership', async () => {
    const { cluster, ann, bob, group } = await open({ nodes: 2 });
    await using _ = cluster;
    const cyd = (await cluster.users('cyd'))[0] as TestUser;
    const [here, there] = [cluster.node(0), cluster.node(1)];
    here.believesLive = ['node-0'];
    await cluster.ask('send_message', callerOf(ann), sendAs('one', group), here);
    for (const node of [here, there]) node.believesLive = ['node-1'];
    const role = 'admin' as const;
    const add = { conversationId: group, clientMessageId: id('add'), userIds: [cyd.userId], role };
    await cluster.ask('add_members', callerOf(ann), add, there);
    const unknown = { conversationId: group, clientMessageId: id('nobody'), userIds: ['unobody'] };
    expect(await codeOf(cluster.ask('add_members', callerOf(cyd), unknown, here))).toBe('unknown_members');
    await cluster.ask('remove_member', callerOf(ann), { conversationId: group, userId: bob.userId }, there);
    // [G5.2] besides: the node still remembers Bob as a member.
    expect(await codeOf(cluster.ask('add_members', callerOf(bob), unknown, here))).toBe('not_found');
    expect(await codeOf(cluster.ask('typing', callerOf(bob), { conversationId: group }, here))).toBe(
      'not_found',
    );
  });
});

test('[G2.2] [G2.3] what the owner refuses for want of its store is written here, in order, and so is what follows', async () => {
  const { cluster, device, group } = await open({ nodes: 2 });
  await using _ = cluster;
  cluster.node(0).believesLive = ['node-1'];
  cluster.store.failNextCommits('unavailable');
  const names = ['one', 'two', 'three'];
  const sends = names.map(async (name) => await codeOf(device.resend(sendAs(name, group))));
  expect(await cluster.finish(Promise.all(sends))).toEqual(['done', 'done', 'done']);
  expect(await bodies(cluster, group)).toEqual(names);
  cluster.schedule.isHolding = true;
  const next = device.resend(sendAs('four', group));
  while (await cluster.schedule.release(({ label }) => label !== 'commit'));
  expect(cluster.schedule.pending.map(({ nodeId }) => nodeId.split('/')[0])).toEqual(['node-0']);
  await cluster.finish(next);
});

test('[G1.3] what the store could not be asked for is refused with what it said, and may be sent again', async () => {
  const scene = await open();
  await using cluster = scene.cluster;
  cluster.store.log.findByClientIds = () => Promise.reject(new ConfabError('unavailable'));
  const stranger = { conversationId: scene.group, userId: 'ustranger', clientMessageId: id('gone') };
  const refused = cluster.ask('remove_member', callerOf(scene.ann), stranger);
  expect(await codeOf(refused)).toBe('unavailable');
});

test('[G9.3] a node refuses nobody by what it knew before another one wrote', async () => {
  const scene = await open({ nodes: 2 });
  await using cluster = scene.cluster;
  const [other, here] = [cluster.node(0), cluster.node(1)];
  for (const node of cluster.nodes) node.believesLive = [node.nodeId];
  const [cyd] = (await cluster.users('cyd')) as [TestUser];
  const send = { ...sendAs('early', scene.group) };
  expect(await codeOf(cluster.ask('send_message', callerOf(cyd), send, here))).toBe('not_found');
  const change = { conversationId: scene.group, clientMessageId: id('add'), userIds: [cyd.userId] };
  await cluster.ask('add_members', callerOf(scene.ann), change, other);
  expect(await codeOf(cluster.ask('send_message', callerOf(cyd), send, here))).toBe('done');
});

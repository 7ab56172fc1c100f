import { describe, expect, test } from 'bun:test';
import { ConfabError, type ConversationSummary } from '@confab/protocol';
import {
  callerOf,
  checkHistory,
  createTestCluster,
  fieldOf,
  type TestCluster,
  type TestUser,
  turn,
} from '@confab/testkit';

interface Scene {
  readonly cluster: TestCluster;
  readonly ann: TestUser;
  readonly bob: TestUser;
  readonly group: string;
}

/** Ann and Bob in a group, with messages 2 to 6 by Ann. */
async function open(): Promise<Scene> {
  const cluster = await createTestCluster({ nodes: 2 });
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  for (let count = 0; count < 5; count++) await say(cluster, ann, group);
  await cluster.settle();
  return { cluster, ann, bob, group };
}

async function say(cluster: TestCluster, user: TestUser, conversationId: string): Promise<void> {
  const request = { conversationId, clientMessageId: cluster.random.urlSafe(22), body: 'x' };
  await cluster.ask('send_message', callerOf(user), request);
}

async function summaryOf(
  cluster: TestCluster,
  user: TestUser,
  conversationId: string,
): Promise<ConversationSummary> {
  const { answer } = await cluster.ask('get_conversation', callerOf(user), { conversationId });
  return answer?.['conversation'] as ConversationSummary;
}

describe('receipts', () => {
  test('[G6.3] watermarks never go back, in whatever order receipts come, and never pass the head', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    const place = [{ conversationId: group, userId: bob.userId }];
    let highest = 0;
    for (const [at, read] of [3, 2, 5, 1, 4, 999, 2].entries()) {
      await cluster.ask('receipt', callerOf(bob), { conversationId: group, read }, cluster.node(at % 2));
      if (at % 3 === 0) await cluster.advance(60);
      highest = Math.min(6, Math.max(highest, read));
      const { read: said } = await summaryOf(cluster, bob, group);
      if (at % 2 === 0) expect(said.sequence).toBe(highest);
      expect(said.ordinal).toBe(said.sequence - 1);
    }
    await cluster.advance(60);
    expect(await cluster.store.cursors.get(place)).toMatchObject([{ delivered: 6, read: 6, readOrdinal: 5 }]);
    await say(cluster, bob, group);
    expect(await summaryOf(cluster, bob, group)).toMatchObject({ unread: 0, read: { sequence: 6 } });
  });

  test('[G6.3] what was read does not vanish while it is being written', async () => {
    for (let point = 0; ; point++) {
      const { cluster, bob, group } = await open();
      await using _ = cluster;
      cluster.schedule.isHolding = true;
      await cluster.ask('receipt', callerOf(bob), { conversationId: group, read: 4 });
      // The look at the list stops at a step; the write goes on to its end meanwhile.
      const look = cluster.begin('get_conversation', callerOf(bob), { conversationId: group });
      let passed = 0;
      while (passed < point && (await cluster.schedule.step())) passed += 1;
      await turn();
      const held = new Set(cluster.schedule.pending);
      cluster.clock.fireNext(cluster.clock.nowMs() + 60);
      while (await cluster.schedule.release((step) => !held.has(step)));
      const reply = await cluster.finish(look);
      expect(fieldOf<ConversationSummary>(reply, 'conversation').read.sequence).toBe(4);
      if (passed < point) return;
    }
  });

  test('[G6.3] what is being written is not missing from a look that began before it was', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    cluster.schedule.isHolding = true;
    await cluster.ask('receipt', callerOf(bob), { conversationId: group, read: 4 });
    cluster.clock.fireNext(cluster.clock.nowMs() + 60);
    await turn();
    expect(cluster.schedule.pending.map(({ label }) => label)).toEqual(['advance']);
    // The store is asked before the write reaches it, and its answer comes after the write is done.
    const look = cluster.begin('get_conversation', callerOf(bob), { conversationId: group });
    const isWrite = ({ label }: { label: string }): boolean => label === 'advance';
    const isAnswer = ({ label, phase }: { label: string; phase: string }): boolean =>
      label === 'get' && phase === 'answer';
    while (await cluster.schedule.release((step) => !isWrite(step) && !isAnswer(step)));
    while (await cluster.schedule.release(isWrite));
    const reply = await cluster.finish(look);
    expect(fieldOf<ConversationSummary>(reply, 'conversation').read.sequence).toBe(4);
  });

  test('[G6.3] of receipts that are written together the highest counts, and those that come meanwhile follow', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    const read = async (sequence: number): Promise<void> =>
      void (await cluster.begin('receipt', callerOf(bob), { conversationId: group, read: sequence }));
    const stored = async () =>
      (await cluster.store.cursors.get([{ conversationId: group, userId: bob.userId }]))[0]?.read ?? 0;
    for (const sequence of [4, 2, 3]) await read(sequence);
    cluster.schedule.isHolding = true;
    cluster.clock.fireNext(cluster.clock.nowMs() + 60);
    const isWrite = ({ label }: { label: string }): boolean => label === 'advance';
    while (await cluster.schedule.release((step) => !isWrite(step)));
    expect(await stored()).toBe(0);
    // The first write is under way when the next one is due.
    const second = read(6);
    while (await cluster.schedule.release((step) => !isWrite(step)));
    await second;
    cluster.clock.fireNext(cluster.clock.nowMs() + 60);
    while (await cluster.schedule.release((step) => !isWrite(step)));
    while (await cluster.schedule.release(isWrite));
    expect(await stored()).toBe(4);
    cluster.schedule.isHolding = false;
    await cluster.advance(200);
    expect(await stored()).toBe(6);
  });

  test('[G5.1] nobody is told of the reading of who has been removed meanwhile', async () => {
    const { cluster, ann, bob, group } = await open();
    await using _ = cluster;
    const other = cluster.device(ann, 'phone');
    await other.connect();
    await cluster.ask('receipt', callerOf(bob), { conversationId: group, read: 4 });
    await cluster.ask('remove_member', callerOf(ann), { conversationId: group, userId: bob.userId });
    await cluster.advance(100);
    expect(other.session?.told.filter(({ kind }) => kind === 'receipt')).toEqual([]);
  });

  test('[P8.1] a receipt over HTTP is answered once it is written, and only for a device of one’s own', async () => {
    const { cluster, ann, bob, group } = await open();
    await using _ = cluster;
    for (const user of [ann, bob])
      await cluster.ask(
        'create_session',
        { kind: 'anyone' },
        { ...user, deviceId: `${user.username}-phone` },
      );
    const messageId = (await cluster.log(group))[3]?.eventId ?? '';
    const request = { messageId, receiptType: 'read' as const };
    cluster.schedule.isHolding = true;
    let isAnswered = false;
    const asked = cluster
      .begin('create_receipt', callerOf(bob), { ...request, deviceId: 'bob-phone' })
      .then(() => (isAnswered = true));
    while (await cluster.schedule.step());
    expect(isAnswered).toBe(false);
    cluster.schedule.isHolding = false;
    await cluster.advance(60);
    await asked;
    expect(await cluster.store.cursors.get([{ conversationId: group, userId: bob.userId }])).toMatchObject([
      { read: 4 },
    ]);
    const foreign = cluster.begin('create_receipt', callerOf(bob), { ...request, deviceId: 'ann-phone' });
    const code = foreign.then(
      () => 'done',
      (error: unknown) => (error instanceof ConfabError ? error.code : error),
    );
    await cluster.advance(60);
    expect(await code).toBe('not_found');
  });

  test('[P6.6] a message says what its sender had on screen, also where it is sent again', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    const send = { conversationId: group, clientMessageId: 'r'.repeat(22), body: 'as I read' };
    await cluster.ask('send_message', callerOf(bob), { ...send, readThrough: 3 });
    expect((await summaryOf(cluster, bob, group)).read.sequence).toBe(3);
    await cluster.ask('send_message', callerOf(bob), { ...send, readThrough: 5 });
    expect((await summaryOf(cluster, bob, group)).read.sequence).toBe(5);
  });

  test('[G6.3] a write that fails is tried again, and loses nothing', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    const { cursors } = cluster.store;
    const advance = cursors.advance.bind(cursors);
    cursors.advance = () => Promise.reject(new Error('told to fail'));
    await cluster.ask('receipt', callerOf(bob), { conversationId: group, read: 3 });
    await cluster.advance(500);
    expect(await summaryOf(cluster, bob, group)).toMatchObject({ read: { sequence: 3 }, unread: 3 });
    cursors.advance = advance;
    await cluster.advance(2_000);
    const place = [{ conversationId: group, userId: bob.userId }];
    expect(await cluster.store.cursors.get(place)).toMatchObject([{ read: 3, readOrdinal: 2 }]);
  });

  test('[G6.1] [G6.2] own messages never raise unread, also those sent while it is counted', async () => {
    for (let point = 0; ; point++) {
      const { cluster, bob, group } = await open();
      await using _ = cluster;
      cluster.schedule.isHolding = true;
      const look = cluster.begin('get_conversation', callerOf(bob), { conversationId: group });
      let passed = 0;
      while (passed < point && (await cluster.schedule.step())) passed += 1;
      await turn();
      const held = new Set(cluster.schedule.pending);
      const request = { conversationId: group, clientMessageId: cluster.random.urlSafe(22), body: 'mine' };
      const sent = cluster.begin('send_message', callerOf(bob), request);
      while (await cluster.schedule.release((step) => !held.has(step)));
      await sent;
      const { answer } = await cluster.finish(look);
      expect(answer).toMatchObject({ conversation: { unread: 5 } });
      if (passed < point) return;
    }
  });

  test('[G6.1] the other devices learn what was read, and agree', async () => {
    const { cluster, ann, bob, group } = await open();
    await using _ = cluster;
    const [phone, web, other] = [
      cluster.device(bob, 'phone'),
      cluster.device(bob, 'web'),
      cluster.device(ann, 'web'),
    ];
    for (const [index, device] of [phone, web, other].entries())
      await device.connect(cluster.node(index % 2));
    expect([phone.unreadOf(group), web.unreadOf(group), other.unreadOf(group)]).toEqual([5, 5, 0]);
    await phone.request('receipt', { conversationId: group, read: 4 });
    await say(cluster, bob, group);
    await cluster.advance(60);
    await say(cluster, ann, group);
    expect([phone.unreadOf(group), web.unreadOf(group), other.unreadOf(group)]).toEqual([3, 3, 1]);
    const news = other.session?.told.flatMap((told) => (told.kind === 'receipt' ? [told.news] : []));
    expect(news).toContainEqual({ conversationId: group, userId: bob.userId, delivered: 4, read: 4 });
    expect(await checkHistory(cluster, [group])).toEqual([]);
  });

  test('[P8.1] a receipt over HTTP for what has come in says nothing of reading', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    const messageId = (await cluster.log(group))[3]?.eventId ?? '';
    const asked = cluster.begin('create_receipt', callerOf(bob), { messageId, receiptType: 'delivered' });
    await cluster.advance(60);
    await asked;
    const place = [{ conversationId: group, userId: bob.userId }];
    expect(await cluster.store.cursors.get(place)).toMatchObject([{ delivered: 4, read: 0 }]);
  });

  test('[P8.1] a receipt over HTTP that could not be written is not answered as if it were', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    cluster.store.cursors.advance = () => Promise.reject(new Error('told to fail'));
    const messageId = (await cluster.log(group))[3]?.eventId ?? '';
    const outcome = cluster.begin('create_receipt', callerOf(bob), { messageId, receiptType: 'read' }).then(
      () => 'done',
      () => 'refused',
    );
    await cluster.advance(60);
    expect(await outcome).toBe('refused');
  });

  test('[G6.3] a node that stops while it writes writes what came meanwhile too', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    const { schedule } = cluster;
    schedule.isHolding = true;
    const isWrite = ({ label }: { label: string }): boolean => label === 'advance';
    for (const read of [3, 5]) {
      const taken = cluster.begin('receipt', callerOf(bob), { conversationId: group, read });
      while (await schedule.release((step) => !isWrite(step)));
      await taken;
      if (read === 3) cluster.clock.fireNext(cluster.clock.nowMs() + 60);
      while (await schedule.release((step) => !isWrite(step)));
    }
    expect(schedule.pending.map(({ label }) => label)).toEqual(['advance']);
    const stopped = cluster.node(0).chat.stop();
    await cluster.settle();
    // No time passes.
    expect(await cluster.store.cursors.get([{ conversationId: group, userId: bob.userId }])).toMatchObject([
      { read: 5 },
    ]);
    await cluster.finish(stopped);
  });

  test('a node that stops writes what it was told', async () => {
    const { cluster, bob, group } = await open();
    await using _ = cluster;
    await cluster.ask('receipt', callerOf(bob), { conversationId: group, read: 3 });
    await cluster.node(0).chat.stop();
    expect(await cluster.store.cursors.get([{ conversationId: group, userId: bob.userId }])).toMatchObject([
      { read: 3 },
    ]);
  });
});

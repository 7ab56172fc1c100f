import { describe, expect, test } from 'bun:test';
import type { ReceiptNews } from '@confab/contracts';
import { deliveryTiers } from '@confab/conversation';
import {
  callerOf,
  createTestCluster,
  type TestCluster,
  type TestDevice,
  type TestUser,
} from '@confab/testkit';

/** Longer than receipts are gathered for. */
const GATHERED_MS = 60;
/** Places whose news are looked up together. */
const AT_ONCE = 200;

async function say(cluster: TestCluster, user: TestUser, conversationId: string): Promise<void> {
  const request = { conversationId, clientMessageId: cluster.random.urlSafe(22), body: 'x' };
  await cluster.ask('send_message', callerOf(user), request);
}

async function read(
  cluster: TestCluster,
  user: TestUser,
  conversationId: string,
  sequence: number,
): Promise<void> {
  await cluster.ask('receipt', callerOf(user), { conversationId, read: sequence });
}

/** A phone of each, connected to the one node. */
async function phonesOf(cluster: TestCluster, users: readonly TestUser[]): Promise<TestDevice[]> {
  const phones = users.map((user) => cluster.device(user, 'phone'));
  for (const phone of phones) await phone.connect();
  return phones;
}

function newsOf(device: TestDevice | undefined): readonly ReceiptNews[] {
  return device?.session?.told.flatMap((told) => (told.kind === 'receipt' ? [told.news] : [])) ?? [];
}

describe('the news of receipts that are written together', () => {
  test('[P8.2] [P8.3] tell each member of the others, and each user of themself, in the numbers of each', async () => {
    await using cluster = await createTestCluster();
    const [ann, bob, cyd] = (await cluster.users('ann', 'bob', 'cyd')) as [TestUser, TestUser, TestUser];
    const [group, pair] = [await cluster.group(ann, [bob, cyd]), await cluster.group(ann, [bob])];
    // 2 to 7 of the group: by Ann, Bob, Ann, a title, Bob, Bob. 2 and 3 of the pair: by Bob.
    for (const user of [ann, bob, ann]) await say(cluster, user, group);
    const rename = { conversationId: group, clientMessageId: cluster.random.urlSafe(22), title: 'trip' };
    await cluster.ask('update_conversation', callerOf(ann), rename);
    for (const user of [bob, bob]) await say(cluster, user, group);
    for (const user of [bob, bob]) await say(cluster, user, pair);
    const phones = await phonesOf(cluster, [ann, bob, cyd]);
    await cluster.ask('receipt', { ...callerOf(ann), deviceId: 'late' }, { conversationId: pair, read: 3 });
    await cluster.ask('receipt', { ...callerOf(ann), deviceId: 'slow' }, { conversationId: pair, read: 2 });
    await read(cluster, bob, group, 3);
    await read(cluster, cyd, group, 4);
    await read(cluster, ann, group, 5);
    await cluster.ask('receipt', callerOf(bob), { conversationId: pair, delivered: 2 });
    await cluster.advance(GATHERED_MS);
    const of = (user: TestUser, conversationId: string, sequence: number) => ({
      conversationId,
      userId: user.userId,
      delivered: sequence,
      read: sequence,
    });
    const own = (user: TestUser, at: { sequence: number; ordinal: number }, unread: number) => ({
      conversationId: group,
      userId: user.userId,
      read: at.sequence,
      floor: at,
      unread,
      headSequence: 7,
      headOrdinal: 5,
    });
    const annAtPair = {
      conversationId: pair,
      userId: ann.userId,
      read: 3,
      floor: { sequence: 3, ordinal: 2 },
      unread: 0,
      headSequence: 3,
      headOrdinal: 2,
    };
    const bobAtPair = { conversationId: pair, userId: bob.userId, delivered: 2 };
    const expected = [
      [of(bob, group, 3), of(cyd, group, 4), bobAtPair, annAtPair, own(ann, { sequence: 5, ordinal: 3 }, 2)],
      [of(ann, pair, 3), of(cyd, group, 4), of(ann, group, 5), own(bob, { sequence: 3, ordinal: 2 }, 1)],
      [of(bob, group, 3), of(ann, group, 5), own(cyd, { sequence: 4, ordinal: 3 }, 2)],
    ];
    for (const [index, phone] of phones.entries()) {
      const [heard, due] = [newsOf(phone), expected[index] ?? []];
      expect(heard).toHaveLength(due.length);
      expect(heard).toEqual(expect.arrayContaining(due));
    }
  });

  test('[P8.3] who joined late and has read nothing since has their join for a floor', async () => {
    await using cluster = await createTestCluster();
    const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
    const group = await cluster.group(ann, []);
    for (let count = 0; count < 3; count += 1) await say(cluster, ann, group);
    const add = { conversationId: group, clientMessageId: cluster.random.urlSafe(22), userIds: [bob.userId] };
    await cluster.ask('add_members', callerOf(ann), add);
    await say(cluster, ann, group);
    const [phone] = await phonesOf(cluster, [bob]);
    await read(cluster, bob, group, 2);
    await cluster.advance(GATHERED_MS);
    expect(newsOf(phone)).toMatchObject([{ floor: { sequence: 5, ordinal: 3 }, unread: 1 }]);
  });

  test('[G5.1] tell nothing of nor to who has been removed meanwhile, and all to those who stay', async () => {
    await using cluster = await createTestCluster();
    const [ann, bob, cyd] = (await cluster.users('ann', 'bob', 'cyd')) as [TestUser, TestUser, TestUser];
    const group = await cluster.group(ann, [bob, cyd]);
    await say(cluster, ann, group);
    const [phone, removed, stays] = await phonesOf(cluster, [ann, bob, cyd]);
    await read(cluster, bob, group, 2);
    await read(cluster, cyd, group, 2);
    await cluster.ask('remove_member', callerOf(ann), { conversationId: group, userId: bob.userId });
    await cluster.advance(GATHERED_MS);
    expect(newsOf(removed)).toEqual([]);
    expect(newsOf(phone)).toMatchObject([{ userId: cyd.userId, read: 2 }]);
    expect(newsOf(stays)).toMatchObject([{ userId: cyd.userId, headSequence: 3 }]);
  });

  test('[P8.2] [P8.3] stay among the user’s own devices where the conversation is too large', async () => {
    const groups = [
      { type: 'group', membersMax: 2, delivery: 'push', receipts: 'everyone', typing: true },
      { type: 'group', membersMax: 100, delivery: 'push', receipts: 'none', typing: false },
    ] as const;
    const tiers = [...deliveryTiers.filter(({ type }) => type !== 'group'), ...groups];
    await using cluster = await createTestCluster({ tiers });
    const [ann, bob, cyd] = (await cluster.users('ann', 'bob', 'cyd')) as [TestUser, TestUser, TestUser];
    const group = await cluster.group(ann, [bob, cyd]);
    await say(cluster, ann, group);
    const phones = await phonesOf(cluster, [ann, bob, cyd]);
    await read(cluster, bob, group, 2);
    await cluster.advance(GATHERED_MS);
    expect(phones.map((phone) => newsOf(phone).length)).toEqual([0, 1, 0]);
    expect(cluster.faults).toEqual([]);
  });

  test('[G6.1] [G8.1] of many places are told of each once, and looked up a bounded number at a time', async () => {
    await using cluster = await createTestCluster();
    const { groups, phone, looked } = await openMany(cluster, AT_ONCE * 2 + 1);
    await cluster.advance(GATHERED_MS);
    expect(newsOf(phone).map(({ conversationId }) => conversationId)).toEqual(groups);
    expect(looked).toEqual([AT_ONCE, AT_ONCE, 1]);
  });

  test('[G6.1] that cannot be looked up are lost alone, and said to be', async () => {
    await using cluster = await createTestCluster();
    const { groups, phone } = await openMany(cluster, AT_ONCE + 2);
    const { cursors, views } = cluster.store;
    const [get, list] = [cursors.get.bind(cursors), views.list.bind(views)];
    cursors.get = async () => {
      cursors.get = get;
      throw new Error('told to fail');
    };
    views.list = async () => {
      views.list = list;
      throw new Error('told to fail');
    };
    const [bob] = (await cluster.users('bob')) as [TestUser];
    await cluster.advance(GATHERED_MS);
    expect(newsOf(phone).map(({ conversationId }) => conversationId)).toEqual(groups.slice(AT_ONCE));
    expect(cluster.faults.map(({ where }) => where)).toEqual(['receipt-news', 'receipt-news']);
    // Nor do they hold up what is told after them.
    await read(cluster, bob, await cluster.group(bob, []), 1);
    await cluster.node(0).chat.stop();
  });

  test('[P8.2] of one conversation that cannot be looked up take no other with them', async () => {
    await using cluster = await createTestCluster();
    const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
    const groups = [await cluster.group(ann, [bob]), await cluster.group(ann, [bob])];
    const [phone] = await phonesOf(cluster, [ann]);
    for (const group of groups) await read(cluster, bob, group, 1);
    const { views } = cluster.store;
    const list = views.list.bind(views);
    views.list = async () => {
      views.list = list;
      throw new Error('told to fail');
    };
    await cluster.advance(GATHERED_MS);
    expect(newsOf(phone)).toMatchObject([{ conversationId: groups[1], userId: bob.userId, read: 1 }]);
  });

  test('[G6.3] a node has told them when it has stopped, those of the write before the last included', async () => {
    await using cluster = await createTestCluster();
    const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
    const group = await cluster.group(ann, [bob]);
    await say(cluster, ann, group);
    await cluster.settle();
    const { schedule } = cluster;
    schedule.isHolding = true;
    for (const sequence of [1, 2]) {
      const taken = cluster.begin('receipt', callerOf(bob), { conversationId: group, read: sequence });
      while (await schedule.release(({ label }) => label !== 'list'));
      await taken;
      cluster.clock.fireNext(cluster.clock.nowMs() + GATHERED_MS);
      while (await schedule.release(({ label }) => label !== 'list'));
    }
    // The look-ups of both are held. The second is let go to its end; the first one's still reads the store.
    expect(schedule.pending.map(({ label }) => label)).toEqual(['list', 'list']);
    let hasStopped = false;
    const stopped = cluster
      .node(0)
      .chat.stop()
      .then(() => (hasStopped = true));
    const [first] = schedule.pending;
    while (await schedule.release((step) => step !== first));
    expect(hasStopped).toBe(false);
    await cluster.finish(stopped);
    expect(schedule.pending).toEqual([]);
  });
});

/** One user's phone, and receipts for each of many groups of theirs, gathered and not yet written. */
async function openMany(cluster: TestCluster, count: number) {
  const [ann] = (await cluster.users('ann')) as [TestUser];
  const groups: string[] = [];
  for (let left = count; left > 0; left -= 1) groups.push(await cluster.group(ann, []));
  const [phone] = await phonesOf(cluster, [ann]);
  for (const group of groups) await read(cluster, ann, group, 1);
  const { cursors } = cluster.store;
  const looked: number[] = [];
  const get = cursors.get.bind(cursors);
  cursors.get = async (places) => {
    looked.push(places.length);
    return await get(places);
  };
  return { groups, phone, looked };
}

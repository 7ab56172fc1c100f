import { expect, test } from 'bun:test';
import { ConfabError, formatEventId, type Message } from '@confab/protocol';
import { callerOf, createTestCluster, fieldOf, type TestUser } from '@confab/testkit';

const id = (name: string): string => name.padEnd(22, '-');

async function open() {
  const cluster = await createTestCluster();
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  for (let count = 2; count <= 12; count += 1) {
    const request = { conversationId: group, clientMessageId: id(`m${count}`), body: `message ${count}` };
    await cluster.ask('send_message', callerOf(ann), request);
  }
  const page = async (
    user: TestUser,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<number[] | string> => {
    const asked = cluster.ask('list_messages', callerOf(user), { conversationId: group, ...fields });
    try {
      return fieldOf<Message[]>(await asked, 'messages').map(({ sequence }) => sequence);
    } catch (error) {
      return error instanceof ConfabError ? error.code : String(error);
    }
  };
  return { cluster, ann, bob, group, page };
}

test('[P11.1] a page is the first after a place, the last before it, or those around it, and it is one of them', async () => {
  const { cluster, ann, bob, group, page } = await open();
  await using _ = cluster;
  const place = (await cluster.log(group))[6]?.eventId ?? '';
  for (const at of [7, place]) {
    expect(await page(bob, { after: at, limit: 3 })).toEqual([8, 9, 10]);
    expect(await page(bob, { before: at, limit: 3 })).toEqual([4, 5, 6]);
    expect(await page(bob, { around: at, limit: 5 })).toEqual([5, 6, 7, 8, 9]);
    expect(await page(bob, { around: at, limit: 1 })).toEqual([7]);
  }
  expect(await page(bob, { limit: 2 })).toEqual([11, 12]);
  expect(await page(bob, { before: 999, limit: 2 })).toEqual([11, 12]);
  expect(await page(bob, { after: 3, before: 5 })).toBe('invalid');
  const elsewhere = await cluster.group(ann, [bob]);
  for (const field of ['after', 'before', 'around'])
    expect(await page(bob, { [field]: formatEventId(elsewhere, 7, 'AAAAAAAA') })).toBe('invalid');
});

test('[G5.3] a bare sequence from before a join leads to the join; a cursor of another log is no place here', async () => {
  const { cluster, ann, group } = await open();
  await using _ = cluster;
  const [cyd] = (await cluster.users('cyd')) as [TestUser];
  const add = { conversationId: group, clientMessageId: id('add'), userIds: [cyd.userId] };
  await cluster.ask('add_members', callerOf(ann), add);
  for (const after of [0, 1, 11]) {
    const reply = await cluster.ask('list_events', callerOf(cyd), { conversationId: group, after });
    expect(fieldOf<Message[]>(reply, 'events').map(({ sequence }) => sequence)).toEqual([13]);
  }
  const after = formatEventId(cluster.ownLogId(cyd.userId), 1, 'AAAAAAAA');
  const code = await cluster
    .ask('sync', callerOf(cyd), { conversationId: group, after })
    .catch((error: unknown) => (error instanceof ConfabError ? error.code : error));
  expect(code).toBe('invalid');
});

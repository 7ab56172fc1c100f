import { expect, test } from 'bun:test';
import { ConfabError, formatEventId, operations, type Verb, verbs } from '@confab/protocol';
import { callerOf, createTestCluster, type TestCluster, type TestUser } from '@confab/testkit';

const clientMessageId = 'x'.repeat(22);

/** A request about a conversation, with every field filled in; null for verbs that name none. */
function requestAbout(verb: Verb, conversationId: string, userId: string): Record<string, unknown> | null {
  const fields = operations[verb].request.properties;
  const messageId = formatEventId(conversationId, 1, 'AAAAAAAA');
  if (verb === 'create_receipt') return { messageId, receiptType: 'read' };
  if (!('conversationId' in fields)) return null;
  const all: Record<string, unknown> = {
    conversationId,
    clientMessageId,
    userId,
    userIds: [userId, 'unobody'],
    role: 'member',
    title: 'Title',
    body: 'body',
    mentions: [userId],
    replyTo: messageId,
    after: verb === 'list_messages' ? 0 : messageId,
    read: 1,
    delivered: 1,
    waitMs: 1,
    limit: 10,
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => name in fields));
}

/** All that a caller can see of an answer. */
async function seen(
  cluster: TestCluster,
  verb: Verb,
  user: TestUser,
  request: Record<string, unknown>,
): Promise<unknown> {
  try {
    return await cluster.ask(verb, callerOf(user), request);
  } catch (error) {
    if (!(error instanceof ConfabError)) throw error;
    const { code, message, detail } = error;
    return { code, message, detail };
  }
}

test('[G5.2] to strangers, and to who was removed, every verb says what it says of nothing at all', async () => {
  await using cluster = await createTestCluster();
  const [ann, bob, cyd] = (await cluster.users('ann', 'bob', 'cyd')) as [TestUser, TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  const direct = await cluster.direct(ann, bob);
  const send = { conversationId: group, clientMessageId: 'y'.repeat(22), body: 'hello' };
  await cluster.ask('send_message', callerOf(ann), send);
  await cluster.ask('remove_member', callerOf(ann), { conversationId: group, userId: bob.userId });
  const nothing = `g${'n'.repeat(22)}`;
  const before = [await cluster.log(group), await cluster.log(direct)];
  let asked = 0;
  for (const verb of verbs) {
    for (const [user, conversationId] of [
      [cyd, group],
      [cyd, direct],
      [bob, group],
      [cyd, cluster.ownLogId(ann.userId)],
    ] as const) {
      const request = requestAbout(verb, conversationId, ann.userId);
      const ofNothing = requestAbout(verb, nothing, ann.userId);
      if (request === null || ofNothing === null) continue;
      asked += 1;
      const answer = await seen(cluster, verb, user, request);
      expect({ verb, answer }).toEqual({ verb, answer: await seen(cluster, verb, user, ofNothing) });
      // Giving up a send says nothing of the conversation: it concerns the asker's own connection.
      if (verb !== 'abandon_send')
        expect({ verb, answer }).toMatchObject({ verb, answer: { code: 'not_found' } });
    }
  }
  expect(asked).toBeGreaterThan(40);
  expect([await cluster.log(group), await cluster.log(direct)]).toEqual(before);
});

test('[G5.1] [G5.2] only members are told where a conversation stands', async () => {
  await using cluster = await createTestCluster();
  const [ann, bob, cyd] = (await cluster.users('ann', 'bob', 'cyd')) as [TestUser, TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  await cluster.ask('remove_member', callerOf(ann), { conversationId: group, userId: bob.userId });
  const { chat } = cluster.node(0);
  const ids = [group, cluster.ownLogId(ann.userId), 'gnone'];
  const told = async (user: TestUser) => [...(await chat.headsFor(user.userId, ids)).keys()];
  expect(await told(ann)).toEqual(ids.slice(0, 2));
  expect(await told(bob)).toEqual([]);
  expect(await told(cyd)).toEqual([]);
});

test('a member may ask the same', async () => {
  await using cluster = await createTestCluster();
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const group = await cluster.group(ann, [bob]);
  for (const verb of [
    'get_conversation',
    'list_members',
    'list_messages',
    'list_events',
    'sync',
    'typing',
  ] as const) {
    const request = { ...requestAbout(verb, group, bob.userId), after: undefined };
    const answer = await seen(cluster, verb, bob, verb === 'sync' ? { ...request, after: null } : request);
    expect({ verb, answer }).not.toMatchObject({ answer: { code: 'not_found' } });
  }
});

test('[G8.1] reads that come too fast are refused, and say when to come back', async () => {
  await using cluster = await createTestCluster({ rateLimits: true });
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  const search = async (user: TestUser) =>
    (await seen(cluster, 'search_users', user, { query: 'a' })) as {
      code?: string;
      detail?: { afterMs?: number };
    };
  const codes: (string | undefined)[] = [];
  for (let count = 0; count < 60; count += 1) codes.push((await search(ann)).code);
  expect(new Set(codes)).toEqual(new Set([undefined]));
  const refused = await search(ann);
  expect([refused.code, refused.detail?.afterMs]).toEqual(['rate_limited', 200]);
  expect((await search(bob)).code).toBeUndefined();
  await cluster.advance(200);
  expect((await search(ann)).code).toBeUndefined();
  // However long nothing was asked, no more than so many come at once.
  await cluster.advance(600_000);
  const later: (string | undefined)[] = [];
  for (let count = 0; count < 61; count += 1) later.push((await search(ann)).code);
  expect(later.indexOf('rate_limited')).toBe(60);
});

test('the user of a token asks, or nobody does', async () => {
  await using cluster = await createTestCluster();
  for (const verb of verbs) {
    if (operations[verb].access === 'anyone') continue;
    const asked = cluster.begin(verb, { kind: 'anyone' }, {});
    expect(await asked.catch((error: unknown) => (error as ConfabError).code)).toBe('unauthenticated');
  }
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newGroup, newId, say, type SignedIn, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let alice: SignedIn;
let bob: SignedIn;
beforeAll(async () => {
  server = await startTestServer();
  [alice, bob] = [await server.signUp(), await server.signUp()];
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Page {
  messages: { body: string; sequence: number; messageId: string; clientMessageId?: string }[];
  head: { sequence: number };
}

async function page(user: SignedIn, conversationId: string, query: string): Promise<Page> {
  const path = `/v1/conversations/${conversationId}/messages?${query}`;
  const { status, body } = await server.ask('GET', path, { token: user.token });
  expect(status).toBe(200);
  return body as unknown as Page;
}

describe('conversations', () => {
  test('[G3.4] a direct one is the same, whoever starts it', async () => {
    const start = (user: SignedIn, other: SignedIn) =>
      server.ask('POST', '/v1/conversations', {
        token: user.token,
        body: { type: 'direct', memberIds: [other.userId] },
      });
    const first = await start(alice, bob);
    const second = await start(bob, alice);
    expect([first.status, second.status]).toEqual([201, 200]);
    const idOf = ({ body }: typeof first) =>
      (body['conversation'] as { conversationId: string }).conversationId;
    expect(idOf(second)).toBe(idOf(first));
    expect(first.body['conversation']).toMatchObject({
      type: 'direct',
      memberCount: 2,
      peer: { userId: bob.userId },
    });
  });

  test('[G3.4] a group is created once, however often it is asked for', async () => {
    const body = { type: 'group', memberIds: [bob.userId], title: 'Lunch', clientMessageId: newId() };
    const first = await server.ask('POST', '/v1/conversations', { token: alice.token, body });
    const again = await server.ask('POST', '/v1/conversations', { token: alice.token, body });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
  });

  test('unknown members are refused by name', async () => {
    const body = { type: 'group', memberIds: [bob.userId, 'uNobody'], clientMessageId: newId() };
    const answer = await server.ask('POST', '/v1/conversations', { token: alice.token, body });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'unknown_members', userIds: ['uNobody'] });
  });

  test('a refusal names the field as the body has it', async () => {
    const body = { type: 'channel', memberIds: [] };
    const answer = await server.ask('POST', '/v1/conversations', { token: alice.token, body });
    expect(answer.status).toBe(400);
    expect(String(answer.body['detail'])).toStartWith('Field type ');
  });

  test('are listed newest activity first, in pages', async () => {
    const carol = await server.signUp();
    const ids = [];
    for (let count = 0; count < 3; count += 1) ids.push(await newGroup(server, carol));
    await say(server, carol, ids[0] ?? '', 'now I am the newest');
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await server.ask('GET', `/v1/conversations?limit=2${cursor}`, { token: carol.token });
      seen.push(...(body['conversations'] as { conversationId: string }[]).map((one) => one.conversationId));
      const next = body['next'] as string | undefined;
      cursor = next === undefined ? '' : `&cursor=${encodeURIComponent(next)}`;
    } while (cursor !== '');
    expect(seen[0]).toBe(ids[0] as string);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  test('a group has members, roles and a title', async () => {
    const carol = await server.signUp();
    const id = await newGroup(server, alice, [bob]);
    const place = `/v1/conversations/${id}`;
    const { token } = alice;
    const added = await server.ask('POST', `${place}/members`, {
      token,
      body: { clientMessageId: newId(), userIds: [carol.userId] },
    });
    expect(added.status).toBe(201);
    expect(added.body['events']).toMatchObject([
      { type: 'member_event', change: 'joined', conversationId: id },
    ]);
    const raised = await server.ask('PATCH', `${place}/members/${carol.userId}`, {
      token,
      body: { clientMessageId: newId(), role: 'admin' },
    });
    expect(raised.status).toBe(200);
    const titled = await server.ask('PATCH', place, {
      token,
      body: { clientMessageId: newId(), title: 'Supper' },
    });
    expect(titled.body['events']).toMatchObject([
      { type: 'conversation_event', change: 'updated', title: 'Supper' },
    ]);
    const { body } = await server.ask('GET', `${place}/members`, { token: bob.token });
    const members = body['members'] as { userId: string; role: string; user: { username: string } }[];
    expect(new Map(members.map(({ userId, role }) => [userId, role]))).toEqual(
      new Map([
        [alice.userId, 'owner'],
        [bob.userId, 'member'],
        [carol.userId, 'admin'],
      ]),
    );
    const left = await server.ask('DELETE', `${place}/members/${carol.userId}?clientMessageId=${newId()}`, {
      token: carol.token,
    });
    expect(left.status).toBe(200);
    expect((await server.ask('GET', place, { token: carol.token })).status).toBe(404);
  });
});

describe('ids and times', () => {
  test('[P1.5] an event id is its conversation, its sequence in base 36 and chance', async () => {
    const id = await newGroup(server, alice);
    const { messageId, sequence } = await say(server, alice, id, 'hi');
    const [conversationId, place, chance, ...rest] = messageId.split('.');
    expect([conversationId, Number.parseInt(place ?? '', 36), chance?.length, rest]).toEqual([
      id,
      sequence,
      8,
      [],
    ]);
  });

  test('[P1.4] times are RFC 3339 in UTC with milliseconds', async () => {
    const { body } = await server.ask('GET', '/v1/devices', { token: alice.token });
    const [device] = body['devices'] as { createdAt: string }[];
    expect(device?.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
});

describe('messages', () => {
  test('[G3.2] are accepted once, and another one under the same id not at all', async () => {
    const id = await newGroup(server, alice, [bob]);
    const path = `/v1/conversations/${id}/messages`;
    const body = { clientMessageId: newId(), body: 'Soup at noon?' };
    const first = await server.ask('POST', path, { token: alice.token, body });
    const again = await server.ask('POST', path, { token: alice.token, body });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual({ ...first.body, duplicate: true });
    const conflict = await server.ask('POST', path, {
      token: alice.token,
      body: { ...body, body: 'Or tea?' },
    });
    expect([conflict.status, conflict.body['code']]).toEqual([409, 'idempotency_conflict']);
    const { messages, head } = await page(bob, id, '');
    expect(messages.map((message) => message.body)).toEqual(['Soup at noon?']);
    expect(head.sequence).toBe(first.body['sequence'] as number);
  });

  test('[P11.1] history is read in pages, after, before and around a place', async () => {
    const id = await newGroup(server, alice, [bob]);
    const said = [];
    for (let count = 1; count <= 9; count += 1) said.push(await say(server, alice, id, `message ${count}`));
    const bodies = async (query: string) =>
      (await page(bob, id, query)).messages.map(({ body }) => body.slice(8));
    const fifth = said[4] ?? { messageId: '', sequence: 0 };
    expect(await bodies('limit=3')).toEqual(['7', '8', '9']);
    expect(await bodies(`limit=3&before=${fifth.sequence}`)).toEqual(['2', '3', '4']);
    expect(await bodies(`limit=3&after=${fifth.messageId}`)).toEqual(['6', '7', '8']);
    expect(await bodies(`limit=3&around=${fifth.messageId}`)).toContain('5');
    const two = await server.ask('GET', `/v1/conversations/${id}/messages?after=1&before=5`, {
      token: bob.token,
    });
    expect([two.status, two.body['code']]).toEqual([400, 'invalid']);
  });

  test('[P11.1] who sent one finds its clientMessageId in the log, and nobody else does', async () => {
    const id = await newGroup(server, alice, [bob]);
    const body = { clientMessageId: newId(), body: 'mine' };
    await server.ask('POST', `/v1/conversations/${id}/messages`, { token: alice.token, body });
    const log = async ({ token }: SignedIn) => {
      const answer = await server.ask('GET', `/v1/conversations/${id}/events`, { token });
      return (answer.body['events'] as { clientMessageId?: string }[]).at(-1)?.clientMessageId;
    };
    expect([await log(alice), await log(bob)]).toEqual([body.clientMessageId, undefined]);
  });

  test('[G6.1] receipts move what is unread', async () => {
    const id = await newGroup(server, alice, [bob]);
    await say(server, alice, id, 'one');
    const { messageId } = await say(server, alice, id, 'two');
    const unread = async () => {
      const { body } = await server.ask('GET', `/v1/conversations/${id}`, { token: bob.token });
      return (body['conversation'] as { unread: number }).unread;
    };
    expect(await unread()).toBe(2);
    const receipt = await server.ask('POST', '/v1/receipts', {
      token: bob.token,
      body: { messageId, receiptType: 'read' },
    });
    expect(receipt.status).toBe(204);
    expect(await unread()).toBe(0);
  });
});

describe('the long poll', () => {
  test('[P10.3] answers once there is news', async () => {
    const id = await newGroup(server, alice, [bob]);
    const path = `/v1/conversations/${id}/events`;
    const { body } = await server.ask('GET', path, { token: bob.token });
    const last = (body['events'] as { eventId: string }[]).at(-1)?.eventId ?? '';
    const poll = server.ask('GET', `${path}?after=${last}&waitMs=20000`, { token: bob.token });
    await say(server, alice, id, 'news');
    const news = await poll;
    expect(news.status).toBe(200);
    expect(news.body['events']).toMatchObject([{ type: 'message_event', body: 'news' }]);
  });

  test('a drain ends it, without news', async () => {
    await using leaving = await startTestServer();
    const carol = await leaving.signUp();
    const id = await newGroup(leaving, carol);
    const { body } = await leaving.ask('GET', `/v1/conversations/${id}/events`, { token: carol.token });
    const last = (body['events'] as { eventId: string }[]).at(-1)?.eventId ?? '';
    const poll = leaving.ask('GET', `/v1/conversations/${id}/events?after=${last}&waitMs=20000`, {
      token: carol.token,
    });
    await leaving.server.drain();
    const { status, body: news } = await poll;
    expect([status, news['events']]).toEqual([200, []]);
    const { status: ready, body: readiness } = await leaving.ask('GET', '/readyz');
    expect([ready, readiness]).toEqual([
      503,
      { ready: false, checks: { read: 'ok', write: 'ok', node: 'failed' } },
    ]);
  });
});

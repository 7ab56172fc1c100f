import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type HttpRoute, type HttpVerb, operations, type Operation, verbs } from '@confab/protocol';
import {
  type AskOptions,
  jsonWebToken,
  newGroup,
  newId,
  say,
  type SignedIn,
  startTestServer,
  type TestServer,
} from './test-server.ts';

const API_KEY = 'k'.repeat(40);
const JWT_SECRET = 's'.repeat(40);
const ISSUER = 'https://shop.example.org';

let server: TestServer;
let alice: SignedIn;
let mallory: SignedIn;
beforeAll(async () => {
  server = await startTestServer({
    CONFAB_API_KEY: API_KEY,
    CONFAB_JWT_ISSUER: ISSUER,
    CONFAB_JWT_AUDIENCE: 'confab',
    CONFAB_JWT_SECRET: JWT_SECRET,
  });
  [alice, mallory] = [await server.signUp(), await server.signUp()];
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Call {
  readonly verb: HttpVerb;
  readonly method: string;
  readonly path: (conversationId: string) => string;
  readonly options: AskOptions;
}

/** A well-formed request of each verb that names a conversation in its path. */
function memberCalls(userId: string): readonly Call[] {
  const bodies: Partial<Record<HttpVerb, object>> = {
    update_conversation: { clientMessageId: newId(), title: 'Mine' },
    add_members: { clientMessageId: newId(), userIds: [userId] },
    update_member: { clientMessageId: newId(), role: 'owner' },
    send_message: { clientMessageId: newId(), body: 'hello' },
  };
  return verbs.flatMap((verb) => {
    const { access, http }: Operation = operations[verb];
    if (access !== 'member' || http === null) return [];
    const body = bodies[verb as HttpVerb];
    const takesBody = (http satisfies HttpRoute).method !== 'GET' && http.method !== 'DELETE';
    if (takesBody && body === undefined) throw new Error(`${verb} has no request in this test.`);
    const path = (conversationId: string) =>
      http.path.replace('{conversationId}', conversationId).replace('{userId}', userId);
    return [
      { verb: verb as HttpVerb, method: http.method, path, options: body === undefined ? {} : { body } },
    ];
  });
}

describe("somebody else's conversation", () => {
  test('[G5.2] is not found on any route, exactly like one that does not exist', async () => {
    const theirs = await newGroup(server, alice);
    await say(server, alice, theirs, 'a secret');
    const calls = memberCalls(mallory.userId);
    expect(calls.length).toBeGreaterThanOrEqual(9);
    for (const { verb, method, path, options } of calls) {
      const { token } = mallory;
      const stranger = await server.ask(method, path(theirs), { ...options, token });
      const nobody = await server.ask(method, path('gNoSuchConversation'), { ...options, token });
      expect([verb, stranger.status, stranger.body]).toEqual([verb, 404, nobody.body]);
      expect(stranger.body).toMatchObject({ code: 'not_found' });
      expect(headersOf(stranger.headers)).toEqual(headersOf(nobody.headers));
    }
  });

  test('[G5.1] is not found by who was removed from it', async () => {
    const bob = await server.signUp();
    const id = await newGroup(server, alice, [bob]);
    const removed = await server.ask('DELETE', `/v1/conversations/${id}/members/${bob.userId}`, {
      token: alice.token,
    });
    expect(removed.status).toBe(200);
    for (const { verb, method, path, options } of memberCalls(bob.userId)) {
      const { status, body } = await server.ask(method, path(id), { ...options, token: bob.token });
      expect([verb, status, body['code']]).toEqual([verb, 404, 'not_found']);
    }
  });

  test('takes no receipts', async () => {
    const id = await newGroup(server, alice);
    const { messageId } = await say(server, alice, id, 'a secret');
    const receipt = (place: string) =>
      server.ask('POST', '/v1/receipts', {
        token: mallory.token,
        body: { messageId: place, receiptType: 'read' },
      });
    const theirs = await receipt(messageId);
    const nobodys = await receipt('gNoSuchConversation.2.aaaaaaaa');
    expect([theirs.status, theirs.body]).toEqual([404, nobodys.body]);
  });

  test('is not shown to who has no token', async () => {
    const id = await newGroup(server, alice);
    for (const { verb, method, path, options } of memberCalls(alice.userId)) {
      const { status, body, headers } = await server.ask(method, path(id), options);
      expect([verb, status, body['code']]).toEqual([verb, 401, 'unauthenticated']);
      expect(headers.get('www-authenticate')).toStartWith('Bearer');
    }
  });
});

function headersOf(headers: Headers): readonly string[] {
  return [...headers].filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${value}`);
}

describe('the API key', () => {
  const external = (displayName: string, subject: string) =>
    server.ask('PUT', '/v1/users/external', {
      token: API_KEY,
      body: { issuer: ISSUER, subject, displayName },
    });

  test('creates and updates users of the embedding product', async () => {
    const first = await external('Carol', 'c1');
    const second = await external('Caroline', 'c1');
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toEqual({ ...first.body, displayName: 'Caroline' });
    expect(String(first.body['userId'])).toStartWith('x');
  });

  test('is asked for', async () => {
    const body = { issuer: ISSUER, subject: 'c2', displayName: 'Carol' };
    for (const token of ['', 'x', `${API_KEY}k`, API_KEY.slice(1), alice.token]) {
      const { status, body: problem } = await server.ask('PUT', '/v1/users/external', { token, body });
      expect([status, problem['code']]).toEqual([401, 'unauthenticated']);
    }
    await using keyless = await startTestServer();
    for (const token of ['', 'null', 'undefined', API_KEY]) {
      expect((await keyless.ask('PUT', '/v1/users/external', { token, body })).status).toBe(401);
    }
  });

  test('starts conversations and keeps members in the name of a user', async () => {
    const [carol, dave] = [await external('Carol', 'c3'), await external('Dave', 'd3')].map(({ body }) =>
      String(body['userId']),
    );
    const headers = { 'confab-act-as': carol ?? '' };
    const created = await server.ask('POST', '/v1/conversations', {
      token: API_KEY,
      headers,
      body: { type: 'group', memberIds: [], title: 'Order 4711', clientMessageId: newId() },
    });
    expect(created.status).toBe(201);
    const { conversationId } = created.body['conversation'] as { conversationId: string };
    const place = `/v1/conversations/${conversationId}`;
    const added = await server.ask('POST', `${place}/members`, {
      token: API_KEY,
      headers,
      body: { clientMessageId: newId(), userIds: [dave] },
    });
    expect(added.body['events']).toMatchObject([{ senderId: carol, change: 'joined' }]);
    const members = await server.ask('GET', `${place}/members`, { token: API_KEY, headers });
    expect(members.body['members']).toHaveLength(2);
    const removed = await server.ask('DELETE', `${place}/members/${dave}`, { token: API_KEY, headers });
    expect(removed.status).toBe(200);
  });

  test('speaks for nobody where only the user may, nor for nobody at all', async () => {
    const id = await newGroup(server, alice);
    const headers = { 'confab-act-as': alice.userId };
    const message = { clientMessageId: newId(), body: 'not by me' };
    const path = `/v1/conversations/${id}/messages`;
    const said = await server.ask('POST', path, { token: API_KEY, headers, body: message });
    expect([said.status, said.body['code']]).toEqual([401, 'unauthenticated']);
    const withToken = await server.ask('GET', `/v1/conversations/${id}`, {
      token: mallory.token,
      headers,
    });
    expect(withToken.status).toBe(401);
    const group = { type: 'group', memberIds: [], clientMessageId: newId() };
    const nobody = await server.ask('POST', '/v1/conversations', {
      token: API_KEY,
      headers: { 'confab-act-as': 'xNobody' },
      body: group,
    });
    expect([nobody.status, nobody.body['userIds']]).toEqual([422, ['xNobody']]);
  });
});

describe('tokens of an embedding product', () => {
  const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
  const claims = () => ({ iss: ISSUER, aud: 'confab', sub: 'customer 7', name: 'Erin', exp: inAnHour() });
  const me = async (token: string, headers: Record<string, string> = {}) =>
    await server.ask('GET', '/v1/devices', { token, headers });

  test('let their user in at first sight, on the device that is named', async () => {
    const token = jsonWebToken(claims(), JWT_SECRET);
    const { status, body } = await me(token, { 'confab-device': 'erins-phone' });
    expect(status).toBe(200);
    expect(body['devices']).toMatchObject([{ deviceId: 'erins-phone', current: true }]);
    const users = await server.ask('GET', '/v1/users?query=erin', { token });
    expect(users.body['users']).toMatchObject([{ displayName: 'Erin', username: null }]);
  });

  test('need no name where their user is known', async () => {
    const body = { issuer: ISSUER, subject: 'customer 8', displayName: 'Frank' };
    await server.ask('PUT', '/v1/users/external', { token: API_KEY, body });
    const { name: _name, ...nameless } = { ...claims(), sub: 'customer 8' };
    expect((await me(jsonWebToken(nameless, JWT_SECRET))).status).toBe(200);
  });

  test('[G8.4] that are not as they should be let nobody in', async () => {
    const other = 'o'.repeat(40);
    const now = Math.floor(Date.now() / 1000);
    const forged: readonly (readonly [why: string, token: string])[] = [
      ['alg none', jsonWebToken(claims(), '', { alg: 'none' })],
      ['alg none with a signature', jsonWebToken(claims(), JWT_SECRET, { alg: 'none' })],
      ['alg None', jsonWebToken(claims(), '', { alg: 'None' })],
      ['another algorithm', jsonWebToken(claims(), JWT_SECRET, { alg: 'HS512' })],
      ['an asymmetric one', jsonWebToken(claims(), JWT_SECRET, { alg: 'RS256' })],
      ['another secret', jsonWebToken(claims(), other)],
      ['a key of its own', jsonWebToken(claims(), other, { alg: 'HS256', jwk: { kty: 'oct', k: other } })],
      ['a key elsewhere', jsonWebToken(claims(), other, { alg: 'HS256', jku: 'https://evil.example/keys' })],
      ['a path as key id', jsonWebToken(claims(), '', { alg: 'HS256', kid: '../../../dev/null' })],
      ['another issuer', jsonWebToken({ ...claims(), iss: 'https://evil.example' }, JWT_SECRET)],
      ['our own issuer', jsonWebToken({ ...claims(), iss: 'confab' }, JWT_SECRET)],
      ['another audience', jsonWebToken({ ...claims(), aud: 'shop' }, JWT_SECRET)],
      ['no audience', jsonWebToken({ ...claims(), aud: undefined }, JWT_SECRET)],
      ['no expiry', jsonWebToken({ ...claims(), exp: undefined }, JWT_SECRET)],
      ['no subject', jsonWebToken({ ...claims(), sub: undefined }, JWT_SECRET)],
      ['not yet valid', jsonWebToken({ ...claims(), nbf: now + 3600 }, JWT_SECRET)],
      ['no token', 'a.b.c'],
    ];
    for (const [why, token] of forged) {
      const { status, body } = await me(token);
      expect([why, status, body['code']]).toEqual([why, 401, 'unauthenticated']);
    }
    const expired = await me(jsonWebToken({ ...claims(), exp: now - 3600 }, JWT_SECRET));
    expect([expired.status, expired.body['code'], expired.body['retry']]).toEqual([
      401,
      'token_expired',
      'after_auth',
    ]);
  });

  test('of our own cannot be used on another device, nor changed', async () => {
    const [head, , signature] = alice.token.split('.');
    const stolen = Buffer.from(JSON.stringify({ iss: 'confab', sub: mallory.userId })).toString('base64url');
    const other = await me(alice.token, { 'confab-device': mallory.deviceId });
    const changed = await me(`${head}.${stolen}.${signature}`);
    expect([other.status, changed.status]).toEqual([401, 401]);
    expect((await me(alice.token, { 'confab-device': '../x' })).status).toBe(400);
  });
});

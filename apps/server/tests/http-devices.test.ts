import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { limits } from '@confab/protocol';
import {
  jsonWebToken,
  logIn,
  newGroup,
  newId,
  newName,
  PASSWORD,
  say,
  type SignedIn,
  startTestServer,
  type TestServer,
} from './test-server.ts';

const SECRET = 'a secret of the product, 32 bytes and more';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    CONFAB_JWT_ISSUER: 'https://product.example',
    CONFAB_JWT_AUDIENCE: 'chat',
    CONFAB_JWT_SECRET: SECRET,
  });
});
afterAll(async () => await server[Symbol.asyncDispose]());

async function codeFor(token: string): Promise<unknown> {
  const { status, body } = await server.ask('GET', '/v1/devices', { token });
  return status === 200 ? 'accepted' : body['code'];
}

describe('devices that were signed out', () => {
  test('[P2.4] keep their old tokens void when they are signed in anew', async () => {
    const stolen = await server.signUp();
    const other = await logIn(server.url, stolen.username);
    await server.ask('DELETE', `/v1/devices/${stolen.deviceId}`, { token: other.token });
    expect(await codeFor(stolen.token)).toBe('session_ended');
    const anew = await logIn(server.url, stolen.username, stolen.deviceId);
    expect(await codeFor(anew.token)).toBe('accepted');
    expect(await codeFor(stolen.token)).toBe('session_ended');
  });

  test('[P2.4] of an embedding product come back with a token made since', async () => {
    const claims = (iat: number) => ({
      iss: 'https://product.example',
      aud: 'chat',
      sub: 'ann',
      iat,
      exp: iat + 600,
    });
    const nowSeconds = Date.now() / 1_000;
    const before = jsonWebToken(claims(nowSeconds - 1), SECRET);
    expect(await codeFor(before)).toBe('accepted');
    await server.ask('DELETE', '/v1/sessions/current', { token: before });
    expect(await codeFor(before)).toBe('session_ended');
    expect(await codeFor(jsonWebToken(claims(nowSeconds + 2), SECRET))).toBe('accepted');
  });

  test('[G8.4] end their long polls, which say nothing more', async () => {
    const [ann, bob] = [await server.signUp(), await server.signUp()];
    const conversationId = await newGroup(server, ann, [bob]);
    const page = await server.ask('GET', `/v1/conversations/${conversationId}/events`, { token: bob.token });
    const [last] = (page.body['events'] as { eventId: string }[]).slice(-1);
    const path = `/v1/conversations/${conversationId}/events?after=${last?.eventId ?? ''}&waitMs=20000`;
    const poll = server.ask('GET', path, { token: bob.token });
    const other = await logIn(server.url, bob.username);
    await server.ask('DELETE', `/v1/devices/${bob.deviceId}`, { token: other.token });
    const { status, body } = await poll;
    expect([status, body['code']]).toEqual([401, 'session_ended']);
  });
});

test('[P2.2] the most devices and one more: the one seen longest ago is signed out', async () => {
  const first = await server.signUp();
  const others: SignedIn[] = [];
  for (let count = 0; count < limits.devicesPerUserMax; count += 1) {
    others.push(await logIn(server.url, first.username));
  }
  expect(await codeFor(first.token)).toBe('session_ended');
  expect(await codeFor(others.at(0)?.token ?? '')).toBe('accepted');
  expect(await codeFor(others.at(-1)?.token ?? '')).toBe('accepted');
});

test('guesses of a password are counted before they are tried, and do not keep the owner out', async () => {
  const owner = await server.signUp();
  const { username } = owner;
  const guess = () => server.ask('POST', '/v1/sessions', { body: { username, password: 'wrong guess' } });
  const codes = (await Promise.all(Array.from({ length: 40 }, guess))).map(({ body }) => body['code']);
  expect(codes.filter((code) => code === 'invalid_credentials').length).toBeLessThanOrEqual(11);
  expect(codes).toContain('rate_limited');
  const elsewhere = await server.ask('POST', '/v1/sessions', { body: { username, password: PASSWORD } });
  expect(elsewhere.body['code']).toBe('rate_limited');
  expect((await logIn(server.url, username, owner.deviceId)).userId).toBe(owner.userId);
});

test('[G8.2] receipts name devices of their own user only', async () => {
  const [ann, bob] = [await server.signUp(), await server.signUp()];
  const conversationId = await newGroup(server, ann, [bob]);
  const { messageId } = await say(server, ann, conversationId, 'hi');
  const receiptFor = async (deviceId: string) => {
    const body = { messageId, receiptType: 'delivered', deviceId };
    return (await server.ask('POST', '/v1/receipts', { token: bob.token, body })).status;
  };
  expect(await receiptFor(bob.deviceId)).toBe(204);
  expect(await receiptFor(ann.deviceId)).toBe(404);
  expect(await receiptFor('invented')).toBe(404);
});

test('[P2.1] names that differ in case alone are one, whatever the letters', async () => {
  const one = `${newName()}ΟΔΟΣ`;
  const twin = one.replace('ΟΔΟΣ', 'οδοσ');
  const register = async (username: string) =>
    (await server.ask('POST', '/v1/accounts', { body: { username, password: PASSWORD } })).status;
  expect([await register(one), await register(twin)]).toEqual([201, 409]);
});

test('[G8.2] lists that are far too long are refused at once, and so is what is too deep', async () => {
  const ann = await server.signUp();
  const memberIds = Array.from({ length: 80_000 }, () => ({}));
  const deep = `{"type":"group","memberIds":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  for (const body of [{ type: 'group', memberIds, clientMessageId: newId() }, deep]) {
    const answer = await server.ask('POST', '/v1/conversations', { token: ann.token, body });
    expect([answer.status, answer.body['code']]).toEqual([400, 'invalid']);
  }
});

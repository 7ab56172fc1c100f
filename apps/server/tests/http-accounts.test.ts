import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { logIn, newName, PASSWORD, startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('accounts', () => {
  test('register, log in, look at yourself', async () => {
    const username = newName();
    const body = { username, password: PASSWORD, displayName: 'Alice' };
    const account = await server.ask('POST', '/v1/accounts', { body });
    expect(account.status).toBe(201);
    const session = await logIn(server.url, username);
    expect(account.body).toEqual({ userId: session.userId });
    const { token, userId } = session;
    const { status, body: user } = await server.ask('GET', `/v1/users/${userId}`, { token });
    expect([status, user]).toEqual([200, { userId, username, displayName: 'Alice' }]);
  });

  test('[P2.1] a name belongs to one account, whatever its case', async () => {
    const { username } = await server.signUp();
    const body = { username: username.toUpperCase(), password: PASSWORD };
    const { status, body: problem } = await server.ask('POST', '/v1/accounts', { body });
    expect([status, problem['code']]).toEqual([409, 'username_taken']);
  });

  test('[P2.1] a name and a password are of the length and the characters they may have', async () => {
    const statusOf = async (username: string, password = PASSWORD) =>
      (await server.ask('POST', '/v1/accounts', { body: { username, password } })).status;
    const tail = newName().slice(1, 9);
    expect(await statusOf(`Zoë.O'Neil-${tail}`)).toBe(201);
    expect(await statusOf(`zo\u0065\u0308.o'neil-${tail}`.normalize('NFC'))).toBe(409);
    for (const name of ['ab', 'x'.repeat(33), 'a b c', 'a@b', 'tab\there', '']) {
      expect([name, await statusOf(name)]).toEqual([name, 400]);
    }
    expect(await statusOf(newName(), '1234567')).toBe(400);
    expect(await statusOf(newName(), 'x'.repeat(257))).toBe(400);
  });

  test('[P2.2] logging in with a device signs that device in anew, without one there is another', async () => {
    const { username, deviceId, refreshToken } = await server.signUp();
    const body = { username, password: PASSWORD, deviceId };
    const again = await server.ask('POST', '/v1/sessions', { body });
    expect(again.body['deviceId']).toBe(deviceId);
    expect((await logIn(server.url, username)).deviceId).not.toBe(deviceId);
    const old = await server.ask('POST', '/v1/sessions/refresh', { body: { refreshToken } });
    expect([old.status, old.body['code']]).toEqual([401, 'session_ended']);
  });

  test('a wrong password and a wrong name are refused alike', async () => {
    const { username } = await server.signUp();
    const wrongPassword = await server.ask('POST', '/v1/sessions', {
      body: { username, password: 'not this one' },
    });
    const wrongName = await server.ask('POST', '/v1/sessions', {
      body: { username: newName(), password: PASSWORD },
    });
    expect(wrongPassword.status).toBe(401);
    expect(wrongPassword.body).toEqual(wrongName.body);
    expect(wrongPassword.body).toMatchObject({ code: 'invalid_credentials', retry: 'never' });
  });

  test('users are found by the beginning of their name', async () => {
    const { username, token, userId } = await server.signUp();
    const query = new URLSearchParams({ query: username.slice(0, 8).toUpperCase() });
    const { status, body } = await server.ask('GET', `/v1/users?${query.toString()}`, { token });
    expect(status).toBe(200);
    expect(body['users']).toContainEqual({ userId, username, displayName: username });
  });

  test('where registration is closed nobody registers', async () => {
    await using closed = await startTestServer({ CONFAB_REGISTRATION: 'closed' });
    const answer = await closed.ask('POST', '/v1/accounts', {
      body: { username: 'alice', password: PASSWORD },
    });
    expect([answer.status, answer.body['code']]).toEqual([403, 'forbidden']);
  });
});

describe('refresh tokens', () => {
  const refresh = (refreshToken: string) =>
    server.ask('POST', '/v1/sessions/refresh', { body: { refreshToken } });

  test('each gives new tokens for the same device', async () => {
    const { deviceId, refreshToken } = await server.signUp();
    const { status, body } = await refresh(refreshToken);
    expect(status).toBe(201);
    expect(body['deviceId']).toBe(deviceId);
    expect(body['refreshToken']).not.toBe(refreshToken);
    const { status: seen } = await server.ask('GET', '/v1/devices', { token: String(body['accessToken']) });
    expect(seen).toBe(200);
  });

  test('[P2.3] an answer that was lost is given again, with the same successor', async () => {
    const { refreshToken } = await server.signUp();
    const first = await refresh(refreshToken);
    const again = await refresh(refreshToken);
    expect(again.status).toBe(201);
    expect(again.body['refreshToken']).toBe(first.body['refreshToken'] as string);
  });

  test('[P2.3] an old one, after its successor was used, ends the session', async () => {
    const { refreshToken, token } = await server.signUp();
    const second = await refresh(refreshToken);
    const third = await refresh(String(second.body['refreshToken']));
    const stolen = await refresh(refreshToken);
    expect([stolen.status, stolen.body['code']]).toEqual([401, 'session_ended']);
    const victim = await refresh(String(third.body['refreshToken']));
    expect([victim.status, victim.body['code']]).toEqual([401, 'session_ended']);
    const { status } = await server.ask('GET', '/v1/devices', { token });
    expect(status).toBe(401);
  });

  test('a forged one ends nothing', async () => {
    const { refreshToken, token } = await server.signUp();
    const forged = refreshToken.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    const { status, body } = await refresh(forged);
    expect([status, body['code']]).toEqual([401, 'unauthenticated']);
    expect((await server.ask('GET', '/v1/devices', { token })).status).toBe(200);
  });
});

describe('devices', () => {
  test('[P2.4] are listed, and revoked ones are known no more', async () => {
    const phone = await server.signUp();
    const laptop = await logIn(server.url, phone.username);
    const { body } = await server.ask('GET', '/v1/devices', { token: phone.token });
    const devices = body['devices'] as { deviceId: string; current: boolean }[];
    expect(new Map(devices.map(({ deviceId, current }) => [deviceId, current]))).toEqual(
      new Map([
        [phone.deviceId, true],
        [laptop.deviceId, false],
      ]),
    );
    const revoked = await server.ask('DELETE', `/v1/devices/${laptop.deviceId}`, { token: phone.token });
    expect([revoked.status, revoked.body]).toEqual([204, null as never]);
    const { status, body: problem } = await server.ask('GET', '/v1/devices', { token: laptop.token });
    expect([status, problem['code']]).toEqual([401, 'session_ended']);
  });

  test("somebody else's is not found", async () => {
    const [alice, mallory] = [await server.signUp(), await server.signUp()];
    const theirs = await server.ask('DELETE', `/v1/devices/${alice.deviceId}`, { token: mallory.token });
    const nobodys = await server.ask('DELETE', '/v1/devices/none', { token: mallory.token });
    expect([theirs.status, theirs.body]).toEqual([404, nobodys.body]);
    expect((await server.ask('GET', '/v1/devices', { token: alice.token })).status).toBe(200);
  });

  test('[P2.4] logging out ends this one', async () => {
    const { token, refreshToken } = await server.signUp();
    expect((await server.ask('DELETE', '/v1/sessions/current', { token })).status).toBe(204);
    expect((await server.ask('GET', '/v1/devices', { token })).status).toBe(401);
    const { body } = await server.ask('POST', '/v1/sessions/refresh', { body: { refreshToken } });
    expect(body['code']).toBe('session_ended');
  });
});

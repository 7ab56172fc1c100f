import { expect, setDefaultTimeout, test } from 'bun:test';
import { within } from '../deadline.ts';
import { HttpClient } from '../http-client.ts';
import { tokenFor } from '../jwt.ts';
import { Device } from '../raw-client.ts';
import { RawSocket } from '../raw-socket.ts';
import { patienceMs } from '../scale.ts';
import { Scene, type Person } from '../scene.ts';
import { textIn } from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

const PASSWORD = 'correct horse battery';

/** A device of an account of the server's own, signed in with its password. */
async function signedIn(scene: Scene, word: string, deviceId?: string) {
  const baseUrl = () => scene.server.baseUrl;
  const anonymous = new HttpClient(baseUrl, () => undefined);
  const credentials = { username: scene.nameOf(word), password: PASSWORD };
  const session = await anonymous.post('/v1/sessions', {
    ...credentials,
    ...(deviceId === undefined ? {} : { deviceId }),
  });
  const token = textIn(session, 'accessToken');
  const device = new Device({
    baseUrl,
    token: () => token,
    deviceId: textIn(session, 'deviceId'),
    instanceId: 'one',
    history: scene.history,
  });
  return {
    device,
    session,
    deviceId: textIn(session, 'deviceId'),
    http: new HttpClient(baseUrl, () => token),
  };
}

async function registered(scene: Scene, word: string): Promise<void> {
  const anonymous = new HttpClient(
    () => scene.server.baseUrl,
    () => undefined,
  );
  await anonymous.post('/v1/accounts', { username: scene.nameOf(word), password: PASSWORD });
}

/** Tabs of a device at one gateway: that is where they are counted and replaced. */
async function tabOf(scene: Scene, person: Person, deviceId: string, instanceId: string): Promise<Device> {
  const device = scene.device(person, deviceId, { instanceId, baseUrl: () => scene.server.gatewayUrl });
  await device.connect();
  return device;
}

test.concurrent('[P3.4][P3.8] tabs of one device live side by side; the same instance replaces; the ninth closes the oldest', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const tabs = [];
  for (let tab = 0; tab < 8; tab += 1) tabs.push(await tabOf(scene, anna, 'phone', `tab${tab}`));
  const talk = await scene.group(anna, []);
  for (const tab of tabs) await tab.reach(talk.conversationId, 1);
  expect(tabs.filter(({ connection }) => connection.isClosed)).toEqual([]);

  const oldest = tabs[0]?.connection;
  const ninth = await tabOf(scene, anna, 'phone', 'tab8');
  expect((await within(5000, 'the oldest to close', oldest?.closed ?? Promise.reject())).code).toBe(4301);

  const second = tabs[1]?.connection;
  const replacement = await tabOf(scene, anna, 'phone', 'tab1');
  expect((await within(5000, 'the replaced to close', second?.closed ?? Promise.reject())).code).toBe(4301);

  const other = await tabOf(scene, anna, 'laptop', 'tab1');
  const outcome = await other.say(talk.conversationId, `m ${crypto.randomUUID()}`);
  if (outcome.kind !== 'accepted') throw new Error('refused');
  for (const device of [...tabs.slice(2), ninth, replacement, other]) {
    await device.reach(talk.conversationId, outcome.sequence);
    expect(device.connection.isClosed).toBe(false);
  }
  expect(await scene.breaches()).toEqual([]);
});

test.concurrent('[G8.4][P2.4] a revoked device and one that logs out are closed with 4300 within a second', async () => {
  await using scene = await Scene.start();
  await registered(scene, 'anna');
  const phone = await signedIn(scene, 'anna');
  const laptop = await signedIn(scene, 'anna');
  await phone.device.connect();
  await laptop.device.connect();
  const { connection } = phone.device;
  await laptop.http.delete(`/v1/devices/${phone.deviceId}`);
  expect((await within(1000, 'the revoked device to close', connection.closed)).code).toBe(4300);
  const refused = await phone.http.call({ method: 'GET', path: '/v1/conversations' });
  expect([refused.status, refused.json['code']]).toEqual([401, 'session_ended']);
  const { refreshToken } = phone.session;
  const refresh = await phone.http.call({
    method: 'POST',
    path: '/v1/sessions/refresh',
    body: { refreshToken },
  });
  expect([refresh.status, refresh.json['code']]).toEqual([401, 'session_ended']);

  await laptop.http.delete('/v1/sessions/current');
  const { connection: own } = laptop.device;
  expect((await within(1000, 'the logged-out device to close', own.closed)).code).toBe(4300);
});

test.concurrent('[P2.2][P2.3] a refresh whose answer was lost gives the same successor; a used one ends the session', async () => {
  await using scene = await Scene.start();
  await registered(scene, 'anna');
  const { session, http } = await signedIn(scene, 'anna');
  const refresh = async (refreshToken: unknown) =>
    http.call({ method: 'POST', path: '/v1/sessions/refresh', body: { refreshToken } });
  const first = await refresh(session['refreshToken']);
  const again = await refresh(session['refreshToken']);
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.json['refreshToken']).toBe(first.json['refreshToken']);
  const second = await refresh(first.json['refreshToken']);
  expect(second.status).toBe(201);
  const twoBack = await refresh(session['refreshToken']);
  expect([twoBack.status, twoBack.json['code']]).toEqual([401, 'session_ended']);
  const ended = await refresh(second.json['refreshToken']);
  expect([ended.status, ended.json['code']]).toEqual([401, 'session_ended']);
});

test.concurrent('[P3.3][G8.4] a token that runs out closes the connection with 4200; one renewed in time does not', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const renewed = scene.device(anna, 'renewed', { token: () => tokenFor(anna.subject, 3) });
  const lazy = scene.device(anna, 'lazy', { token: () => tokenFor(anna.subject, 3) });
  await renewed.connect();
  await lazy.connect();
  const claims = { deviceId: `${anna.subject}-renewed`, instanceId: 'one', client: 'confab-faults/1' };
  const answer = await renewed.connection.ask({
    type: 'authenticate',
    token: tokenFor(anna.subject, 60),
    ...claims,
  });
  expect(answer).toMatchObject({ type: 'accepted', verb: 'authenticate' });
  expect((await within(8000, 'the end of the token', lazy.connection.closed)).code).toBe(4200);
  expect(await renewed.connection.ask({ type: 'ping' })).toMatchObject({ type: 'pong' });
  const late = scene.device(anna, 'late', { token: () => tokenFor(anna.subject, -1) });
  const connection = late.open();
  const refusal = await late.hearing(({ type }) => type === 'error', 'the refusal');
  expect(refusal).toMatchObject({ code: 'token_expired', retry: 'after_auth' });
  connection.close();
});

test.concurrent('[P3.3][G8.4] the token of another user on a live connection is refused and renews nothing', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const device = await scene.connected(anna, 'phone');
  const claims = { deviceId: `${anna.subject}-phone`, instanceId: 'one', client: 'confab-faults/1' };
  const answer = await device.connection.ask({ type: 'authenticate', token: tokenFor('ben', 60), ...claims });
  expect(answer).toMatchObject({ type: 'error', code: 'unauthenticated' });
});

test.concurrent('[P2.3][P3.3] an access token of the server itself lives as long as it says', async () => {
  await using scene = await Scene.start({ CONFAB_ACCESS_TOKEN_SECONDS: '10' });
  await registered(scene, 'anna');
  const { device, session } = await signedIn(scene, 'anna');
  const remainingMs = Date.parse(textIn(session, 'accessTokenExpiresAt')) - Date.now();
  expect(remainingMs).toBeLessThanOrEqual(10_000);
  await device.connect();
  expect((await within(15_000, 'the end of the token', device.connection.closed)).code).toBe(4200);
});

test.concurrent('[G8.3][P3.2][P3.5] silent sockets: without authenticate closed after 10 s, without a pong after 33 s', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const sleeping = await RawSocket.open(scene.server.port);
  await sleeping.next(({ type }) => type === 'hello', 'hello');
  const claims = { deviceId: `${anna.subject}-asleep`, instanceId: 'one', client: 'raw/1' };
  sleeping.sendText(JSON.stringify({ type: 'authenticate', token: tokenFor(anna.subject), ...claims }));
  await sleeping.next(({ type }) => type === 'caught_up', 'caught_up');
  const watcher = await scene.connected(anna, 'phone');
  sleeping.answersPings = false;
  const heartbeat = sleeping.ended(40_000);

  const silent = await RawSocket.open(scene.server.port);
  const startedAtMs = performance.now();
  expect(await silent.ended(15_000)).toBe(4201);
  expect(performance.now() - startedAtMs).toBeGreaterThan(8000);
  expect(await heartbeat).toBe(4001);
  expect(watcher.connection.isClosed).toBe(false);
});

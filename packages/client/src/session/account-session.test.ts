import { beforeEach, describe, expect, test } from 'bun:test';
import { DrivenTimers, settle } from '../testing/driven-timers.ts';
import { refusal } from '../testing/fake-http.ts';
import { FakeServer } from '../testing/fake-server.ts';
import { HttpCaller } from '../http/http-caller.ts';
import { type Locks, platformLocks } from '../platform/locks.ts';
import type { ClientStorage } from '../storage/client-storage.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { AccountSession } from './account-session.ts';
import { failureOf } from '../testing/failure-of.ts';

const noLocks: Locks = {
  exclusively: async (_, work) => await work(),
  hold: () => () => undefined,
  held: async () => await Promise.resolve(new Set<string>()),
};

describe('a session', () => {
  let server: FakeServer;
  let timers: DrivenTimers;
  let storage: ClientStorage;

  beforeEach(() => {
    server = new FakeServer();
    timers = new DrivenTimers();
    storage = memoryStorage();
    server.http.now = timers.now;
  });

  function tab(locks: Locks = platformLocks()) {
    const http = new HttpCaller({
      url: 'http://chat.test',
      fetch: server.http.fetch,
      timers,
      random: () => 0.5,
    });
    const session = new AccountSession({ http, storage, locks, timers });
    http.useTokens(session);
    return { http, session };
  }

  async function loggedIn() {
    const first = tab();
    await first.session.load();
    await first.session.logIn({ username: 'alice', password: 'password' });
    return first;
  }

  test('is on the device after logging in, for the next run too', async () => {
    await loggedIn();
    const { session } = tab();
    expect(session.state.get()).toEqual({ kind: 'loading' });
    await session.load();
    expect(session.state.get()).toEqual({ kind: 'signed_in', userId: 'alice', deviceId: 'device-alice' });
    expect((await session.token(null)).value).toBe('access-alice-1');
    expect(server.http.refreshes).toBe(0);
  });

  test('a token is renewed before it runs out', async () => {
    const { session } = await loggedIn();
    const { renewAtMs } = await session.token(null);
    expect(renewAtMs).toBe(timers.now() + server.http.tokenLifeMs - 60_000);
    await timers.advance(server.http.tokenLifeMs - 60_000);
    expect((await session.token(null)).value).toBe('access-alice-2');
  });

  test('many who need one at once make one refresh', async () => {
    const { session } = await loggedIn();
    const stale = (await session.token(null)).value;
    const fresh = await Promise.all(
      Array.from({ length: 10 }, async () => (await session.token(stale)).value),
    );
    expect(new Set(fresh)).toEqual(new Set(['access-alice-2']));
    expect(server.http.refreshes).toBe(1);
  });

  test('tabs refresh one at a time, and take over what another one got', async () => {
    await loggedIn();
    const tabs = [tab(), tab(), tab()];
    for (const { session } of tabs) await session.load();
    const fresh = await Promise.all(
      tabs.map(async ({ session }) => (await session.token('access-alice-1')).value),
    );
    expect(new Set(fresh)).toEqual(new Set(['access-alice-2']));
    expect(server.http.refreshes).toBe(1);
  });

  test('without locks the rotated token still gives one successor', async () => {
    await loggedIn();
    const tabs = [tab(noLocks), tab(noLocks)];
    for (const { session } of tabs) await session.load();
    const fresh = await Promise.all(
      tabs.map(async ({ session }) => (await session.token('access-alice-1')).value),
    );
    expect(new Set(fresh)).toEqual(new Set(['access-alice-2']));
  });

  test('a refusal to refresh ends the session, unless another tab was first', async () => {
    const { session } = await loggedIn();
    const other = tab(noLocks);
    await other.session.load();
    await session.token('access-alice-1');
    server.http.failure = (request) => (request.includes('refresh') ? refusal('session_ended') : null);
    expect((await other.session.token('access-alice-1')).value).toBe('access-alice-2');
    expect(await failureOf(other.session.token('access-alice-2'))).toMatchObject({ code: 'session_ended' });
    expect(other.session.state.get()).toEqual({ kind: 'signed_out', reason: 'ended' });
    expect(await storage.read('session', 'current')).toBeUndefined();
  });

  test('a server that cannot be asked ends nothing, and the old token is used while it lives', async () => {
    const { session } = await loggedIn();
    server.isDown = true;
    await timers.advance(server.http.tokenLifeMs - 30_000);
    expect((await session.token(null)).value).toBe('access-alice-1');
    expect(await failureOf(session.token('access-alice-1'))).toMatchObject({
      code: 'network',
      retry: 'later',
    });
    expect(session.state.get().kind).toBe('signed_in');
  });

  test('a clock that is hours ahead does not refresh without end', async () => {
    server.http.now = () => timers.now() - 6 * 3_600_000;
    const { session } = await loggedIn();
    for (let n = 0; n < 5; n++) await session.token(null);
    expect(server.http.refreshes).toBe(0);
  });

  test('a request whose token was refused is repeated once with another', async () => {
    const { http } = await loggedIn();
    server.addUser('alice');
    server.http.expire('access-alice-1');
    expect(await http.call('get_user', { userId: 'alice' })).toMatchObject({ userId: 'alice' });
    expect(server.http.refreshes).toBe(1);
  });

  test('logs in again as the device it was, after logging out at the server', async () => {
    const { session } = await loggedIn();
    await session.logOut();
    expect(server.http.asked.at(-1)).toBe('DELETE /v1/sessions/current');
    const said: string[] = [];
    const { fetch } = server.http;
    const http = new HttpCaller({
      url: 'http://chat.test',
      fetch: async (url, init) => {
        if (typeof init.body === 'string') said.push(init.body);
        return await fetch(url, init);
      },
      timers,
      random: () => 0.5,
    });
    const again = new AccountSession({ http, storage, locks: platformLocks(), timers });
    await again.logIn({ username: 'alice', password: 'password' });
    expect(said.map((body) => JSON.parse(body) as object)).toMatchObject([{ deviceId: 'device-alice' }]);
  });

  test('a renewed token is on storage before it is used: the old one is worth nothing any more', async () => {
    await loggedIn();
    const kept = storage;
    const writing = Promise.withResolvers<void>();
    storage = {
      ...kept,
      write: async (changes) => {
        await writing.promise;
        await kept.write(changes);
      },
    };
    const { session } = tab();
    await session.load();
    let value: string | null = null;
    const renewing = session.token('access-alice-1').then((token) => (value = token.value));
    await settle();
    expect([server.http.refreshes, value]).toEqual([1, null]);
    writing.resolve();
    await renewing;
    expect(await kept.read('session', 'current')).toMatchObject({ accessToken: 'access-alice-2' });
  });

  test('logging out ends it here also where the server is away, and the device keeps its id', async () => {
    const { session } = await loggedIn();
    server.isDown = true;
    await session.logOut();
    expect(session.state.get()).toEqual({ kind: 'signed_out', reason: 'logged_out' });
    expect(await failureOf(session.token(null))).toMatchObject({ code: 'signed_out' });
    expect(await storage.read('session', 'device')).toBe('device-alice');
    await settle();
  });
});

import { describe, expect, spyOn, test } from 'bun:test';
import { ConfabError, type Session } from '@confab/protocol';
import { createTestCluster, type TestCluster, type TestUser } from '@confab/testkit';

const anyone = { kind: 'anyone' } as const;

async function open(): Promise<{ cluster: TestCluster; ann: TestUser; session: Session }> {
  const cluster = await createTestCluster({ nodes: 2 });
  const [ann] = (await cluster.users('ann')) as [TestUser];
  return { cluster, ann, session: await logIn(cluster, ann) };
}

async function logIn(cluster: TestCluster, user: TestUser, deviceId = 'phone'): Promise<Session> {
  const { username, password } = user;
  return (await cluster.ask('create_session', anyone, { username, password, deviceId }))
    .answer as unknown as Session;
}

async function refresh(cluster: TestCluster, refreshToken: string, node = 0): Promise<Session> {
  return (await cluster.ask('refresh_session', anyone, { refreshToken }, cluster.node(node)))
    .answer as unknown as Session;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'done',
    (error: unknown) => (error instanceof ConfabError ? error.code : String(error)),
  );
}

describe('refresh tokens', () => {
  test('rotate; the one before gives the same successor for 60 s', async () => {
    const { cluster, session } = await open();
    await using _ = cluster;
    const next = await refresh(cluster, session.refreshToken);
    expect(next.refreshToken).not.toBe(session.refreshToken);
    await cluster.advance(59_000);
    expect((await refresh(cluster, session.refreshToken, 1)).refreshToken).toBe(next.refreshToken);
    expect((await refresh(cluster, next.refreshToken)).refreshToken).not.toBe(next.refreshToken);
  });

  test('two refreshes at once get one successor', async () => {
    const { cluster, session } = await open();
    await using _ = cluster;
    cluster.schedule.isHolding = true;
    const both = [0, 1].map((node) => cluster.begin('refresh_session', anyone, session, cluster.node(node)));
    const tokens = (await cluster.finish(Promise.all(both))).map(({ answer }) => answer?.['refreshToken']);
    expect(tokens[0]).toBe(tokens[1]);
  });

  for (const [name, reuse] of [
    ['after 60 s', async (cluster: TestCluster) => cluster.advance(60_001)],
    [
      'once its successor was used',
      async (cluster: TestCluster, successor: string) => refresh(cluster, successor),
    ],
  ] as const) {
    test(`an old one that is used ${name} ends the session, and its connections`, async () => {
      const { cluster, ann, session } = await open();
      await using _ = cluster;
      const device = cluster.device(ann, 'x');
      Object.defineProperty(device, 'deviceId', { value: 'phone' });
      await device.connect(cluster.node(1));
      const { refreshToken, accessToken } = await refresh(cluster, session.refreshToken);
      await reuse(cluster, refreshToken);
      const reuses = [0, 1].map((node) => codeOf(refresh(cluster, session.refreshToken, node)));
      expect(await Promise.all(reuses)).toEqual(['session_ended', 'session_ended']);
      expect(await codeOf(refresh(cluster, refreshToken))).toBe('session_ended');
      expect(await codeOf(cluster.node(0).chat.authenticate(accessToken, null))).toBe('session_ended');
      expect(device.session?.told.at(-1)).toEqual({ kind: 'revoked' });
      const again = await logIn(cluster, ann);
      expect(await codeOf(refresh(cluster, session.refreshToken))).toBe('session_ended');
      expect(await codeOf(refresh(cluster, again.refreshToken))).toBe('done');
    });
  }

  test('one that we did not sign ends nobody’s session', async () => {
    const { cluster, session } = await open();
    await using _ = cluster;
    const [userId, deviceId, nonce, generation, signature] = session.refreshToken.split('.');
    for (const forged of [
      [userId, deviceId, nonce, '5', signature],
      [userId, 'other', nonce, generation, signature],
      [userId, deviceId, nonce, generation, `${signature?.slice(1)}A`],
      [userId, deviceId, nonce],
    ]) {
      expect(await codeOf(refresh(cluster, forged.join('.')))).toBe('unauthenticated');
    }
    expect(await codeOf(refresh(cluster, session.refreshToken))).toBe('done');
  });
});

describe('when a device was last seen', () => {
  test('[G1.3] is no reason to refuse it where the store has no room to note it', async () => {
    const { cluster, session } = await open();
    await using _ = cluster;
    await cluster.advance(7_200_000);
    const { accessToken } = await refresh(cluster, session.refreshToken);
    const touch = spyOn(cluster.store.devices, 'touch').mockRejectedValue(new ConfabError('unavailable'));
    expect(await codeOf(cluster.node(0).chat.authenticate(accessToken, null))).toBe('done');
    expect(touch).toHaveBeenCalledTimes(1);
  });
});

describe('names', () => {
  test('are one name where they look alike', async () => {
    await using cluster = await createTestCluster();
    const register = (username: string) =>
      codeOf(cluster.ask('create_account', anyone, { username, password: 'x'.repeat(8) }));
    expect(await register('Ａｎｎｅ')).toBe('done');
    expect(await register('anne')).toBe('username_taken');
    expect(await register('ANNE')).toBe('username_taken');
  });

  test('that stand for characters which are not allowed, or for too many, are refused', async () => {
    await using cluster = await createTestCluster();
    const register = (username: string) =>
      codeOf(cluster.ask('create_account', anyone, { username, password: 'x'.repeat(8) }));
    // One ligature that is four words; thirty ligatures of two letters each.
    expect(await register('ann\uFDFA')).toBe('invalid');
    expect(await register('\uFB01'.repeat(30))).toBe('invalid');
    expect(await register('\uFB01x')).toBe('done');
  });
});

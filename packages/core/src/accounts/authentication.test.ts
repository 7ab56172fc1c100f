import { describe, expect, test } from 'bun:test';
import type { Accounts, PasswordHasher, Principal, Tokens } from '@confab/contracts';
import { ConfabError, type Device, type Session } from '@confab/protocol';
import {
  callerOf,
  createMemoryStore,
  createTestCluster,
  DrivenClock,
  fieldOf,
  SeededRandom,
  type TestCluster,
  type TestUser,
} from '@confab/testkit';
import { Registration } from './accounts.ts';
import { SignIn } from './sign-in.ts';

const anyone = { kind: 'anyone' } as const;

async function logIn(cluster: TestCluster, user: TestUser, deviceId?: string): Promise<Session> {
  const { username, password } = user;
  const request = deviceId === undefined ? { username, password } : { username, password, deviceId };
  return (await cluster.ask('create_session', anyone, request)).answer as unknown as Session;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'done',
    (error: unknown) => (error instanceof ConfabError ? error.code : String(error)),
  );
}

describe('a log-in', () => {
  test('[G8.4] takes the right password of a name, and nothing else', async () => {
    await using cluster = await createTestCluster();
    const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
    const attempt = (changes: Partial<TestUser>): Promise<string> =>
      codeOf(logIn(cluster, { ...ann, ...changes }));
    expect(await attempt({})).toBe('done');
    for (const changes of [{ password: `${ann.password}x` }, { password: '' }, { username: 'nobody' }])
      expect(await attempt(changes)).toBe('invalid_credentials');
    expect((await logIn(cluster, bob)).userId).toBe(bob.userId);
  });

  test('[G8.1] guesses at a name are bounded; what was right counts for none, and a known device may go on', async () => {
    await using cluster = await createTestCluster({ rateLimits: true });
    const [ann] = (await cluster.users('ann')) as [TestUser];
    for (let count = 0; count < 30; count += 1) await logIn(cluster, ann, 'ann-phone');
    const wrong = { ...ann, password: 'a guess at it' };
    for (let count = 0; count < 10; count += 1)
      expect(await codeOf(logIn(cluster, wrong))).toBe('invalid_credentials');
    expect(await codeOf(logIn(cluster, wrong))).toBe('rate_limited');
    expect(await codeOf(logIn(cluster, ann))).toBe('rate_limited');
    expect(await codeOf(logIn(cluster, ann, 'ann-phone'))).toBe('done');
  });
});

describe('a token', () => {
  test('[G8.4] speaks for the device it was given to, until that is signed out, and never again', async () => {
    await using cluster = await createTestCluster();
    const [ann] = (await cluster.users('ann')) as [TestUser];
    const { chat } = cluster.node(0);
    const first = await logIn(cluster, ann, 'phone');
    const authenticate = ({ accessToken }: Session, deviceId: string | null): Promise<string> =>
      codeOf(chat.authenticate(accessToken, deviceId));
    expect(await authenticate(first, 'phone')).toBe('done');
    expect(await authenticate(first, null)).toBe('done');
    expect(await authenticate(first, 'laptop')).toBe('unauthenticated');
    await cluster.advance(1_000);
    await cluster.ask('delete_device', callerOf(ann), { deviceId: 'phone' });
    expect(await authenticate(first, 'phone')).toBe('session_ended');
    await cluster.advance(1_000);
    const again = await logIn(cluster, ann, 'phone');
    expect(await authenticate(again, 'phone')).toBe('done');
    expect(await authenticate(first, 'phone')).toBe('session_ended');
    await cluster.ask('delete_device', callerOf(ann), { deviceId: 'phone' });
    const { answer } = await cluster.ask('list_devices', callerOf(ann), {});
    const devices = answer?.['devices'] as Device[];
    expect(devices.map(({ deviceId }) => deviceId)).not.toContain('phone');
  });

  test('[G8.4] of a device that the store does not know is worth nothing', async () => {
    await using cluster = await createTestCluster();
    await using other = await createTestCluster();
    const [ann] = (await cluster.users('ann')) as [TestUser];
    const session = await logIn(cluster, ann, 'phone');
    expect(await codeOf(other.node(0).chat.authenticate(session.accessToken, 'phone'))).toBe('session_ended');
  });

  test("[G8.4] of an embedding product's user is void where it was made before the device was signed out", async () => {
    const store = createMemoryStore();
    const clock = new DrivenClock(10_000);
    const principal = { userId: 'xann', deviceId: null, expiresAtMs: 1e15, external: null };
    let issuedAtMs = 5_000;
    const options = {
      accounts: store.accounts,
      devices: store.devices,
      clock,
      random: new SeededRandom(1),
      tokens: { verify: async (): Promise<Principal> => ({ ...principal, issuedAtMs }) } as unknown as Tokens,
      delivery: { deliverRevocation: async () => undefined },
      registration: { seeExternal: async () => undefined },
    };
    const signIn = new SignIn(options as unknown as ConstructorParameters<typeof SignIn>[0]);
    expect(await signIn.authenticate('token', 'phone')).toMatchObject({ userId: 'xann', deviceId: 'phone' });
    await signIn.revoke('xann', 'phone');
    expect(await codeOf(signIn.authenticate('token', 'phone'))).toBe('session_ended');
    issuedAtMs = 11_000;
    expect(await codeOf(signIn.authenticate('token', 'phone'))).toBe('done');
  });
});

describe('registration', () => {
  test('where it is closed nobody registers', async () => {
    const unused = { accounts: {} as Accounts, passwords: {} as PasswordHasher };
    const options = {
      ...unused,
      clock: new DrivenClock(0),
      random: new SeededRandom(1),
      registration: 'closed',
    };
    const registration = new Registration(
      options as unknown as ConstructorParameters<typeof Registration>[0],
    );
    expect(await codeOf(registration.register({ username: 'ann', password: 'long enough' }))).toBe(
      'forbidden',
    );
  });
});

describe('who is named', () => {
  test('[P7.2] has to exist', async () => {
    await using cluster = await createTestCluster();
    const [ann] = (await cluster.users('ann')) as [TestUser];
    const memberIds = ['unobody'];
    for (const conversationType of ['group', 'direct'] as const)
      expect(
        await codeOf(cluster.ask('create_conversation', callerOf(ann), { conversationType, memberIds })),
      ).toBe('unknown_members');
    const list = await cluster.ask('list_conversations', callerOf(ann), {});
    expect(fieldOf<unknown[]>(list, 'conversations')).toEqual([]);
  });
});

import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { NewAccount, UserRecord } from '@confab/contracts';
import { foldName } from '@confab/protocol';
import type { CqlSession } from '../cql-session.ts';
import { changedSession, loseAnswers } from '../testing/changed-session.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';
import { CassandraAccounts } from './cassandra-accounts.ts';

const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

afterAll(dropTestKeyspace);

describe.skipIf(testNode === undefined)(`accounts in Cassandra ${NEEDS_CASSANDRA}`, () => {
  for (const lost of ['carried_out', 'never_arrived'] as const) {
    test(`[ACC1] a registration whose answer is lost (${lost}) has its name`, async () => {
      await withSession(async (session) => {
        const created = account(uniqueName());
        const accounts = new CassandraAccounts(loseAnswers(session, [lost]));
        expect(await accounts.create(created)).toBe('created');
        expect(await accounts.create(created)).toBe('created');
        expect(await accounts.create(account(created.username))).toBe('username_taken');
        expect(await accounts.credentials(created.foldedUsername)).toMatchObject({ userId: created.userId });
      });
    });
  }

  test('[ACC1] of many that claim a name through several nodes one wins, and only that one exists', async () => {
    await withSession(async (session) => {
      const name = uniqueName();
      const rivals = Array.from({ length: 6 }, () => account(name));
      const answers = await Promise.all(
        rivals.map((rival) => new CassandraAccounts(loseAnswers(session, ['carried_out'])).create(rival)),
      );
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
      const winner = rivals[answers.indexOf('created')];
      const accounts = new CassandraAccounts(session);
      const found = await accounts.byIds(rivals.map(({ userId }) => userId));
      expect([...found.keys()]).toEqual(winner === undefined ? [] : [winner.userId]);
    });
  });

  test('[ACC1] an account whose node died right after the claim is whole at the next log-in', async () => {
    await withSession(async (session) => {
      const created = account(uniqueName());
      const dying = changedSession(session, {
        write: () => Promise.reject(new Error('the process is gone')),
      });
      const outcome = await new CassandraAccounts(dying).create(created).catch(() => 'died' as const);
      expect(outcome).toBe('died');

      const accounts = new CassandraAccounts(session);
      const { userId, passwordHash, foldedUsername, ...user } = created;
      expect(await accounts.create(account(created.username))).toBe('username_taken');
      expect(await accounts.credentials(foldedUsername)).toEqual({ userId, passwordHash });
      expect((await accounts.byIds([userId])).get(userId)).toEqual({ userId, ...user });
      expect(await accounts.search(foldedUsername, 10)).toEqual([{ userId, ...user }]);
    });
  });

  test('[ACC2] two nodes that put another name of one user leave one of the two, everywhere', async () => {
    await withSession(async (session) => {
      const user = external(uniqueName());
      const nodes = [new CassandraAccounts(session), new CassandraAccounts(session)] as const;
      await nodes[0].putExternal(user);
      const names = [uniqueName(), uniqueName()] as const;
      await Promise.all(
        nodes.map((node, index) => node.putExternal({ ...user, displayName: names[index] ?? '' })),
      );
      const kept = (await nodes[0].byIds([user.userId])).get(user.userId)?.displayName;
      expect(names as readonly (string | undefined)[]).toContain(kept);
      for (const name of [user.displayName, ...names]) {
        const found = await nodes[1].search(foldName(name), 10);
        expect(found.map(({ displayName }) => displayName)).toEqual(name === kept ? [name] : []);
      }
    });
  });

  test('[ACC1] search goes on over names that are no longer current, and over all second letters', async () => {
    await withSession(async (session) => {
      const accounts = new CassandraAccounts(session);
      // A letter of its own, which no other test begins names with.
      const letter = 'Ж';
      const renamed = external(`${letter}0`);
      for (let count = 0; count < 5; count += 1) {
        await accounts.putExternal({ ...renamed, displayName: `${letter}${count}` });
      }
      const others = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((second) =>
        external(`${letter}${second}`),
      );
      await Promise.all(others.map((user) => accounts.putExternal(user)));
      const found = await accounts.search(foldName(letter), 9);
      expect(found.map(({ displayName }) => displayName)).toEqual([
        `${letter}4`,
        ...others.slice(0, 8).map(({ displayName }) => displayName),
      ]);
      expect(await accounts.search(foldName(letter), 100)).toHaveLength(11);
    });
  });
});

async function withSession(body: (session: CqlSession) => Promise<void>): Promise<void> {
  const session = await (await testKeyspace()).openSession();
  try {
    await body(session);
  } finally {
    await session.close();
  }
}

function uniqueName(): string {
  return `n${crypto.randomUUID().slice(0, 12)}`;
}

function account(username: string): NewAccount {
  return { ...external(username), username, foldedUsername: foldName(username), passwordHash: 'hash' };
}

function external(displayName: string): UserRecord {
  const userId = crypto.randomUUID();
  return { userId, username: null, displayName, picture: null, createdAt: '2026-01-01T00:00:00.000Z' };
}

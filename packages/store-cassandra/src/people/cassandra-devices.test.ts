import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { DeviceRecord } from '@confab/contracts';
import type { CqlSession } from '../cql-session.ts';
import { loseAnswers } from '../testing/changed-session.ts';
import { dropTestKeyspace, NEEDS_CASSANDRA, testKeyspace, testNode } from '../testing/test-keyspace.ts';
import { CassandraDevices } from './cassandra-devices.ts';

const DEVICES_MAX = 3;

const TEST_TIMEOUT_MS = 60_000;

setDefaultTimeout(TEST_TIMEOUT_MS);

afterAll(dropTestKeyspace);

describe.skipIf(testNode === undefined)(`devices in Cassandra ${NEEDS_CASSANDRA}`, () => {
  test('[ACC3] the bound on devices holds where a user signs in through several nodes at once', async () => {
    await withSession(async (session) => {
      const nodes = Array.from({ length: 4 }, () => new CassandraDevices(session));
      const userId = crypto.randomUUID();
      const answers = await Promise.all(
        nodes.flatMap((node, index) =>
          ['a', 'b'].map((name) => node.signIn(device(userId, `${name}${index}`), DEVICES_MAX)),
        ),
      );
      expect(answers.filter((isSignedIn) => isSignedIn)).toHaveLength(DEVICES_MAX);
      expect(await new CassandraDevices(session).list(userId)).toHaveLength(DEVICES_MAX);
    });
  });

  for (const lost of ['carried_out', 'never_arrived'] as const) {
    test(`[ACC3] a sign-in whose answer is lost (${lost}) is told truly, and is one device`, async () => {
      await withSession(async (session) => {
        const devices = new CassandraDevices(loseAnswers(session, [lost, lost]));
        const one = device(crypto.randomUUID(), 'one');
        expect(await devices.signIn(one, 1)).toBe(true);
        expect(await devices.list(one.userId)).toEqual([one]);
        expect(await devices.signIn(device(one.userId, 'two'), 1)).toBe(false);
      });
    });

    test(`[ACC3] a rotation whose answer is lost (${lost}) is told truly, and applies once`, async () => {
      await withSession(async (session) => {
        const one = device(crypto.randomUUID(), 'one');
        await new CassandraDevices(session).signIn(one, DEVICES_MAX);
        const request = { ...one, nonce: 'nonce', expectedGeneration: 0, rotatedAtMs: 9 };
        const rivals = [
          new CassandraDevices(loseAnswers(session, [lost])),
          new CassandraDevices(loseAnswers(session, [lost])),
        ];
        const answers = await Promise.all(rivals.map((rival) => rival.rotate(request)));
        expect(answers.filter((isRotated) => isRotated)).toHaveLength(1);
        const found = await new CassandraDevices(session).get(one.userId, 'one');
        expect(found).toEqual({ ...one, refreshGeneration: 1, rotatedAtMs: 9 });
      });
    });

    test(`[ACC4] a revocation whose answer is lost (${lost}) is told truly`, async () => {
      await withSession(async (session) => {
        const one = device(crypto.randomUUID(), 'one');
        await new CassandraDevices(session).signIn(one, DEVICES_MAX);
        const devices = new CassandraDevices(loseAnswers(session, [lost]));
        expect(await devices.revoke(one.userId, 'one', 5)).toBe(true);
        expect(await devices.revoke(one.userId, 'one', 6)).toBe(false);
        expect(await devices.get(one.userId, 'one')).toMatchObject({ revoked: true, revokedAtMs: 5 });
      });
    });
  }

  test('[ACC4] a touch that comes with a revocation does not bring the device back', async () => {
    await withSession(async (session) => {
      const one = device(crypto.randomUUID(), 'one');
      const nodes = [new CassandraDevices(session), new CassandraDevices(session)] as const;
      await nodes[0].signIn(one, DEVICES_MAX);
      const lastSeenAt = '2026-06-06T00:00:00.000Z';
      await Promise.all([
        nodes[0].revoke(one.userId, 'one', 5),
        nodes[1].touch(one.userId, 'one', lastSeenAt),
      ]);
      expect(await nodes[1].get(one.userId, 'one')).toMatchObject({ revoked: true, lastSeenAt });
      expect(await nodes[1].revokedAmong([one])).toHaveLength(1);
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

function device(userId: string, deviceId: string): DeviceRecord {
  return {
    userId,
    deviceId,
    name: `device ${deviceId}`,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastSeenAt: '2026-01-01T00:00:00.000Z',
    revoked: false,
    refreshNonce: 'nonce',
    refreshGeneration: 0,
    rotatedAtMs: 1_000,
    revokedAtMs: 0,
  };
}

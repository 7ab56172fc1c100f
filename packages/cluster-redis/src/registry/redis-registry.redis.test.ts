import type { NodeRecord, SessionRecord } from '@confab/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { keysOf } from '../connection/keys.ts';
import { RedisClusterFixture, type TestNode, testSettings } from '../testing/redis-cluster-fixture.ts';
import { hasRedis, RedisServer } from '../testing/redis-server.ts';
import { until } from '../testing/until.ts';

const A = { nodeId: 'node-a', bootId: 'boot-a' };
const B = { nodeId: 'node-b', bootId: 'boot-b' };
const USERS = Array.from({ length: 1_500 }, (_, at) => `user-${at}`);

describe.skipIf(!hasRedis)(
  'registry in a Redis that fails (needs Redis: apt-get install redis-server)',
  () => {
    let server: RedisServer;
    let cluster: RedisClusterFixture;
    beforeAll(async () => {
      server = await RedisServer.start();
    });
    afterAll(() => server.stop());
    beforeEach(() => {
      cluster = new RedisClusterFixture(server);
    });
    afterEach(() => cluster.close());

    const two = async (settings = testSettings): Promise<[TestNode, TestNode]> => {
      const a = await cluster.open(A, { settings });
      const b = await cluster.open(B, { settings });
      await a.directory.join(A);
      await b.directory.join(B);
      await cluster.settle();
      return [a, b];
    };

    /** Half of the users on each node. */
    const claimAll = async ([a, b]: readonly [TestNode, TestNode]): Promise<void> => {
      await Promise.all(USERS.map((userId, at) => (at % 2 === 0 ? claim(a, userId) : claim(b, userId))));
      await a.registry.follow({ conversationId: 'k', ...A });
    };

    /** Fails at the first answer that names too few, until the answers are exact again. */
    const neverTooFewUntilExact = async ([a, b]: readonly [TestNode, TestNode]): Promise<void> => {
      await until(async () => {
        const [found, followers] = await Promise.all([b.registry.locate(USERS), b.registry.followers('k')]);
        const [onA, onB] = [new Set(found.get('node-a')), new Set(found.get('node-b'))];
        const missing = USERS.filter((userId, at) => !(at % 2 === 0 ? onA : onB).has(userId));
        expect(missing).toEqual([]);
        expect(followers).toContain('node-a');
        const isExact = onA.size + onB.size === USERS.length && followers.length === 1;
        return isExact && a.health().isRegistered && b.health().isRegistered;
      });
    };

    test('[REG4] the keys of Redis are lost: never too few are given, and within seconds exactly those that are there', async () => {
      const nodes = await two();
      await claimAll(nodes);
      for (let round = 0; round < 3; round += 1) {
        await cluster.redis.flushall();
        await neverTooFewUntilExact(nodes);
      }
      expect(nodes[1].directory.live()).toEqual(['node-a', 'node-b']);
    }, 20_000);

    test('[REG4] a loss shows by the generation alone, whatever else is still there', async () => {
      const nodes = await two();
      await claimAll(nodes);
      const keys = keysOf(cluster.prefix);
      const { changes } = nodes[1].health();
      await cluster.redis.multi().flushall().set(keys.changes, String(changes)).exec();
      await neverTooFewUntilExact(nodes);
    });

    test('[REG4] while the keys are lost no node is taken for dead', async () => {
      const [a, b] = await two({ ...testSettings, leaseMs: 3_000, renewEveryMs: 1_000 });
      const seen = new Set<string>();
      const { epoch } = b.health();
      await cluster.redis.flushall();
      await until(() => {
        seen.add(b.directory.live().join());
        return [a, b].every(({ health }) => health().isRegistered && health().epoch !== epoch);
      });
      expect([...seen]).toEqual(['node-a,node-b']);
    });

    test('[REG4] Redis restarts with an empty memory: never too few are given, and then exactly those', async () => {
      const nodes = await two({ ...testSettings, leaseMs: 5_000 });
      await claimAll(nodes);
      await server.restart();
      await neverTooFewUntilExact(nodes);
    }, 20_000);

    test('[REG4] a Redis that may evict keys is told as a fault, and every node is given until it keeps them', async () => {
      const [a, b] = await two();
      await claim(a, 'ann');
      await claim(b, 'bob');
      await cluster.redis.config('SET', 'maxmemory', '1gb', 'maxmemory-policy', 'volatile-lru');
      try {
        await until(() => [a, b].every(({ faults, health }) => faults.length > 0 && !health().isRegistered));
        await cluster.redis.del(keysOf(cluster.prefix).user('ann'), keysOf(cluster.prefix).lease('node-a'));
        const { changes } = b.health();
        await until(async () => {
          expect((await b.registry.locate(['ann', 'eve'])).get('node-a')).toEqual(['ann', 'eve']);
          return b.health().changes !== changes;
        });
        expect(b.faults.map(({ where }) => where)).toEqual(['cluster-redis/registry']);
      } finally {
        await cluster.redis.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
      }
      await cluster.settle();
      expect(await b.registry.locate(['ann', 'bob'])).toEqual(
        new Map([
          ['node-a', ['ann']],
          ['node-b', ['bob']],
        ]),
      );
    });

    test('[REG2] a replica that takes over with the leases and with a row that was removed: the row is not given', async () => {
      const [a, b] = await two();
      await claim(a, 'ann');
      await claim(a, 'eve');
      const keys = keysOf(cluster.prefix);
      const rows = await cluster.redis.hgetall(keys.user('eve'));
      await release(a, 'eve');
      await cluster.redis.multi().hset(keys.user('eve'), rows).set(keys.generation, 'another').exec();
      await cluster.settle();
      expect(await b.registry.locate(['ann', 'eve'])).toEqual(new Map([['node-a', ['ann']]]));
    });

    test('[REG4] Redis does not answer: calls end in time, and every node is given with every user', async () => {
      const [a, b] = await two({ ...testSettings, leaseMs: 10_000, commandMsMax: 500 });
      await claim(a, 'ann');
      await claim(b, 'bob');
      server.pause();
      try {
        const startedAtMs = performance.now();
        const [found] = await Promise.all([
          b.registry.locate(['ann', 'eve']),
          claim(b, 'eve'),
          release(b, 'bob'),
        ]);
        expect(performance.now() - startedAtMs).toBeLessThan(900);
        expect(found.get('node-a')).toEqual(['ann', 'eve']);
        await until(() => !b.health().isUp);
        const againAtMs = performance.now();
        expect((await b.registry.locate(['ann', 'eve'])).get('node-b')).toEqual(['eve']);
        expect(await b.registry.followers('k')).toEqual(['node-a']);
        expect(performance.now() - againAtMs).toBeLessThan(100);
      } finally {
        server.resume();
      }
      await cluster.settle();
      const users = ['ann', 'bob', 'eve'];
      await until(async () => {
        const found = await a.registry.locate(users);
        return found.get('node-b')?.join() === 'eve' && found.get('node-a')?.join() === 'ann';
      });
    }, 15_000);

    test('what was claimed and released while Redis was out of reach is in it afterwards, and the loss is told', async () => {
      const [a, b] = await two({ ...testSettings, leaseMs: 10_000 });
      await claim(b, 'bob');
      b.link.cut();
      await until(() => !b.health().isUp);
      await claim(b, 'ann');
      await release(b, 'bob');
      let told = 0;
      b.bus.onLoss('node-b', () => (told += 1));
      b.link.mend();
      await until(() => b.health().isUp && b.health().isRegistered && told > 0);
      await cluster.settle();
      expect(await a.registry.locate(['ann', 'bob'])).toEqual(new Map([['node-b', ['ann']]]));
    });

    test('a node that starts without Redis serves its own sessions and is found once Redis is there', async () => {
      const a = await cluster.open(A, {});
      await a.directory.join(A);
      const settings = { ...testSettings, commandMsMax: 100 };
      await server.stop();
      const b = await cluster.open(B, { settings });
      await b.directory.join(B);
      await claim(b, 'bob');
      expect(await b.registry.locate(['bob'])).toEqual(new Map([['node-b', ['bob']]]));
      expect(b.directory.live()).toEqual([]);
      await server.restart();
      await until(() => a.directory.live().join() === 'node-a,node-b' && b.health().isRegistered);
      await cluster.settle();
      expect(await a.registry.locate(['bob'])).toEqual(new Map([['node-b', ['bob']]]));
    }, 15_000);

    test('[NODE1] a node cut off for longer than its lease knows that it is alone, and is back afterwards', async () => {
      const [a, b] = await two();
      await claim(a, 'ann');
      a.link.cut();
      await until(() => a.directory.live().length === 0 && b.directory.live().join() === 'node-b');
      expect(await a.registry.locate(['ann'])).toEqual(
        new Map([
          ['node-a', ['ann']],
          ['node-b', ['ann']],
        ]),
      );
      a.link.mend();
      await cluster.settle();
      expect(b.directory.live()).toEqual(['node-a', 'node-b']);
      expect(await b.registry.locate(['ann'])).toEqual(new Map([['node-a', ['ann']]]));
    });

    test('[REG3] rows of a dead run are removed when they are met, those of the living stay', async () => {
      const [a, b] = await two();
      await claim(a, 'ann');
      await claim(b, 'ann');
      const hash = keysOf(cluster.prefix).user('ann');
      expect(await cluster.redis.hlen(hash)).toBe(2);
      await cluster.endLease(A);
      await cluster.settle();
      expect(await b.registry.locate(['ann'])).toEqual(new Map([['node-b', ['ann']]]));
      await until(async () => (await cluster.redis.hlen(hash)) === 1);
      expect(await cluster.redis.ttl(hash)).toBeGreaterThan(80_000);
    });

    test('[NODE1] of two processes with one node id the later keeps the place, and the earlier is told', async () => {
      const [a, b] = await two();
      await claim(a, 'ann');
      const again: NodeRecord = { ...A, bootId: 'boot-a2' };
      const later = await cluster.open(again, {});
      const toldLoss = Promise.withResolvers<void>();
      a.bus.onLoss('node-a', toldLoss.resolve);
      await later.directory.join(again);
      await claim(later, 'eve');
      await until(() => a.health().lease === 'taken');
      await toldLoss.promise;
      expect(a.faults.map(({ where }) => where)).toEqual(['cluster-redis/lease']);
      expect(await b.registry.locate(['ann', 'eve'])).toEqual(new Map([['node-a', ['eve']]]));
      await a.directory.leave(A);
      await cluster.settle();
      expect(b.directory.live()).toEqual(['node-a', 'node-b']);
      const refused = await b.bus.request('node-a', 1).catch(String);
      expect(refused).toContain('does not answer');
    });

    test('rows are written again before they are forgotten', async () => {
      const [a] = await two({ ...testSettings, refreshEveryMs: 300, rowSeconds: 100 });
      await claim(a, 'ann');
      const hash = keysOf(cluster.prefix).user('ann');
      await cluster.redis.expire(hash, 10);
      await until(async () => (await cluster.redis.ttl(hash)) > 90);
      expect(await cluster.redis.hlen(hash)).toBe(1);
    });

    test('more releases than can be kept while Redis is away outdate all rows, and the sessions left are written again', async () => {
      const [a, b] = await two({ ...testSettings, leaseMs: 10_000, unreleasedMax: 3 });
      await Promise.all(['u1', 'u2', 'u3', 'u4', 'u5'].map((userId) => claim(b, userId)));
      b.link.cut();
      await until(() => !b.health().isUp);
      await Promise.all(['u1', 'u2', 'u3', 'u4'].map((userId) => release(b, userId)));
      b.link.mend();
      await until(() => b.health().isUp);
      await cluster.settle();
      expect(await a.registry.locate(['u1', 'u2', 'u3', 'u4', 'u5'])).toEqual(new Map([['node-b', ['u5']]]));
    });

    test('a node closes in bounded time while Redis does not answer', async () => {
      const b = await cluster.open(B, { settings: { ...testSettings, commandMsMax: 300 } });
      await b.directory.join(B);
      server.pause();
      try {
        const startedAtMs = performance.now();
        await b.close();
        expect(performance.now() - startedAtMs).toBeLessThan(600);
      } finally {
        server.resume();
      }
    });
  },
);

function sessionOf({ record }: TestNode, userId: string): SessionRecord {
  return { userId, deviceId: 'device', connectionId: `${record.nodeId}-of-${userId}`, ...record };
}

function claim(node: TestNode, userId: string): Promise<void> {
  return node.registry.claim(sessionOf(node, userId));
}

function release(node: TestNode, userId: string): Promise<void> {
  return node.registry.release(sessionOf(node, userId));
}

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { hasRedis, RedisServer } from '../testing/redis-server.ts';
import { until } from '../testing/until.ts';
import type { Redis } from 'ioredis';
import type { Connection } from './connection.ts';
import { openConnection } from './open-connection.ts';

const LEASE_KEYS = ['lease:a', 'nodes', 'changes'] as const;

describe.skipIf(!hasRedis)('steps in Redis (needs Redis: apt-get install redis-server)', () => {
  let server: RedisServer;
  let redis: Redis & Connection;
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = openConnection({ url: server.url }, 'test', 1_000);
    await until(() => redis.status === 'ready');
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => redis.flushall());

  const write = (bootId: string, run: string, way: string): Promise<string> =>
    redis.confabLease(...LEASE_KEYS, 'a', bootId, run, `${run} - owner`, '10000', way, 'changed');

  test('a lease is taken from another process only by who takes it', async () => {
    expect(await write('x', 'x~1', 'keep')).toBe('lapsed');
    expect(await write('x', 'x~1', 'fresh')).toBe('held');
    expect(await write('x', 'x~1', 'keep')).toBe('held');
    expect(await write('y', 'y~1', 'fresh')).toBe('taken');
    expect(await write('y', 'y~1', 'take')).toBe('held');
    expect(await write('x', 'x~1', 'keep')).toBe('taken');
    expect(await write('x', 'x~2', 'fresh')).toBe('taken');
    expect(await redis.get('lease:a')).toBe('y~1 - owner');
    expect(await redis.get('changes')).toBe('3');
  });

  test('a later run of the same process has the lease of the one before', async () => {
    await write('x', 'x~1', 'take');
    expect(await write('x', 'x~2', 'keep')).toBe('lapsed');
    expect(await write('x', 'x~2', 'fresh')).toBe('held');
    expect(await redis.get('lease:a')).toBe('x~2 - owner');
  });

  test('only the process that holds a lease gives it up', async () => {
    await write('x', 'x~1', 'take');
    expect(await redis.confabLeave(...LEASE_KEYS, 'a', 'y')).toBe(0);
    expect(await redis.confabLeave(...LEASE_KEYS, 'a', 'x')).toBe(1);
    expect(await redis.exists('lease:a')).toBe(0);
    expect(await redis.scard('nodes')).toBe(0);
  });

  test('[REG2] a row is removed only where it is the one that is meant', async () => {
    await redis.hset('user', 'c1', 'a x~2');
    expect(await redis.confabRelease('user', 'c1', 'a x~1')).toBe(0);
    expect(await redis.hget('user', 'c1')).toBe('a x~2');
    expect(await redis.confabRelease('user', 'c1', 'a x~2')).toBe(1);
    expect(await redis.confabRelease('user', 'c1', 'a x~2')).toBe(0);
  });

  test('[REG3] rows of a run are forgotten, all of them and no others, unless it has its lease by now', async () => {
    await redis.hset('user', { c1: 'a x~1', c2: 'a x~1', c3: 'a x~10', c4: 'b x~1' });
    await write('x', 'x~1', 'take');
    expect(await redis.confabForget('user', 'lease:a', 'a x~1', 'x~1')).toBe(0);
    await write('x', 'x~10', 'take');
    expect(await redis.confabForget('user', 'lease:a', 'a x~1', 'x~1')).toBe(2);
    expect(await redis.hgetall('user')).toEqual({ c3: 'a x~10', c4: 'b x~1' });
  });

  test('a poll gives each node with its lease, forgets the others, and keeps a generation that is there', async () => {
    await write('x', 'x~1', 'take');
    await redis.sadd('nodes', 'gone');
    const poll = (): Promise<string[]> =>
      redis.confabPoll('generation', 'nodes', 'changes', crypto.randomUUID(), 'lease:');
    const [runId, generation, ...more] = await poll();
    expect(more).toEqual(['1', '', 'a', 'x~1 - owner']);
    expect(await redis.smembers('nodes')).toEqual(['a']);
    expect((await poll()).slice(0, 2)).toEqual([runId ?? '', generation ?? '']);
  });

  test.each([
    ['0', 'allkeys-lru', ''],
    ['100mb', 'noeviction', ''],
    ['100mb', 'volatile-ttl', 'volatile-ttl'],
  ])(
    '[REG4] a poll says whether keys may be evicted: maxmemory %s, policy %s',
    async (memory, policy, said) => {
      await redis.config('SET', 'maxmemory', memory, 'maxmemory-policy', policy);
      try {
        const polled = await redis.confabPoll('generation', 'nodes', 'changes', 'g', 'lease:');
        expect(polled[3]).toBe(said);
      } finally {
        await redis.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
      }
    },
  );
});

import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { processEnvironment } from '../environment.ts';
import { openRedisNode, type RedisNode } from '../open-redis-node.ts';
import { Arrivals, numbered } from '../testing/envelopes.ts';
import { testSettings } from '../testing/redis-cluster-fixture.ts';
import { freePort, hasRedis, RedisServer } from '../testing/redis-server.ts';
import { until } from '../testing/until.ts';

const A = { nodeId: 'node-a', bootId: 'boot-a' };
const B = { nodeId: 'node-b', bootId: 'boot-b' };

describe.skipIf(!hasRedis)('Redis watched by Sentinel (needs Redis: apt-get install redis-server)', () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let sentinel: Bun.Subprocess;
  let sentinelPort: number;
  let folder: string;
  const nodes: RedisNode[] = [];

  beforeEach(async () => {
    const quick = ['--repl-diskless-sync-delay', '0'];
    const account = ['--user', 'replica', 'on', '>secret', '+psync', '+replconf', '+ping'];
    primary = await RedisServer.start(...quick, ...account);
    const follow = ['--replicaof', '127.0.0.1', String(primary.port)];
    replica = await RedisServer.start(...follow, '--masteruser', 'replica', '--masterauth', 'secret');
    sentinelPort = await freePort();
    folder = mkdtempSync(join(tmpdir(), 'confab-sentinel-'));
    const settings = [
      `port ${sentinelPort}`,
      `sentinel monitor chat 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds chat 500',
      'sentinel failover-timeout chat 3000',
    ];
    const file = join(folder, 'sentinel.conf');
    writeFileSync(file, settings.join('\n'));
    sentinel = Bun.spawn(['redis-server', file, '--sentinel'], { stdin: 'ignore', stdout: 'ignore' });
    await isReplicaKnown();
  });

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.close()));
    sentinel.kill('SIGKILL');
    await Promise.all([sentinel.exited, primary.stop(), replica.stop()]);
    rmSync(folder, { recursive: true });
  });

  const isReplicaKnown = async (): Promise<void> => {
    const redis = new Redis(sentinelPort, '127.0.0.1', { retryStrategy: () => 20 });
    redis.on('error', () => undefined);
    const known = async (): Promise<boolean> => {
      const replicas = (await redis.call('SENTINEL', 'REPLICAS', 'chat')) as unknown[];
      return replicas.some((one) => JSON.stringify(one).includes('"master-link-status","ok"'));
    };
    await until(known);
    redis.disconnect();
  };

  const open = async (record: typeof A): Promise<RedisNode> => {
    const target = { sentinels: [{ host: '127.0.0.1', port: sentinelPort }], name: 'chat' };
    const node = await openRedisNode({
      environment: processEnvironment(target, testSettings.commandMsMax),
      node: record,
      prefix: 'test',
      settings: { ...testSettings, leaseMs: 10_000 },
      tamper: (text) => [text],
      onFault: () => undefined,
    });
    nodes.push(node);
    await node.directory.join(record);
    return node;
  };

  test('[REG4] the primary dies and a replica without the rows takes over: never too few are given, and then exactly those', async () => {
    const a = await open(A);
    const b = await open(B);
    await until(() => [a, b].every((node) => node.directory.live().length === 2));
    // From here on the replica hears nothing: it will miss all that follows.
    const redis = new Redis(primary.url);
    redis.on('error', () => undefined);
    await redis.call('ACL', 'SETUSER', 'replica', 'off');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'replica');
    await a.registry.claim({ userId: 'ann', deviceId: 'd', connectionId: 'c1', ...A });
    await b.registry.claim({ userId: 'bob', deviceId: 'd', connectionId: 'c2', ...B });
    const { epoch } = b.health();
    redis.disconnect();
    let told = 0;
    b.bus.onLoss('node-b', () => (told += 1));
    await primary.stop();
    await until(async () => {
      const found = await b.registry.locate(['ann', 'bob']);
      expect(found.get('node-a')).toContain('ann');
      expect(found.get('node-b')).toContain('bob');
      const isNew = [a, b].every(({ health }) => health().isRegistered && health().epoch !== epoch);
      return isNew && found.get('node-a')?.length === 1 && found.get('node-b')?.length === 1;
    });
    expect(told).toBeGreaterThan(0);
    expect(b.directory.live()).toEqual(['node-a', 'node-b']);
    const arrivals = new Arrivals(b.bus, 'node-b');
    a.bus.publish('node-b', numbered('a', 1));
    await until(() => arrivals.of('a').length === 1);
  }, 30_000);
});

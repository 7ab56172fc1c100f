import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Redis } from 'ioredis';
import type { Connection } from '../connection/connection.ts';
import { openConnection } from '../connection/open-connection.ts';
import { hasRedis, RedisServer } from '../testing/redis-server.ts';
import { seededRandom } from '../testing/seeded-random.ts';
import { until } from '../testing/until.ts';
import { execute, type RedisCommand } from './redis-command.ts';
import { RedisMemory } from './redis-memory.ts';

const COMMANDS = 400;
const NODES = ['a', 'b', 'c'];
const RUNS = ['boot-1~1', 'boot-1~2', 'boot-2~1', 'boot-22~1'];
const HASHES = ['user:ann', 'user:ben'];
const WAYS = ['take', 'fresh', 'keep'];

describe.skipIf(!hasRedis)('commands in memory (needs Redis: apt-get install redis-server)', () => {
  let server: RedisServer;
  let redis: Redis & Connection;
  beforeAll(async () => {
    server = await RedisServer.start();
    redis = openConnection({ url: server.url }, 'test', 5_000);
    await until(() => redis.status === 'ready');
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  for (const seed of [1, 2, 3, 4, 5]) {
    test(`any commands are answered as by Redis, and leave the same (seed ${seed})`, async () => {
      await redis.flushall();
      const memory = new RedisMemory(/run_id:(\w+)/.exec(await redis.info('server'))?.[1] ?? '');
      const next = commandsFrom(seed);
      for (let count = 0; count < COMMANDS; count += 1) {
        const command = next();
        const answer = comparable(await inRedis(redis, command));
        expect([command, comparable(execute(command, memory, 0))]).toEqual([command, answer]);
      }
      expect(memory.keys(0).sort()).toEqual((await redis.keys('*')).sort());
    });
  }
});

test('keys are gone when their time is over, and a hash when its last field is', () => {
  const memory = new RedisMemory('run');
  const lease = [
    'lease:a',
    'nodes',
    'changes',
    'a',
    'boot-1',
    'boot-1~1',
    'boot-1~1 - owner',
    '50',
    'take',
    '',
  ];
  execute(['confabLease', ...lease], memory, 0);
  execute(['hset', 'user:ann', 'one', 'a boot-1~1'], memory, 0);
  execute(['expire', 'user:ann', 1], memory, 0);
  expect(memory.keys(49).sort()).toEqual(['lease:a', 'nodes', 'user:ann']);
  expect(memory.keys(50).sort()).toEqual(['nodes', 'user:ann']);
  expect(memory.keys(1_000)).toEqual(['nodes']);
  execute(['hset', 'user:ben', 'one', 'a boot-1~1'], memory, 1_000);
  execute(['confabRelease', 'user:ben', 'one', 'a boot-1~1'], memory, 1_000);
  expect(memory.keys(1_000)).toEqual(['nodes']);
});

/** Commands of a few nodes, runs and hashes, so that they meet each other. */
function commandsFrom(seed: number): () => RedisCommand {
  const random = seededRandom(seed);
  const pick = (items: readonly string[]): string => items[Math.floor(random() * items.length)] ?? '';
  const makers: readonly (() => RedisCommand)[] = [
    () => {
      const [node, run] = [pick(NODES), pick(RUNS)];
      const said = [node, bootOf(run), run, `${run} - owner`, '100000', pick(WAYS), pick(['', 'changed'])];
      return ['confabLease', `lease:${node}`, 'nodes', 'changes', ...said];
    },
    () => {
      const node = pick(NODES);
      return ['confabLeave', `lease:${node}`, 'nodes', 'changes', node, bootOf(pick(RUNS))];
    },
    () => ['confabPoll', 'generation', 'nodes', 'changes', String(random()), 'lease:'],
    () => ['confabRows', 4, 'generation', 'changes', ...HASHES],
    () => ['hset', pick(HASHES), pick(['1', '2']), `${pick(NODES)} ${pick(RUNS)}`],
    () => ['expire', pick([...HASHES, 'lease:a']), random() < 0.2 ? 0 : 100],
    () => ['confabRelease', pick(HASHES), pick(['1', '2']), `${pick(NODES)} ${pick(RUNS)}`],
    () => {
      const [node, run] = [pick(NODES), pick(RUNS)];
      return ['confabForget', pick(HASHES), `lease:${node}`, `${node} ${run}`, run];
    },
  ];
  return () => makers[Math.floor(random() * makers.length)]?.() ?? ['expire', 'none', 1];
}

function bootOf(run: string): string {
  return run.slice(0, run.indexOf('~'));
}

async function inRedis(redis: Redis & Connection, command: RedisCommand): Promise<unknown> {
  const [name, ...given] = command;
  return await (Reflect.get(redis, name) as (...given: unknown[]) => Promise<unknown>).apply(redis, given);
}

/** Redis keeps sets and hashes in an order of its own. */
function comparable(answer: unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  return (answer as string[]).map((text) => text.split('\n').sort().join('\n')).sort();
}

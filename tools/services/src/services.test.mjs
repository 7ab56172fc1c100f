import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepts, answersCql } from './accepts.mjs';
import { cassandraYaml, isCommitLogSync, javaArguments } from './cassandra-config.mjs';
import { CASSANDRA_VERSION, isCassandraInstalled } from './cassandra-jars.mjs';
import { startCassandra } from './cassandra.mjs';
import { freePort } from './free-port.mjs';
import { startHaproxy } from './haproxy.mjs';
import { LocalProcess } from './local-process.mjs';
import { PROGRAMS, aptCommand, describeMissing, findProgram } from './programs.mjs';
import { startRedis } from './redis.mjs';

const START_MS_MAX = 120_000;
const hasCassandra = isCassandraInstalled();
const hasRedis = findProgram(PROGRAMS.redis) !== null;
const hasHaproxy = findProgram(PROGRAMS.haproxy) !== null;

let folder = '';
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'confab-services-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @param {string} name */
function sleeper(name) {
  return new LocalProcess({
    name,
    command: 'sleep',
    args: ['600'],
    folder,
    logFile: join(folder, `${name}.log`),
    environment: process.env,
    isTied: true,
  });
}

describe('a process', () => {
  test('is up, paused, up and down, and can be started again', async () => {
    const sleep = sleeper('life');
    expect(sleep.state).toBe('down');
    await sleep.start();
    const first = sleep.pid;
    sleep.pause();
    expect(sleep.state).toBe('paused');
    sleep.resume();
    expect(sleep.state).toBe('up');
    expect(await failureOf(sleep.start())).toContain('runs already');
    await sleep.kill();
    expect([sleep.state, sleep.pid]).toEqual(['down', null]);
    expect(() => sleep.pause()).toThrow(/does not run/);
    await sleep.start();
    expect(sleep.pid).not.toBe(first);
    sleep.pause();
    await sleep.stop(5_000);
    expect(sleep.state).toBe('down');
  });

  test('that ends before it is ready says what it said', async () => {
    const broken = new LocalProcess({
      name: 'broken',
      command: 'sh',
      args: ['-c', 'echo out of luck; exit 1'],
      folder,
      logFile: join(folder, 'broken.log'),
      environment: process.env,
      isTied: true,
    });
    await broken.start();
    expect(await failureOf(broken.untilReady(() => false, 10_000))).toContain(
      'broken did not start.\nout of luck',
    );
  });

  test('that is no program is an error', async () => {
    const spec = { name: 'none', command: join(folder, 'none'), args: [], folder, environment: process.env };
    const none = new LocalProcess({ ...spec, logFile: join(folder, 'none.log'), isTied: true });
    expect(await failureOf(none.start())).toContain('ENOENT');
    expect(none.state).toBe('down');
  });

  test('ends with the process that started it, even where that is killed', async () => {
    const script = `
      import { LocalProcess } from ${JSON.stringify(join(import.meta.dirname, 'local-process.mjs'))};
      const sleep = new LocalProcess({ name: 's', command: 'sleep', args: ['600'], folder: '.',
        logFile: ${JSON.stringify(join(folder, 'orphan.log'))}, environment: process.env, isTied: true });
      await sleep.start();
      console.log(sleep.pid);
      setInterval(() => {}, 1000);`;
    for (const [program, flag] of /** @type {const} */ ([
      ['node', '--input-type=module'],
      [process.execPath, '--no-install'],
    ])) {
      const parent = spawn(program, [flag, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [said] = await once(parent.stdout, 'data');
      const orphan = new LocalProcess(specOf('orphan'), Number(said));
      expect(orphan.state).toBe('up');
      parent.kill('SIGKILL');
      await until(() => orphan.state === 'down');
    }
  });
});

test('a free port is one that nothing listens on', async () => {
  const port = await freePort(['127.0.0.1', '127.0.0.2']);
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(await accepts('127.0.0.1', port)).toBe(false);
});

test('what is missing is named, with how to get it', () => {
  expect(describeMissing(PROGRAMS.redis)).toBe(
    'Redis is missing (redis-server on the PATH): registry and bus between nodes.',
  );
  expect(aptCommand([PROGRAMS.redis, PROGRAMS.strace])).toEndWith(' redis-server strace');
});

describe('the configuration of a Cassandra node', () => {
  const place = {
    host: '127.0.0.2',
    port: 9042,
    storagePort: 7000,
    seedHost: '127.0.0.1',
    folder: '/data/node2',
    logFile: '/data/cassandra-2.log',
    heapMiB: 512,
  };

  test('syncs before it answers unless it is told otherwise, and never answers for a failed disk', () => {
    expect(cassandraYaml({ ...place, sync: 'batch' })).toContain('\ncommitlog_sync: batch\n');
    expect(cassandraYaml({ ...place, sync: 'group' })).toContain('commitlog_sync_group_window: 2ms');
    expect(cassandraYaml({ ...place, sync: 'periodic' })).toContain('commitlog_sync_period: 10s');
    expect(cassandraYaml({ ...place, sync: 'batch' })).toContain('\npaxos_variant: v2\n');
    expect(cassandraYaml({ ...place, sync: 'batch' })).toContain('\ncommit_failure_policy: die\n');
    expect(['batch', 'never', 'toString'].map(isCommitLogSync)).toEqual([true, false, false]);
  });

  test('is of the version that is fetched', () => {
    expect(CASSANDRA_VERSION).toMatch(/^5\.0\.\d+$/);
    const words = javaArguments({ ...place, sync: 'batch' }, '/jars');
    expect(words).toContain('-Xmx512M');
    expect(words.at(-1)).toBe('org.apache.cassandra.service.CassandraDaemon');
  });
});

describe.skipIf(!hasRedis)('Redis (needs Redis: apt-get install redis-server)', () => {
  test('answers, and comes back on its port after it was killed', async () => {
    const redis = await startRedis({ folder: join(folder, 'redis') });
    try {
      expect(await ping(redis.port)).toBe('+PONG\r\n');
      await redis.kill();
      expect(await accepts('127.0.0.1', redis.port)).toBe(false);
      await redis.start();
      expect(await ping(redis.port)).toBe('+PONG\r\n');
      expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
    } finally {
      await redis.stop();
    }
    expect(redis.pid).toBeNull();
  });
});

describe.skipIf(!hasHaproxy)('HAProxy (needs HAProxy: apt-get install haproxy)', () => {
  test('sends people to the servers that are ready, and to those alone', async () => {
    let isReady = true;
    const answering = (/** @type {string} */ name, /** @type {() => boolean} */ ready) =>
      Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: (request) =>
          new URL(request.url).pathname === '/readyz'
            ? new Response('', { status: ready() ? 200 : 503 })
            : new Response(name),
      });
    await using one = stopped(answering('one', () => true));
    await using two = stopped(answering('two', () => isReady));
    const servers = [
      { name: 'one', port: one.port },
      { name: 'two', port: two.port },
    ];
    const haproxy = await startHaproxy({ folder: join(folder, 'haproxy'), port: await freePort(), servers });
    try {
      const askBalancer = async () => (await fetch(haproxy.url, { keepalive: false })).text();
      const seen = new Set();
      await until(async () => seen.add(await askBalancer()).size === 2);
      isReady = false;
      /** @type {string[]} */
      const recent = [];
      await until(async () => {
        recent.push(await askBalancer());
        return recent.slice(-10).join() === Array.from({ length: 10 }, () => 'one').join();
      });
    } finally {
      await haproxy.stop();
    }
    expect(readFileSync(haproxy.process.logFile, 'utf8')).toContain('Server gateways/two is DOWN');
  }, 30_000);
});

describe.skipIf(!hasCassandra)('Cassandra (needs Cassandra: npm run services -- install)', () => {
  test(
    'answers CQL, stands still while it is paused, and comes back after it was killed',
    async () => {
      const cassandra = await startCassandra({ folder: join(folder, 'cassandra'), heapMiB: 512 });
      try {
        const [host = '', port = ''] = cassandra.contactPoint.split(':');
        const answers = () => answersCql(host, Number(port));
        expect(await answers()).toBe(true);
        cassandra.pause(1);
        expect(cassandra.processes[0]?.state).toBe('paused');
        expect(await answers()).toBe(false);
        cassandra.resume(1);
        expect(await answers()).toBe(true);
        await cassandra.kill(1);
        expect(cassandra.pids).toEqual([null]);
        await cassandra.startNode(1);
        expect(await answers()).toBe(true);
        expect(await failureOf(cassandra.kill(2))).toContain('no node 2');
      } finally {
        await cassandra.discard();
      }
      expect(cassandra.pids).toEqual([null]);
    },
    START_MS_MAX,
  );
});

/** @param {string} name */
function specOf(name) {
  return { name, command: '', args: [], folder, logFile: join(folder, name), environment: {}, isTied: true };
}

/** What a promise fails with.
 * @param {Promise<unknown>} promise
 * @returns {Promise<string>}
 */
function failureOf(promise) {
  return promise.then(
    () => 'it does not fail',
    (error) => String(error),
  );
}

/** @param {() => boolean | Promise<boolean>} holds */
async function until(holds) {
  // tidy-allow-sleep: what another process does gives no event here
  while (!(await holds())) await Bun.sleep(10);
}

/** @param {ReturnType<typeof Bun.serve>} server */
function stopped(server) {
  return { port: server.port ?? 0, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** What a Redis says to PING.
 * @param {number} port
 * @returns {Promise<string>}
 */
function ping(port) {
  return new Promise((settle, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('error', reject);
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (piece) => {
      socket.destroy();
      settle(piece.toString('latin1'));
    });
  });
}

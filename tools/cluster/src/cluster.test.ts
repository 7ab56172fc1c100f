import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, isCassandraInstalled, PROGRAMS } from '@confab/services';
import type { ClusterStatus } from './cluster-status.ts';
import { type CassandraChoice, type Cluster, DEFAULT_CLUSTER, startCluster } from './cluster.ts';
import { rollingRestart } from './rolling-restart.ts';
import { serveStatus } from './status-server.ts';

const START_MS_MAX = 180_000;
const TEST_MS_MAX = 90_000;
const given = process.env['CONFAB_TEST_CASSANDRA'];
const hasCassandra = given !== undefined || isCassandraInstalled();
const hasOthers = findProgram(PROGRAMS.redis) !== null && findProgram(PROGRAMS.haproxy) !== null;

describe.skipIf(!hasOthers)('(needs Redis and HAProxy: apt-get install redis-server haproxy)', () => {
  describe.skipIf(!hasCassandra)('a fleet (needs Cassandra: npm run services -- install)', () => {
    let folder: string;
    let cluster: Cluster;
    let statusServer: Bun.Server<undefined>;
    let statusUrl: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'confab-fleet-'));
      const cassandra: CassandraChoice =
        given === undefined
          ? { kind: 'start', nodes: 1, sync: 'batch' }
          : { kind: 'use', contactPoints: [given], replication: '1' };
      const keyspace = `fleet_${Date.now().toString(36)}`;
      cluster = await startCluster({ ...DEFAULT_CLUSTER, folder, nodes: 2, cassandra, keyspace });
      statusServer = serveStatus(cluster, 0);
      statusUrl = `http://127.0.0.1:${statusServer.port}`;
    }, START_MS_MAX);

    afterAll(async () => {
      await statusServer?.stop(true);
      await cluster?.stop();
      rmSync(folder, { recursive: true, force: true });
    }, START_MS_MAX);

    const status = async (): Promise<ClusterStatus> =>
      (await (await fetch(`${statusUrl}/status.json`)).json()) as ClusterStatus;

    /** Registers somebody, through the balancer or at one node. */
    async function register(url: string, username: string): Promise<number> {
      const answer = await fetch(`${url}/v1/accounts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username, password: 'correct horse battery' }),
        keepalive: false,
      });
      return answer.status;
    }

    test(
      'one node knows whom another one registered, and the balancer leads to both',
      async () => {
        const [first, second] = cluster.nodes;
        expect(await register(first!.url, 'alice')).toBe(201);
        expect(await register(second!.url, 'alice')).toBe(409);
        expect(await register(cluster.baseUrl, 'alice')).toBe(409);
      },
      TEST_MS_MAX,
    );

    test(
      'the status page tells what runs and what does not, and takes orders',
      async () => {
        const before = await status();
        expect(before.processes.filter(({ ready }) => ready).map(({ name }) => name)).toEqual(['n1', 'n2']);
        expect(before.processes.map(({ role }) => role)).toContain('redis');
        const killed = await fetch(`${statusUrl}/kill?node=2`, { method: 'POST' });
        expect([killed.status, cluster.nodes[1]?.pid]).toEqual([200, null]);
        await until(async () => (await status()).processes[1]?.state === 'down');
        expect(await (await fetch(statusUrl)).text()).toContain('1 of 2 nodes ready');
        // The balancer has one node left.
        await until(async () => (await register(cluster.baseUrl, 'alice')) === 409);
        const restarted = await fetch(`${statusUrl}/restart?node=2`, { method: 'POST' });
        expect(restarted.status).toBe(200);
        expect(await register(cluster.nodes[1]!.url, 'alice')).toBe(409);
      },
      TEST_MS_MAX,
    );

    test(
      'a node that stands still is shown so, and goes on',
      async () => {
        await fetch(`${statusUrl}/pause?node=1`, { method: 'POST' });
        await until(async () => (await status()).processes[0]?.state === 'paused');
        await fetch(`${statusUrl}/resume?node=1`, { method: 'POST' });
        await until(async () => (await status()).processes[0]?.ready === true);
      },
      TEST_MS_MAX,
    );

    test('pages of other sites give no orders', async () => {
      const foreign = await fetch(`${statusUrl}/kill?node=1`, {
        method: 'POST',
        headers: { origin: 'https://example.org' },
      });
      const rebound = await fetch(`${statusUrl}/status.json`, { headers: { host: 'example.org' } });
      expect([foreign.status, rebound.status]).toEqual([403, 403]);
      expect((await fetch(`${statusUrl}/kill?node=7`, { method: 'POST' })).status).toBe(404);
      expect((await fetch(`${statusUrl}/burn?node=1`, { method: 'POST' })).status).toBe(404);
    });

    test(
      'a rolling restart leaves no node as it was, and whoever knocks twice is let in',
      async () => {
        const before = cluster.nodes.map(({ pid }) => pid);
        const steps: string[] = [];
        const knocks: Promise<number>[] = [];
        const restart = rollingRestart(statusUrl, (sentence) => steps.push(sentence));
        const isDone = restart.then(() => true);
        // tidy-allow-sleep: people come at their own pace
        const isPaused = () => Bun.sleep(20).then(() => false);
        while (!(await Promise.race([isDone, isPaused()]))) knocks.push(knock(cluster.baseUrl));
        const after = cluster.nodes.map(({ pid }) => pid);
        expect(after.every((pid, index) => pid !== null && pid !== before[index])).toBe(true);
        expect(steps).toEqual(['Restarting n1.', 'Restarting n2.', 'All 2 nodes were restarted.']);
        expect(new Set(await Promise.all(knocks))).toEqual(new Set([200]));
      },
      TEST_MS_MAX,
    );
  });
});

/** Opens a connection of its own, and another one where that is cut, as every device does; 0 where both are. */
async function knock(url: string, isSecond = false): Promise<number> {
  try {
    return (await fetch(`${url}/healthz`, { keepalive: false })).status;
  } catch {
    return isSecond ? 0 : await knock(url, true);
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  // tidy-allow-sleep: other processes give no event here
  while (!(await holds().catch(() => false))) await Bun.sleep(50);
}

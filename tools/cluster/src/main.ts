import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findProgram, PROGRAMS, ServicesError } from '@confab/services';
import { choosePort, type Command, HELP, readCommandLine, statusPortOf } from './command-line.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { rollingRestart } from './rolling-restart.ts';
import { serveStatus } from './status-server.ts';
import type { Environment } from './server-command.ts';

const EXIT_AT_ONCE = 130;

/** Settings that this command decides, or that are no settings of a node. */
const NOT_PASSED_ON =
  /^CONFAB_(HOST|PORT|NODE_ID|DATA_DIR|SECRET|REDIS|CASSANDRA(_\w+)?|TEST_\w+|SERVICES_DIR|CHROMIUM)$/;

/** The file by which other commands find a cluster that runs. */
const RUNNING_FILE = 'running.json';
type Running = { readonly pid: number; readonly statusUrl: string };

try {
  process.exit(await run(readCommandLine(process.argv.slice(2))));
} catch (error) {
  console.error(error instanceof ServicesError ? error.message : error);
  process.exit(1);
}

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      console.log(HELP);
      return 0;
    case 'rolling restart': {
      const running = readRunning(command.folder);
      if (running === null) throw new ServicesError(`No cluster runs on ${resolve(command.folder)}.`);
      await rollingRestart(running.statusUrl, say);
      return 0;
    }
    case 'start':
      return await start(command);
  }
}

async function start(command: Extract<Command, { kind: 'start' }>): Promise<number> {
  const startedAt = performance.now();
  const folder = resolve(command.folder);
  const { pid } = readRunning(folder) ?? {};
  if (pid !== undefined) throw new ServicesError(`A cluster runs on ${folder} already (process ${pid}).`);
  if (command.hasBalancer && findProgram(PROGRAMS.haproxy) === null)
    throw new ServicesError('HAProxy is missing: apt-get install haproxy, or go without it: --no-balancer.');
  if (command.isFresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const stopped = untilStopped();
  const port = await choosePort(command.port);
  const starting = startCluster({
    folder,
    nodes: command.nodes,
    cassandra: { kind: 'start', nodes: command.cassandraNodes, sync: command.sync },
    keyspace: 'confab',
    hasBalancer: command.hasBalancer,
    port,
    settings: settingsOf(process.env),
    onProgress: say,
  });
  const cluster = await Promise.race([starting, stopped.then(() => null)]);
  // What has been started ends with this process.
  if (cluster === null) return EXIT_AT_ONCE;
  const statusServer = serveStatus(cluster, statusPortOf(port));
  const statusUrl = `http://127.0.0.1:${statusServer.port}`;
  writeFileSync(join(folder, RUNNING_FILE), `${JSON.stringify({ pid: process.pid, statusUrl })}\n`);
  console.log(greeting(cluster, { statusUrl, tookMs: performance.now() - startedAt }));
  await stopped;
  say('Stopping: the nodes send their connections away first. Again to stop at once.');
  await statusServer.stop(true);
  await cluster.stop();
  rmSync(join(folder, RUNNING_FILE), { force: true });
  return 0;
}

/** Resolves at the first request to stop; the second one ends the process at once. */
async function untilStopped(): Promise<void> {
  const { promise, resolve: ask } = Promise.withResolvers<void>();
  let isAsked = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (isAsked) process.exit(EXIT_AT_ONCE);
      isAsked = true;
      ask();
    });
  }
  await promise;
}

function settingsOf(environment: NodeJS.ProcessEnv): Environment {
  const found = Object.entries(environment).flatMap(([name, value]) => {
    const isPassedOn = name.startsWith('CONFAB_') && !NOT_PASSED_ON.test(name);
    return isPassedOn && value !== undefined ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}

/** Null where none runs; what a crash left behind is none. */
function readRunning(folder: string): Running | null {
  try {
    const running = JSON.parse(readFileSync(join(folder, RUNNING_FILE), 'utf8')) as Running;
    process.kill(running.pid, 0);
    return running;
  } catch {
    return null;
  }
}

function greeting(
  { baseUrl, balancer, nodes, cassandra, redis, logFolder }: Cluster,
  { statusUrl, tookMs }: { readonly statusUrl: string; readonly tookMs: number },
): string {
  const account = '{"username":"alice","password":"choose a long one"}';
  return `
Confab cluster: ${nodes.length} nodes, ready in ${(tookMs / 1_000).toFixed(1)} s

  Address        ${balancer === null ? 'none in common (--no-balancer): any node serves everything' : `${baseUrl}  (HAProxy in front of all nodes)`}
  Nodes          ${nodes.map(({ nodeId, url }) => `${nodeId} ${url}`).join('\n                 ')}
  Cassandra      ${cassandra?.contactPoints.join(', ') ?? '-'}
  Redis          ${redis.url}
  First account  open ${baseUrl} and choose Create account, or:
                 curl ${baseUrl}/v1/accounts -H 'content-type: application/json' -d '${account}'
  Status         ${statusUrl}
  Logs           ${logFolder}
  Stop           Ctrl-C
`;
}

function say(sentence: string): void {
  console.log(sentence);
}

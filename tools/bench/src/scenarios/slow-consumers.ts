import type { Bench } from '../bench.ts';
import { checkLogs } from '../check/check-log.ts';
import type { Evidence } from '../load/evidence.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { measureEach } from '../measure-each.ts';
import { measureMessages } from '../measure-messages.ts';
import { HttpSpeech } from '../say-over-http.ts';
import type { Figure, Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import { callHttp, makeGroup, makeUsers, subjectsOf } from '../servers/http-calls.ts';
import type { ServerProcess } from '../servers/server-process.ts';

const ALL_READ = 'everybody reads';
const SOME_SLEEP = '500 of 5,000 have stopped reading';
const RATIO = 'last delivery p99 to that of when everybody reads';
const GROWTH = 'growth of the server’s memory';
const MEMBERS = 5_000;
const SLOW = 500;
const SPEAKERS = 8;
const PER_SECOND = 8;
const BODY_BYTES = 200;
/** What the slow ones get besides, in a group of their own: more than sockets and server keep for one. */
const HOSE = 'hose';
const HOSE_MESSAGES = 64;
const HOSE_BODY_BYTES = 60_000;
const NUMBERS = { all: 1, some: 2, hose: 3 };
const CONNECT_AT_ONCE = 128;
const LIMIT_MS = 60_000;
/** How long to wait for the slow readers before those that were cut off are connected again. */
const LEVEL_LOOK_MS = 2_000;

export const SLOW_CONSUMERS: Scenario = {
  name: 'slow-consumers',
  title: 'Members that stop reading',
  what: `A group of ${MEMBERS.toLocaleString('en')}, all online, in which ${SPEAKERS} speak, together ${PER_SECOND} messages of ${BODY_BYTES} bytes a second (open loop). First everybody reads. Then ${SLOW} stop to read from their sockets, without a word, and get ${HOSE_MESSAGES} messages of ${HOSE_BODY_BYTES / 1_000} KB each besides, in another group: more than the sockets hold. The others’ latency with and without them, and the memory that the server takes for them. Then they read on, or come back where they were cut off, and must have read everything.`,
  goals: [
    { row: SOME_SLEEP, figure: RATIO, is: 'at most', bar: 1.5, stretch: 1.2 },
    { row: SOME_SLEEP, figure: GROWTH, is: 'at most', bar: 64, stretch: 32 },
  ],
  limits:
    'What waits for a reader is bounded for each and for all; beyond it a conversation is noted and read again later.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = { baselines: ['by-hand-node'] as const, settings: {}, preloads: [] };
    return await measureEach(bench, options, async (server) => measure(bench, server));
  },
};

/** The two groups, and who is in which. */
type Scene = {
  readonly server: ServerProcess;
  readonly groupId: string;
  readonly hoseId: string;
  /** Those who go on reading, the speakers first. */
  readonly awake: readonly string[];
  readonly slow: readonly string[];
};

async function measure(bench: Bench, server: ServerProcess): Promise<readonly Row[]> {
  const scene = await makeScene(bench, server);
  const { slow, hoseId } = scene;
  await using crowd = await bench.startLoad('crowd', { url: server.url, subjects: slow });
  await crowd.call('connect', { atOnce: CONNECT_AT_ONCE, isPatient: false, limitMs: LIMIT_MS });
  const before = await measureGroup(bench, scene, { what: ALL_READ, processNumber: NUMBERS.all });
  await crowd.call('setReading', false);
  const hose = new HttpSpeech(server.url, [{ subject: HOSE, conversationId: hoseId }], NUMBERS.hose);
  const [asleep] = await Promise.all([
    measureGroup(bench, scene, { what: SOME_SLEEP, processNumber: NUMBERS.some }),
    hose.say(bench.size(HOSE_MESSAGES, 4), HOSE_BODY_BYTES),
  ]);
  const recovered = await recover(bench, scene, { crowd, hose: hose.evidence() });
  await crowd.call('close');
  const figures = [
    { name: RATIO, value: lastP99Of(asleep) / lastP99Of(before), unit: '' },
    { name: GROWTH, value: (mostMemoryOf(asleep) - mostMemoryOf(before)) / 2 ** 20, unit: 'MiB' },
    ...recovered.figures,
    ...asleep.figures,
  ];
  return [before, { ...asleep, figures, broken: [...asleep.broken, ...recovered.broken] }];
}

async function makeScene(bench: Bench, server: ServerProcess): Promise<Scene> {
  const { url } = server;
  const subjects = subjectsOf('member', bench.size(MEMBERS, 60));
  bench.progress(`${server.subject}: making a group of ${subjects.length}`);
  const userIds = await makeUsers(url, subjects);
  await makeUsers(url, [HOSE]);
  const slowFrom = subjects.length - bench.size(SLOW, 10);
  return {
    server,
    groupId: await makeGroup(url, subjects[0] ?? '', userIds.slice(1)),
    hoseId: await makeGroup(url, HOSE, userIds.slice(slowFrom)),
    awake: subjects.slice(0, slowFrom),
    slow: subjects.slice(slowFrom),
  };
}

/** The latencies of those who read all the time. */
async function measureGroup(
  bench: Bench,
  { server, groupId, awake }: Scene,
  { what, processNumber }: { readonly what: string; readonly processNumber: number },
): Promise<Row> {
  const plan = {
    processNumber,
    devices: awake.map((subject) => ({ url: server.url, subject })),
    lanes: Array.from({ length: SPEAKERS }, (_, device) => ({ device, conversationId: groupId })),
    bodyBytes: BODY_BYTES,
    readersEach: awake.length,
    besides: null,
  };
  const drive = { kind: 'open', perSecond: PER_SECOND } as const;
  return await measureMessages(bench, { what, target: server, plans: [plan], drive, seconds: bench.seconds });
}

/** Those who slept read on; who was cut off comes back. Then all of them must have read everything. */
async function recover(
  bench: Bench,
  { server, groupId, hoseId, awake, slow }: Scene,
  { crowd, hose }: { readonly crowd: LoadProcess<'crowd'>; readonly hose: Evidence },
): Promise<{ readonly figures: readonly Figure[]; readonly broken: readonly string[] }> {
  bench.progress(`${server.subject}: reading on`);
  const fromMs = performance.now();
  // Who founded a group may read it from its first event on.
  const groups = [
    { conversationId: groupId, reader: awake[0] ?? '' },
    { conversationId: hoseId, reader: HOSE },
  ];
  const heads = new Map<string, number>();
  for (const { conversationId, reader } of groups)
    heads.set(conversationId, await headOf(server.url, reader, conversationId));
  await crowd.call('setReading', true);
  // What a server had written to those whom it cut off is read first; then they see their end.
  const wanted = { atOnce: CONNECT_AT_ONCE, isPatient: true, limitMs: LIMIT_MS };
  let level = 0;
  while (level < slow.length && performance.now() - fromMs < LIMIT_MS) {
    level = await crowd.call('level', heads, LEVEL_LOOK_MS);
    if (level < slow.length) await crowd.call('connect', wanted);
  }
  const seconds = (performance.now() - fromMs) / 1_000;
  const cutOff = await crowd.call('lostSoFar');
  const broken = await checkLogs(server, [hose, await crowd.call('evidence', groups)]);
  const figures = [
    { name: 'all level after', value: seconds, unit: 's' },
    { name: 'slow readers that were cut off', value: cutOff, unit: '' },
  ];
  return { figures, broken };
}

async function headOf(url: string, subject: string, conversationId: string): Promise<number> {
  const path = `/v1/conversations/${conversationId}/messages?limit=1`;
  const page = await callHttp({ url, subject, method: 'GET', path, body: null });
  return (page['head'] as { readonly sequence: number }).sequence;
}

function lastP99Of({ latencies }: Row): number {
  return latencies.find(({ name }) => name === 'last delivery')?.p99Ms ?? Number.NaN;
}

function mostMemoryOf({ memory }: Row): number {
  return Math.max(...memory.map(({ residentBytes }) => residentBytes));
}

import { COLLECTS_ON_SIGNAL } from '../baselines/baselines.ts';
import type { Bench } from '../bench.ts';
import { makeCircles } from '../circles.ts';
import { summaryOf } from '../load/latency-recorder.ts';
import { describeMachine } from '../machine.ts';
import { measureEach } from '../measure-each.ts';
import { kernelSlabBytes, proportionalBytes, residentBytes } from '../meter.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import { subjectsOf } from '../servers/http-calls.ts';
import type { ServerProcess } from '../servers/server-process.ts';

const WHAT = 'each in 5 conversations, nothing to say';
const PEOPLE_OF_CIRCLE = 50;
const GROUPS_OF_CIRCLE = 5;
/** Files and sockets that a process has open besides the connections. */
const OTHER_FILES = 500;
const WARM_UP_DEVICES = 100;
const AT_ONCE = 256;
const CONNECT_MS_MAX = 120_000;
/** Longer than the time between two heartbeats, so that each connection has one in it. */
const HOLD_SECONDS = 26;
const OTHERS_HOLD_SECONDS = 2;
const SETTLED_MS = 500;
const SETTLING_ROUNDS = 12;
const KIB = 1_024;

export const IDLE_DENSITY: Scenario = {
  name: 'idle-density',
  title: 'Connections that have nothing to say',
  what: `19,000 authenticated devices of as many users on one gateway, each in ${GROUPS_OF_CIRCLE} groups of ${PEOPLE_OF_CIRCLE}. The server is started anew on the finished conversations and warmed up by ${WARM_UP_DEVICES} devices; then it is measured how much its memory grows by the others, as it stands and after a garbage collection, and what the kernel takes for both ends of a socket. Then Confab’s are held for ${HOLD_SECONDS} s, in which every connection has a heartbeat.`,
  goals: [{ row: WHAT, figure: 'memory of a connection', is: 'at most', bar: 8, stretch: 4 }],
  limits:
    'What is kept for a connection besides the socket of the runtime: its state, its session and its row in the registry. It has no timer and no buffer.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = {
      baselines: ['bare-bun', 'by-hand-bun', 'by-hand-node'] as const,
      settings: {},
      preloads: [COLLECTS_ON_SIGNAL],
    };
    return await measureEach(bench, options, async (server) => [await measure(bench, server)]);
  },
};

async function measure(bench: Bench, server: ServerProcess): Promise<Row> {
  const people = Math.min(bench.size(19_000, 200), describeMachine().openFilesMax - OTHER_FILES);
  const subjects = await makePeople(bench, server, people);
  await server.stop();
  await server.start();
  await using warmUp = await bench.startLoad('crowd', {
    url: server.url,
    subjects: subjects.slice(0, Math.min(WARM_UP_DEVICES, people / 2)),
  });
  await using crowd = await bench.startLoad('crowd', {
    url: server.url,
    subjects: subjects.slice(Math.min(WARM_UP_DEVICES, people / 2)),
  });
  const plan = { atOnce: AT_ONCE, isPatient: false, limitMs: CONNECT_MS_MAX };
  const warm = await warmUp.call('connect', plan);
  await collect(bench, server);
  const before = memoryOf(server);
  bench.progress(`${server.subject}: connecting ${people} devices`);
  const connected = await crowd.call('connect', plan);
  const atOnce = memoryOf(server);
  // What heartbeats cost is asked of Confab alone: the others have their own times between two, or none.
  const holdSeconds = server.subject === 'confab' ? HOLD_SECONDS : OTHERS_HOLD_SECONDS;
  using meter = bench.meter(server.pids);
  await Bun.sleep(bench.isSmall ? SETTLED_MS : holdSeconds * 1_000);
  const usage = meter.read();
  await collect(bench, server);
  const after = memoryOf(server);
  const { devices } = connected;
  const lost = (await crowd.call('lostSoFar')) + (await warmUp.call('lostSoFar'));
  const each = (kind: keyof Memory): number => (after[kind] - before[kind]) / devices / KIB;
  const broken: string[] = [];
  if (devices + warm.devices !== people)
    broken.push(`${connected.failed} failed: ${connected.failures.join('; ')}`);
  if (lost > 0) broken.push(`${lost} connections were ended`);
  return {
    what: WHAT,
    subject: server.subject,
    figures: [
      { name: 'connections', value: devices + warm.devices, unit: '' },
      { name: 'memory of a connection', value: each('resident'), unit: 'KiB' },
      { name: 'its share of pages (PSS)', value: each('proportional'), unit: 'KiB' },
      {
        name: 'before garbage is collected',
        value: (atOnce.resident - before.resident) / devices / KIB,
        unit: 'KiB',
      },
      // Of the whole machine, and of both ends.
      { name: 'kernel memory of a connection, one end', value: each('kernel') / 2, unit: 'KiB' },
      { name: 'server CPU of a connection', value: usage.processorUs / usage.seconds / people, unit: 'us/s' },
      { name: 'memory of the server', value: after.resident / 2 ** 20, unit: 'MiB' },
      { name: 'connects', value: devices / connected.seconds, unit: '/s' },
    ],
    latencies: [summaryOf('ready', [connected.latency])],
    memory: usage.memory,
    broken,
  };
}

/** Users in their conversations; an echo server takes anybody. */
async function makePeople(bench: Bench, server: ServerProcess, people: number): Promise<readonly string[]> {
  if (server.speaks === 'echo') return subjectsOf('crowd', people);
  bench.progress(`${server.subject}: making ${people} users and their conversations`);
  const circles = { peopleOfCircle: PEOPLE_OF_CIRCLE, groupsOfCircle: GROUPS_OF_CIRCLE };
  const { subjects } = await makeCircles({ url: server.url, prefix: 'crowd', people, ...circles });
  return subjects;
}

type Memory = { readonly resident: number; readonly proportional: number; readonly kernel: number };

function memoryOf({ pids }: ServerProcess): Memory {
  return { resident: residentBytes(pids), proportional: proportionalBytes(pids), kernel: kernelSlabBytes() };
}

/** Has the server collect its garbage until its memory no longer shrinks: what is freed is given back bit by bit. */
async function collect(bench: Bench, { pid, pids }: ServerProcess): Promise<void> {
  let least = residentBytes(pids);
  for (let round = 0, same = 0; round < SETTLING_ROUNDS && same < 3; round += 1) {
    process.kill(pid, 'SIGUSR2');
    await Bun.sleep(bench.isSmall ? SETTLED_MS / 10 : SETTLED_MS);
    const bytes = residentBytes(pids);
    same = bytes < least * 0.995 ? 0 : same + 1;
    least = Math.min(least, bytes);
  }
}

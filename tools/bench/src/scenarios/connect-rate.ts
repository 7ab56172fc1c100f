import type { Bench } from '../bench.ts';
import { figuresOf } from '../figures.ts';
import { summaryOf } from '../load/latency-recorder.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { measureEach } from '../measure-each.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import { subjectsOf } from '../servers/http-calls.ts';
import type { ServerProcess } from '../servers/server-process.ts';

const NEW = 'users at their first sight';
const KNOWN = 'users that are known';
const AT_ONCE = 512;
const LIMIT_MS = 60_000;

export const CONNECT_RATE: Scenario = {
  name: 'connect-rate',
  title: 'Connecting',
  what: `10,000 devices connect, ${AT_ONCE} of them on their way at any time: TCP, WebSocket, \`authenticate\` with a signed token (HS256), \`ready\`, the list, \`caught_up\`. The first time the server has not seen these users and makes a row of each; then all leave and come again.`,
  goals: [
    { row: NEW, figure: 'connects', is: 'at least', bar: 3_000, stretch: 6_000 },
    { row: KNOWN, figure: 'connects', is: 'at least', bar: 3_000, stretch: 6_000 },
  ],
  limits:
    'The upgrade and the first read of the list; a user seen for the first time costs two writes besides.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = {
      baselines: ['bare-bun', 'by-hand-bun', 'by-hand-node'] as const,
      settings: {},
      preloads: [],
    };
    return await measureEach(bench, options, async (server) => measure(bench, server));
  },
};

async function measure(bench: Bench, server: ServerProcess): Promise<readonly Row[]> {
  const subjects = subjectsOf('crowd', bench.size(10_000, 100));
  await using load = await bench.startLoad('crowd', { url: server.url, subjects });
  const rows: Row[] = [];
  for (const what of [NEW, KNOWN]) {
    bench.progress(`${server.subject}: ${subjects.length} ${what} connect`);
    rows.push(await measureConnects(bench, { what, server, load, wanted: subjects.length }));
    await load.call('close');
    await load.call('lose', LIMIT_MS);
  }
  return rows;
}

async function measureConnects(
  bench: Bench,
  run: {
    readonly what: string;
    readonly server: ServerProcess;
    readonly load: LoadProcess<'crowd'>;
    readonly wanted: number;
  },
): Promise<Row> {
  const { what, server, load, wanted } = run;
  using meter = bench.meter(server.pids);
  const connected = await load.call('connect', { atOnce: AT_ONCE, isPatient: false, limitMs: LIMIT_MS });
  const usage = meter.read();
  const { devices, seconds, failed, failures, processorUs } = connected;
  const latency = summaryOf('ready', [connected.latency]);
  return {
    what,
    subject: server.subject,
    figures: [
      { name: 'connects', value: devices / seconds, unit: '/s' },
      { name: 'server CPU of a connect', value: usage.processorUs / devices, unit: 'us' },
      { name: 'server CPU', value: usage.cores, unit: 'cores' },
      { name: 'generator CPU', value: processorUs / 1e6 / seconds, unit: 'cores' },
      ...figuresOf(latency),
    ],
    latencies: [latency],
    memory: usage.memory,
    broken:
      failed === 0 && devices === wanted ? [] : [`${failed} of ${wanted} failed: ${failures.join('; ')}`],
  };
}

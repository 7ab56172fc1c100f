import type { Bench } from '../bench.ts';
import type { BaselineKind } from '../baselines/baseline-kinds.ts';
import type { Row, Subject } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import { callHttp, makeGroup, makeUsers } from '../servers/http-calls.ts';
import type { ServerProcess } from '../servers/server-process.ts';

const WHAT = 'on an empty folder';
const FIGURE = 'start to first accepted message';
const BASELINES: readonly BaselineKind[] = ['by-hand-bun', 'by-hand-node'];

export const START_UP: Scenario = {
  name: 'start-up',
  title: 'Starting',
  what: `The server's process is started on an empty folder, 21 times: until it says its address, and until a first message is accepted over HTTP, of a user and in a conversation that are made for it. The dependencies are installed; \`npm start\` looks at them first, which is not in these times. Medians.`,
  goals: [{ row: WHAT, figure: FIGURE, is: 'at most', bar: 1_500, stretch: 500 }],
  limits: 'Loading the program; the database is ready long before.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const rows = [await measure(bench, 'confab', async () => bench.startServer())];
    for (const kind of BASELINES) {
      const row = await measure(bench, kind, async () => bench.startBaseline(kind));
      if (row !== null) rows.push(row);
    }
    return rows.filter((row) => row !== null);
  },
};

async function measure(
  bench: Bench,
  subject: Subject,
  start: () => Promise<ServerProcess | null>,
): Promise<Row | null> {
  const starts = bench.size(21, 2);
  const addressMs: number[] = [];
  const acceptedMs: number[] = [];
  const residentBytes: number[] = [];
  bench.progress(`${subject}: ${starts} starts`);
  for (let count = 0; count < starts; count += 1) {
    const fromMs = performance.now();
    await using server = await start();
    if (server === null) return null;
    addressMs.push(performance.now() - fromMs);
    await sendOne(server.url);
    acceptedMs.push(performance.now() - fromMs);
    using meter = bench.meter(server.pids);
    residentBytes.push(meter.read().memory[0]?.residentBytes ?? 0);
  }
  return {
    what: WHAT,
    subject,
    figures: [
      { name: FIGURE, value: median(acceptedMs), unit: 'ms' },
      { name: 'fastest', value: Math.min(...acceptedMs), unit: 'ms' },
      { name: 'slowest', value: Math.max(...acceptedMs), unit: 'ms' },
      { name: 'start to address', value: median(addressMs), unit: 'ms' },
      { name: 'memory', value: median(residentBytes) / 2 ** 20, unit: 'MiB' },
    ],
    latencies: [],
    memory: [],
    broken: [],
  };
}

/** Throws where the message is not accepted. */
async function sendOne(url: string): Promise<void> {
  const subject = 'first';
  await makeUsers(url, [subject]);
  const path = `/v1/conversations/${await makeGroup(url, subject, [])}/messages`;
  const body = { clientMessageId: crypto.randomUUID(), body: 'the first message' };
  await callHttp({ url, subject, method: 'POST', path, body });
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

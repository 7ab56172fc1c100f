import { measureRawSqlite } from '../baselines/raw-sqlite.ts';
import type { Bench } from '../bench.ts';
import { measureEach } from '../measure-each.ts';
import { measureMessages } from '../measure-messages.ts';
import { makePairs } from '../pairs.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const WHAT = '100 pairs, closed loop';
const BODY_BYTES = 200;
const PAIRS = 100;

export const DURABLE_1_TO_1: Scenario = {
  name: 'durable-1-to-1',
  title: 'Durable messages between two, as fast as they go',
  what: `200 devices in ${PAIRS} pairs; each sends a message of ${BODY_BYTES} bytes to the other as soon as its last one was acknowledged, which is after the fsync. A delivery is to either of the pair. Raw SQLite has ${PAIRS} messages in each transaction; its row is what the disk and one thread allow.`,
  goals: [
    { row: WHAT, figure: 'sends', is: 'at least', bar: 5_000, stretch: 10_000 },
    { row: WHAT, figure: 'ack p99', is: 'at most', bar: 50, stretch: 50 },
  ],
  limits:
    'The writer of the file, and turns. A conversation has one commit under way, so half of the 200 wait for the other half; while those are written the serving thread has little to do. A message dirties a leaf of each of three indexes, 3.7 pages of 4 KiB in all, each of them two calls to the system: 69 us of the writer’s thread, 31 of them SQLite, 21 the kernel (perf record; pages counted in the log file). A loop over the same tables that does nothing else: `bun packages/store-sqlite/bench/commit.ts`. The serving thread takes 68 us, 18 of them reading and writing sockets.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const baselines = ['bare-bun', 'by-hand-bun', 'by-hand-bun-grouped', 'by-hand-node'] as const;
    const options = { baselines, settings: {}, preloads: [] };
    const rows = await measureEach(bench, options, async (target) => [await measure(bench, target)]);
    return bench.isAlone ? rows : [...rows, await measureDisk(bench)];
  },
};

async function measure(bench: Bench, target: Target): Promise<Row> {
  const { devices, lanes } = await makePairs(target, bench.size(PAIRS, 5));
  const plan = { processNumber: 1, devices, lanes, bodyBytes: BODY_BYTES, readersEach: 2, besides: null };
  const drive = { kind: 'closed', window: 1, until: 'accepted' } as const;
  return await measureMessages(bench, { what: WHAT, target, plans: [plan], drive, seconds: bench.seconds });
}

async function measureDisk(bench: Bench): Promise<Row> {
  bench.progress('raw-sqlite');
  const { eventsPerSecond, p50Ms, p99Ms, processorUsPerEvent } = await measureRawSqlite({
    conversations: bench.size(PAIRS, 5),
    waiting: PAIRS,
    seconds: bench.seconds,
    bodyBytes: BODY_BYTES,
  });
  const figures = [
    { name: 'sends', value: eventsPerSecond, unit: '/s' },
    { name: 'server CPU of a send', value: processorUsPerEvent, unit: 'us' },
    { name: 'transaction p50', value: p50Ms, unit: 'ms' },
    { name: 'transaction p99', value: p99Ms, unit: 'ms' },
  ];
  return { what: WHAT, subject: 'raw-sqlite', figures, latencies: [], memory: [], broken: [] };
}

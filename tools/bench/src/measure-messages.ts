import type { Bench } from './bench.ts';
import { checkLogs } from './check/check-log.ts';
import { figuresOf, sum } from './figures.ts';
import type { Evidence } from './load/evidence.ts';
import { summaryOf } from './load/latency-recorder.ts';
import type { LoadProcess } from './load/load-process.ts';
import type { Counted, Drive, Latencies, MessageLoadPlan } from './load/message-load.ts';
import type { Usage } from './meter.ts';
import type { Figure, LatencySummary, Row } from './row.ts';
import type { Target } from './servers/target.ts';

const OPEN_AT_ONCE = 128;
const SETTLE_MS_MAX = 60_000;
const MESSAGES = 'messages';
const MIB = 2 ** 20;
/** The name of the line that `tellsLag` adds. */
export const LAG = 'delivery after ack';

type Load = LoadProcess<typeof MESSAGES>;

export type MessageRun = {
  /** `what` of the row. */
  readonly what: string;
  readonly target: Target;
  /** One load process each, with a `processNumber` of its own. */
  readonly plans: readonly MessageLoadPlan[];
  readonly drive: Drive;
  /** The measured time. */
  readonly seconds: number;
  /** Whether the row tells how long after its acknowledgement a message arrives; where senders and readers share a load. */
  readonly tellsLag?: boolean;
};

/** Sends messages for the measured time and gives the row; what was acknowledged and read is checked against the log. */
export async function measureMessages(bench: Bench, run: MessageRun): Promise<Row> {
  const { what, target, plans, drive, seconds } = run;
  await using stack = new AsyncDisposableStack();
  const loads: Load[] = [];
  for (const plan of plans) loads.push(stack.use(await bench.startLoad(MESSAGES, plan)));
  bench.progress(`${target.subject}, ${what}: connecting`);
  await Promise.all(loads.map(async (load) => load.call('connect', OPEN_AT_ONCE)));
  bench.progress(`${target.subject}, ${what}: measuring`);
  await Promise.all(loads.map(async (load) => load.call('begin', drive)));
  await Bun.sleep(bench.warmUpSeconds * 1_000);
  using meter = bench.meter(target.pids);
  using storeMeter = bench.meter(target.storePids);
  await Promise.all(loads.map(async (load) => load.call('measure', seconds * 1_000)));
  await Bun.sleep(seconds * 1_000);
  const counted = await Promise.all(loads.map(async (load) => load.call('end')));
  const usage = meter.read();
  const storeUsage = storeMeter.read();
  await settle(loads, target);
  const recorded = await Promise.all(loads.map(async (load) => load.call('latencies')));
  const latencies = [...summariesOf(recorded, plans), ...(run.tellsLag === true ? [lagOf(recorded)] : [])];
  bench.progress(`${target.subject}, ${what}: checking`);
  const evidence = await Promise.all(loads.map(async (load) => load.call('evidence')));
  const broken = target.speaks === 'log' ? await checkLogs(target, evidence) : [];
  const figures = [
    ...ratesOf(counted, usage),
    ...latenessOf(recorded, drive),
    ...latencies.flatMap(figuresOf),
    ...troublesIn(evidence),
    ...(target.storePids.length === 0 ? [] : [{ name: 'store CPU', value: storeUsage.cores, unit: 'cores' }]),
  ];
  await Promise.all(loads.map(async (load) => load.call('close')));
  bench.progress(`${target.subject}, ${what}: ${headlineOf(figures, latencies)}`);
  return { what, subject: target.subject, figures, latencies, memory: usage.memory, broken };
}

/** What breaks no promise and should be seen: requests that were refused, events that devices had to ask for. */
function troublesIn(evidence: readonly Evidence[]): readonly Figure[] {
  const codes = [...new Set(evidence.flatMap(({ refused }) => Object.keys(refused)))];
  const refused = codes.map((code) => ({
    name: `refused: ${code}`,
    value: sum(evidence.map((one) => one.refused[code] ?? 0)),
    unit: '',
  }));
  const holes = { name: 'holes', value: sum(evidence.map((one) => one.holes)), unit: '' };
  return [...refused, ...(holes.value === 0 ? [] : [holes])];
}

/** What somebody who watches wants to know at once. */
function headlineOf(figures: readonly Figure[], latencies: readonly LatencySummary[]): string {
  const rates = figures.slice(0, 2).map(({ name, value, unit }) => `${Math.round(value)} ${name}${unit}`);
  return [...rates, ...latencies.map(({ name, p99Ms }) => `${name} p99 ${p99Ms.toFixed(1)} ms`)].join(', ');
}

/** Waits until everything is answered, and until every reader has everything that was accepted by anybody. */
async function settle(loads: readonly Load[], target: Target): Promise<void> {
  const heads = new Map<string, number>();
  for (const own of await Promise.all(loads.map(async (load) => load.call('settle', SETTLE_MS_MAX)))) {
    for (const [id, sequence] of own) heads.set(id, Math.max(sequence, heads.get(id) ?? 0));
  }
  if (target.speaks === 'log')
    await Promise.all(loads.map(async (load) => load.call('level', heads, SETTLE_MS_MAX)));
}

function ratesOf(counted: readonly Counted[], usage: Usage): readonly Figure[] {
  const sends = sum(counted.map(({ accepted }) => accepted));
  const deliveries = sum(counted.map(({ delivered }) => delivered));
  const rate = (count: keyof Counted): number => sum(counted.map((one) => one[count] / one.seconds));
  return [
    { name: 'sends', value: rate('accepted'), unit: '/s' },
    { name: 'deliveries', value: rate('delivered'), unit: '/s' },
    { name: 'deliveries of a core', value: (deliveries / usage.processorUs) * 1e6, unit: '/s' },
    { name: 'server CPU of a send', value: usage.processorUs / sends, unit: 'us' },
    { name: 'server CPU of a delivery', value: usage.processorUs / deliveries, unit: 'us' },
    { name: 'server CPU', value: usage.cores, unit: 'cores' },
    { name: 'server memory', value: (usage.memory.at(-1)?.residentBytes ?? 0) / MIB, unit: 'MiB' },
    { name: 'generator CPU', value: rate('processorUs') / 1e6, unit: 'cores' },
  ];
}

/** The last reader is worth a line of its own only where there are many. */
function summariesOf(
  all: readonly Latencies[],
  plans: readonly MessageLoadPlan[],
): readonly LatencySummary[] {
  const hasCrowd = plans.some(({ readersEach }) => readersEach > 2);
  return [
    summaryOf(
      'ack',
      all.map(({ ack }) => ack),
    ),
    summaryOf(
      'delivery',
      all.map(({ delivery }) => delivery),
    ),
    ...(hasCrowd
      ? [
          summaryOf(
            'last delivery',
            all.map(({ whole }) => whole),
          ),
        ]
      : []),
  ].filter(({ count }) => count > 0);
}

function lagOf(all: readonly Latencies[]): LatencySummary {
  return summaryOf(
    LAG,
    all.map(({ lag }) => lag),
  );
}

function latenessOf(all: readonly Latencies[], drive: Drive): readonly Figure[] {
  if (drive.kind === 'closed') return [];
  const late = summaryOf(
    'late',
    all.map((one) => one.late),
  );
  return [{ name: 'generator late, p99', value: late.p99Ms, unit: 'ms' }];
}

import {
  constant,
  type Label,
  type Line,
  numberText,
  product,
  type Quantity,
  rest,
  sum,
} from './arithmetic.ts';
import type { Costs } from './measured-costs.ts';
import { type SizedSection, sized } from './section.ts';
import type { Traffic } from './traffic.ts';
import type { Workload } from './workload.ts';

const US_PER_CORE = constant('a core', 1_000_000, 'us/s per core');
const BYTES_PER_GIB = constant('a GiB', 1_073_741_824, 'bytes/GiB');
/** The process itself with its caches, whoever is connected. */
const BASE_MEMORY = constant('memory of the process itself', 0.5, 'GiB');
const ONE_ZONE = constant('lost', 1, 'zones');
const CORES: (name: string) => Label = (name) => ({ name, unit: 'cores' });
const PROCESSES: (by: string) => Label = (by) => ({ name: `gateways ${by}`, unit: 'processes' });

/** Gateway processes, of one core each, so many that the others carry everything when a zone is lost. */
export function gatewaysFor(workload: Workload, costs: Costs, traffic: Traffic): SizedSection {
  const left = rest({ name: 'zones left', unit: 'zones' }, workload.zones, ONE_ZONE);
  const inAllZones = (
    by: string,
    first: Quantity,
    ...steps: readonly (readonly ['x' | '/', Quantity])[]
  ): Line => product(PROCESSES(by), first, ...steps, ['x', workload.zones], ['/', left]);
  const memory = memoryOf(workload, costs);
  const cpu = cpuOf(workload, costs, traffic);
  const ownership = product(
    { name: 'weighing nodes as owners', unit: 'cores per process' },
    workload.messages,
    ['x', workload.coldShare],
    ['x', costs.ownership],
    ['/', US_PER_CORE],
  );
  const usable = rest({ name: 'usable of a core', unit: 'cores per process' }, workload.headroom, ownership);
  const usableInStorm = rest(
    { name: 'usable of a core in a storm', unit: 'cores per process' },
    workload.stormShare,
    ownership,
  );
  return sized(
    {
      title: 'Gateways',
      lines: [left, ...memory.lines, ...cpu.lines, ownership, usable, usableInStorm],
      remarks: [
        'A process uses one core; run as many on a machine as it has cores to spare.',
        'Each bound holds with a zone lost: those that are left have all connections.',
        ...weighingRemarks(workload, costs),
      ],
    },
    { name: 'gateways', unit: 'processes' },
    [
      {
        by: 'by memory',
        line: inAllZones(
          'by memory',
          workload.connections,
          ['x', memory.each],
          ['/', memory.usable],
          ['/', BYTES_PER_GIB],
        ),
        share: 1,
      },
      {
        by: 'by sockets',
        line: inAllZones('by sockets', workload.connections, ['/', workload.sockets]),
        share: 1,
      },
      { by: 'by CPU', line: inAllZones('by CPU', cpu.quiet, ['/', usable]), share: workload.headroom.value },
      {
        by: 'by the return of a zone',
        line: inAllZones('by the return of a zone', cpu.storm, ['/', usableInStorm]),
        share: workload.stormShare.value,
      },
    ],
  );
}

function weighingRemarks({ headroom, coldShare }: Workload, { ownership }: Costs): readonly string[] {
  if (coldShare.value === 0) return [];
  const messagesMax = numberText((headroom.value * US_PER_CORE.value) / (coldShare.value * ownership.value));
  return [
    `A process weighs all nodes for each conversation it meets anew. Spread over all, that costs each the same however many they are: beyond ${messagesMax} messages/s no number of processes would do.`,
  ];
}

function memoryOf({ gatewayMemory }: Workload, { connectionMemory, socketMemory }: Costs) {
  const each = sum({ name: 'memory of a connection', unit: 'bytes' }, [connectionMemory, socketMemory]);
  const usable = rest({ name: 'memory for connections', unit: 'GiB' }, gatewayMemory, BASE_MEMORY);
  return { each, usable, lines: [each, usable] };
}

function cpuOf(workload: Workload, costs: Costs, traffic: Traffic) {
  const { sends, deliveries, receipts, told, idle } = loadOf(workload, costs, traffic);
  const resume = resumeCostOf(costs, traffic);
  const connects = product(CORES('connects'), traffic.connects, ['x', resume.all], ['/', US_PER_CORE]);
  const storm = product(CORES('the return'), traffic.stormConnects, ['x', resume.all], ['/', US_PER_CORE]);
  const quiet = sum(CORES('cores in quiet times'), [sends, deliveries, receipts.all, told, idle, connects]);
  const inStorm = sum(CORES('cores in a storm'), [quiet, storm]);
  return {
    quiet,
    storm: inStorm,
    lines: [
      sends,
      deliveries,
      ...receipts.lines,
      receipts.all,
      told,
      idle,
      ...resume.lines,
      resume.all,
      connects,
      quiet,
      storm,
      inStorm,
    ],
  };
}

function loadOf(workload: Workload, costs: Costs, traffic: Traffic) {
  const { messages, connections, deliveries: online } = workload;
  const one = sum({ name: 'a delivery through the bus', unit: 'us' }, [costs.delivery, costs.busFrame]);
  const sends = product(CORES('sends'), messages, ['x', costs.sendOnFleet], ['/', US_PER_CORE]);
  const deliveries = product(CORES('deliveries'), traffic.deliveries, ['x', one], ['/', US_PER_CORE]);
  // Everybody who has the message is told who else has it.
  const told = product(
    CORES('telling of receipts'),
    traffic.receipts,
    ['x', online],
    ['x', one],
    ['/', US_PER_CORE],
  );
  const idle = product(CORES('heartbeats'), connections, ['x', costs.idle], ['/', US_PER_CORE]);
  return { sends, deliveries, receipts: receiptLoadOf(costs, traffic), told, idle };
}

function receiptLoadOf(costs: Costs, { receipts, readReceipts }: Traffic) {
  const unit = 'us/s';
  const frames = product({ name: 'frames of receipts', unit }, receipts, ['x', costs.receiptFrame]);
  const reads = product(
    { name: 'their reads', unit },
    receipts,
    ['x', costs.deliveredReads],
    ['x', costs.statement],
  );
  const readReads = product(
    { name: 'their further reads', unit },
    readReceipts,
    ['x', costs.readReads],
    ['x', costs.statement],
  );
  const writes = product({ name: 'their writes', unit }, receipts, ['x', costs.statement]);
  const work = sum({ name: 'work of receipts', unit }, [frames, reads, readReads, writes]);
  const all = product(CORES('receipts'), work, ['/', US_PER_CORE]);
  return { all, lines: [frames, reads, readReads, writes, work] };
}

function resumeCostOf(costs: Costs, { resumeReads }: Traffic) {
  const unit = 'us per connect';
  const reading = product({ name: 'statements of a resume', unit }, resumeReads, ['x', costs.statement]);
  const all = sum({ name: 'a connect with its resume', unit }, [costs.connect, reading]);
  return { all, lines: [reading] };
}

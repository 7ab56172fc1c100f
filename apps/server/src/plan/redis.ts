import { constant, type Line, product, type Quantity, sum } from './arithmetic.ts';
import type { Costs } from './measured-costs.ts';
import type { Section } from './section.ts';
import type { Traffic } from './traffic.ts';
import type { Workload } from './workload.ts';

const US_PER_CORE = constant('a core', 1_000_000, 'us/s per core');
const GIB = constant('a GiB', 1_073_741_824, 'bytes/GiB');
const ASK_AND_ANSWER = constant('request to the owner and its answer', 2, 'frames per message');
const OWN_DEVICES = constant("the sender's other devices", 1, 'frames per message');
const CORES = (name: string) => ({ name, unit: 'cores' });

/** What the one Redis of a fleet would have to do. */
export interface RedisSection extends Section {
  /** Cores of it at the peak. It has one. */
  readonly load: Line;
  /** The part of it that grows with the square of the nodes and not with messages. */
  readonly nodeLoad: Line;
  /** Nodes at which that part alone takes the share of a core that is to be used. */
  readonly nodesMax: number;
  readonly memory: Line;
  readonly messageFrames: Line;
  readonly receiptFrames: Line;
}

/** The load of registry and bus with so many gateway processes. */
export function redisFor(
  workload: Workload,
  costs: Costs,
  { traffic, gateways }: { readonly traffic: Traffic; readonly gateways: Quantity },
): RedisSection {
  const bus = busOf(workload, costs, traffic);
  const registry = registryOf(workload, costs, traffic);
  const beats = product(
    CORES('beats'),
    gateways,
    ['x', gateways],
    ['x', costs.beats],
    ['x', costs.publish],
    ['/', US_PER_CORE],
  );
  const polls = product(
    CORES('polls of leases'),
    gateways,
    ['x', gateways],
    ['x', costs.lease],
    ['/', US_PER_CORE],
  );
  const nodeLoad = sum(CORES('nodes watching nodes'), [beats, polls]);
  const load = sum(CORES('one Redis at the peak'), [bus.load, registry.load, nodeLoad]);
  const memory = product(
    { name: 'memory of the registry', unit: 'GiB' },
    workload.connections,
    ['x', costs.rowMemory],
    ['/', GIB],
  );
  const perPair = (costs.beats.value * costs.publish.value + costs.lease.value) / US_PER_CORE.value;
  return {
    title: 'Redis',
    lines: [...bus.lines, bus.load, ...registry.lines, registry.load, beats, polls, nodeLoad, load, memory],
    remarks: [
      'Registry and bus are one Redis (or a Sentinel group, where one leads): it uses one core for commands, and more servers are no more of it.',
      'Frames to one node within one turn travel together; what is spread over many nodes is not, so none of that is counted.',
      'Every receipt in a group of up to 100 members is told to every member who is there: that part grows with the square of the members.',
    ],
    load,
    nodeLoad,
    nodesMax: Math.floor(Math.sqrt(workload.headroom.value / perPair)),
    memory,
    messageFrames: bus.messages,
    receiptFrames: bus.receipts,
  };
}

function busOf(workload: Workload, costs: Costs, traffic: Traffic) {
  const frames = sum({ name: 'frames of a message', unit: 'frames per message' }, [
    ASK_AND_ANSWER,
    OWN_DEVICES,
    workload.deliveries,
  ]);
  const messages = product({ name: 'frames of messages', unit: 'frames/s' }, workload.messages, [
    'x',
    frames,
  ]);
  const receipts = product({ name: 'frames of receipts', unit: 'frames/s' }, traffic.receipts, [
    'x',
    workload.deliveries,
  ]);
  const all = sum({ name: 'frames between nodes', unit: 'frames/s' }, [messages, receipts]);
  const load = product(CORES('the bus'), all, ['x', costs.publish], ['/', US_PER_CORE]);
  return { load, messages, receipts, lines: [frames, messages, receipts, all] };
}

function registryOf({ messages, connections }: Workload, costs: Costs, traffic: Traffic) {
  const unit = 'us/s';
  const lookUps = product({ name: 'looking up members', unit }, traffic.lookUps, ['x', costs.lookUp]);
  const told = product({ name: 'looking up whom to tell of receipts', unit }, traffic.receipts, [
    'x',
    costs.lookUp,
  ]);
  const checks = product({ name: 'checking these look-ups', unit }, messages, ['x', costs.checkUp]);
  const receiptChecks = product({ name: 'checking those', unit }, traffic.receipts, ['x', costs.checkUp]);
  const connects = product({ name: 'rows of connects', unit }, traffic.stormConnects, ['x', costs.row]);
  const refreshes = product(
    { name: 'refreshing rows', unit },
    connections,
    ['/', costs.rowRefresh],
    ['x', costs.row],
  );
  const parts = [lookUps, told, checks, receiptChecks, connects, refreshes];
  const work = sum({ name: 'work of the registry', unit }, parts);
  return { load: product(CORES('the registry'), work, ['/', US_PER_CORE]), lines: [...parts, work] };
}

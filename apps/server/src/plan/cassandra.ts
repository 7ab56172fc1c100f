import { constant, type Line, product, type Quantity, rest, sum } from './arithmetic.ts';
import type { Costs } from './measured-costs.ts';
import { type SizedSection, sized } from './section.ts';
import type { Traffic } from './traffic.ts';
import type { Workload } from './workload.ts';

const US_PER_CORE = constant('a core', 1_000_000, 'us/s per core');
const SECONDS_PER_DAY = constant('a day', 86_400, 's/day');
const BYTES_PER_TB = constant('a TB', 1_000_000_000_000, 'bytes/TB');
const ONE = constant('more', 1, 'replicas');
const ONE_ZONE = constant('lost', 1, 'zones');
const TWO = constant('half', 2, '');
const CORES = (name: string) => ({ name, unit: 'cores' });
const NODES = (by: string) => ({ name: `Cassandra ${by}`, unit: 'nodes' });

/** Nodes of Cassandra for so many gateway processes, each of which reads by itself too. */
export function cassandraFor(
  workload: Workload,
  costs: Costs,
  { traffic, gateways }: { readonly traffic: Traffic; readonly gateways: Quantity },
): SizedSection {
  const cpu = cpuOf(workload, costs, { traffic, gateways });
  const storage = storageOf(workload, costs);
  const usable = product({ name: 'usable of a node', unit: 'cores per node' }, workload.cassandraCores, [
    'x',
    workload.headroom,
  ]);
  const usableInStorm = product(
    { name: 'usable of a node in a storm', unit: 'cores per node' },
    workload.cassandraCores,
    ['x', workload.stormShare],
  );
  const disk = product({ name: 'usable of a disk', unit: 'TB per node' }, workload.cassandraDisk, [
    'x',
    workload.diskShare,
  ]);
  return sized(
    {
      title: 'Cassandra',
      lines: [...cpu.lines, usable, usableInStorm, ...storage.lines, disk],
      remarks: [
        'Every commit is one conditional batch in one partition and costs each replica the same however short the message.',
        'Confab speaks to one ring, and keeps all history in it: rings of more than about 1,000 nodes are hardly run anywhere.',
        'The costs are of data in memory; where a resume meets disks instead, it waits for them.',
        'Where the replicas stand in as many zones, a lost zone leaves a quorum: what it would have written is not written, and what it would have read is read from the others.',
      ],
    },
    { name: 'Cassandra', unit: 'nodes' },
    [
      {
        by: 'by CPU',
        line: product(NODES('by CPU'), cpu.quiet, ['/', usable]),
        share: workload.headroom.value,
      },
      {
        by: 'by the return of a zone',
        line: product(NODES('by the return of a zone'), cpu.storm, ['/', usableInStorm]),
        share: workload.stormShare.value,
      },
      {
        by: 'by disk',
        line: product(NODES('by disk'), storage.kept, ['/', disk]),
        share: workload.diskShare.value,
      },
      { by: 'by replicas', line: product(NODES('by replicas'), workload.replicas), share: 1 },
    ],
  );
}

function cpuOf(
  workload: Workload,
  costs: Costs,
  { traffic, gateways }: { readonly traffic: Traffic; readonly gateways: Quantity },
) {
  const { replicas } = workload;
  const onEach = (name: string, first: Quantity, cost: Quantity, copies: Quantity): Line =>
    product(CORES(name), first, ['x', copies], ['x', cost], ['x', costs.coordination], ['/', US_PER_CORE]);
  const half = product({ name: 'half of the replicas', unit: 'replicas' }, replicas, ['/', TWO]);
  const quorum = roundedDownPlusOne(half);
  const sweeps = product({ name: 'reads of sweeps', unit: 'reads/s' }, gateways, ['x', costs.sweepReads]);
  const reads = sum({ name: 'all reads', unit: 'reads/s' }, [traffic.reads, sweeps]);
  const resumes = product(
    { name: 'reads after the loss of a zone', unit: 'reads/s' },
    traffic.stormConnects,
    ['x', traffic.resumeReads],
  );
  const commits = onEach('commits', traffic.commits, costs.commit, replicas);
  const hot = onEach('hot commits', traffic.hotCommits, costs.hotCommit, replicas);
  const writes = onEach('plain writes', traffic.writes, costs.write, replicas);
  const reading = onEach('reads', reads, costs.read, quorum);
  const returning = onEach('the return', resumes, costs.read, quorum);
  const quiet = sum(CORES('cores in quiet times'), [commits, hot, writes, reading]);
  const left = rest({ name: 'zones left', unit: 'zones' }, workload.zones, ONE_ZONE);
  const allReading = sum(CORES('reads with the return'), [reading, returning]);
  const onFewer = product(
    CORES('the same as if on all zones'),
    allReading,
    ['x', workload.zones],
    ['/', left],
  );
  const storm = sum(CORES('cores in a storm'), [commits, hot, writes, onFewer]);
  return {
    quiet,
    storm,
    lines: [
      half,
      quorum,
      sweeps,
      reads,
      commits,
      hot,
      writes,
      reading,
      quiet,
      resumes,
      returning,
      left,
      allReading,
      onFewer,
      storm,
    ],
  };
}

/** A quorum: more than half. */
function roundedDownPlusOne(half: Line): Line {
  const whole = { ...half, value: Math.floor(half.value), name: 'half of the replicas, rounded down' };
  return sum({ name: 'replicas asked by a read', unit: 'replicas' }, [whole, ONE]);
}

function storageOf(workload: Workload, costs: Costs) {
  const mean = product({ name: 'mean messages', unit: 'messages/s' }, workload.messages, [
    'x',
    workload.meanShare,
  ]);
  const body = product({ name: 'its body', unit: 'bytes' }, workload.body, ['x', costs.bodyStored]);
  const each = sum({ name: 'disk of a message', unit: 'bytes per message' }, [
    costs.messageStored,
    costs.idStored,
    body,
  ]);
  const daily = product(
    { name: 'one copy of a day', unit: 'TB/day' },
    mean,
    ['x', SECONDS_PER_DAY],
    ['x', each],
    ['/', BYTES_PER_TB],
  );
  const kept = product(
    { name: 'all copies of all that is kept', unit: 'TB' },
    daily,
    ['x', workload.retentionDays],
    ['x', workload.replicas],
  );
  return { kept, lines: [mean, body, each, daily, kept] };
}

import type { Bench } from '../bench.ts';
import { makeGroupLoad } from '../groups.ts';
import { LAG, measureMessages } from '../measure-messages.ts';
import { measureRawCassandra } from '../measure-raw-cassandra.ts';
import { makePairs } from '../pairs.ts';
import type { Figure, Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import { Fleet } from '../servers/fleet.ts';

const SAME_NODE = 'pairs on one node, 100 messages a second';
const TWO_NODES = 'pairs across two nodes, 100 messages a second';
const MANY = '1,000 conversations, closed loop';
const HOT = '50 members who all speak, 60 messages of each under way';
const BODY_BYTES = 200;
const NODES = 2;
/** Loads on the same fleet have numbers of their own: the same ones would be messages that are sent again. */
const PROCESS_NUMBERS = { [SAME_NODE]: 1, [TWO_NODES]: 2, [MANY]: 3, [HOT]: 4 } as const;
const ADDED = 'added by the bus, p99';
const SHARE = 'share of the driver loop';

export const TWO_NODES_SCENARIO: Scenario = {
  name: 'two-nodes',
  title: 'A fleet of two nodes, on Cassandra and Redis',
  what: `Two nodes over one Redis and one node of Cassandra that syncs every write, all on this machine. First 50 pairs, 100 messages of ${BODY_BYTES} bytes a second (open loop): both of a pair on the same node, then each on another one; how much longer a message then takes from its acknowledgement to the other one is what the bus adds. Then 1,000 conversations of two, one message of each under way, beside a loop of the bare driver with the same conditional batches in the same Cassandra. Then one group of 50, all online and speaking, half of them on each node.`,
  goals: [
    { row: TWO_NODES, figure: ADDED, is: 'at most', bar: 10, stretch: 4 },
    { row: MANY, figure: SHARE, is: 'at least', bar: 70, stretch: 100 },
    { row: HOT, figure: 'sends', is: 'at least', bar: 3_000, stretch: 6_000 },
  ],
  limits:
    'Cassandra: one conditional batch for each commit, an fsync each, on the cores that nodes and generator use too; it is still warming up in short runs (64 % of the driver loop in rows of 4 s, 75 % in rows of 8 s). Half of the conversations of a pair on one node are owned by the other, so what the bus adds is little, and may be less than nothing.',
  needs: 'fleet',
  isInAll: true,
  async run(bench) {
    await using fleet = await Fleet.start(NODES, (text) => bench.progress(text));
    return [
      ...(await measureAcross(bench, fleet)),
      ...(await measureMany(bench, fleet)),
      await measureHot(bench, fleet),
    ];
  },
};

async function measureAcross(bench: Bench, fleet: Fleet): Promise<readonly Row[]> {
  const same = await measurePairs(bench, fleet, SAME_NODE);
  const across = await measurePairs(bench, fleet, TWO_NODES);
  const added: Figure = { name: ADDED, value: lagP99(across) - lagP99(same), unit: 'ms' };
  return [same, { ...across, figures: [added, ...across.figures] }];
}

type PairsRow = typeof SAME_NODE | typeof TWO_NODES;

async function measurePairs(bench: Bench, fleet: Fleet, what: PairsRow): Promise<Row> {
  const { devices, lanes } = await makePairs(fleet, bench.size(50, 5), (side) =>
    what === SAME_NODE ? 0 : side,
  );
  const plan = {
    processNumber: PROCESS_NUMBERS[what],
    devices,
    lanes,
    bodyBytes: BODY_BYTES,
    readersEach: 2,
    besides: null,
  };
  const drive = { kind: 'open', perSecond: bench.size(100, 20) } as const;
  const { seconds } = bench;
  return await measureMessages(bench, { what, target: fleet, plans: [plan], drive, seconds, tellsLag: true });
}

async function measureMany(bench: Bench, fleet: Fleet): Promise<readonly Row[]> {
  const conversations = bench.size(1_000, 20);
  bench.progress(`making ${conversations} conversations`);
  const { devices, lanes: bothWays } = await makePairs(fleet, conversations, (side) => side);
  const lanes = bothWays.filter((_, at) => at % 2 === 0);
  const plan = {
    processNumber: PROCESS_NUMBERS[MANY],
    devices,
    lanes,
    bodyBytes: BODY_BYTES,
    readersEach: 2,
    besides: null,
  };
  const drive = { kind: 'closed', window: 1, until: 'accepted' } as const;
  const { seconds, isAlone } = bench;
  const own = await measureMessages(bench, { what: MANY, target: fleet, plans: [plan], drive, seconds });
  if (isAlone) return [own];
  bench.progress('raw-cassandra');
  const address = fleet.cassandraAddress;
  const raw = await measureRawCassandra({ what: MANY, address, conversations, seconds });
  const share: Figure = { name: SHARE, value: (100 * sendsOf(own)) / sendsOf(raw), unit: '%' };
  return [{ ...own, figures: [...own.figures, share] }, raw];
}

async function measureHot(bench: Bench, fleet: Fleet): Promise<Row> {
  const members = bench.size(50, 5);
  const load = await makeGroupLoad(fleet, {
    processNumber: PROCESS_NUMBERS[HOT],
    members,
    speakers: members,
    bodyBytes: BODY_BYTES,
  });
  const drive = { kind: 'closed', window: bench.size(60, 2), until: 'accepted' } as const;
  return await measureMessages(bench, {
    what: HOT,
    target: fleet,
    plans: [load],
    drive,
    seconds: bench.seconds,
  });
}

function lagP99({ latencies }: Row): number {
  return latencies.find(({ name }) => name === LAG)?.p99Ms ?? 0;
}

function sendsOf({ figures }: Row): number {
  return figures.find(({ name }) => name === 'sends')?.value ?? 0;
}

import { constant, type Line, product, type Quantity, rest, sum } from './arithmetic.ts';
import type { Costs } from './measured-costs.ts';
import type { Section } from './section.ts';
import type { Workload } from './workload.ts';

/** What a workload means for each part of the fleet, a second. */
export interface Traffic {
  readonly deliveries: Line;
  readonly receipts: Line;
  readonly readReceipts: Line;
  readonly connects: Line;
  readonly stormConnects: Line;
  readonly commits: Line;
  readonly hotCommits: Line;
  readonly writes: Line;
  /** Without what each gateway process reads by itself. */
  readonly reads: Line;
  readonly resumeReads: Line;
  readonly lookUps: Line;
  readonly section: Section;
}

/** Messages in a commit of a busy conversation: as many as the cost of its commit was measured with. */
const HOT_BATCH = constant('messages of a hot commit', 8, 'messages per commit');
const ONE_DIRECT = constant('members of a direct conversation', 2, 'members');
const HOUR = constant('an hour', 3_600, 's/h');
const MINUTE = constant('a minute', 60, 's/min');
const ONE = constant('the whole', 1, '');

/** Counts what happens each second: sends, deliveries, receipts, connects, and what they ask of the store. */
export function trafficOf(workload: Workload, costs: Costs): Traffic {
  const flow = flowOf(workload);
  const resume = resumeOf(workload, costs);
  const commits = commitsOf(workload);
  const reads = readsOf(workload, costs, { ...flow, commits: commits.all, resumeReads: resume.reads });
  const writes = sum({ name: 'plain writes', unit: 'writes/s' }, [
    { ...workload.messages, name: 'ids' },
    { ...flow.receipts, name: 'delivered' },
    { ...flow.readReceipts, name: 'read' },
  ]);
  return {
    ...flow,
    commits: commits.single,
    hotCommits: commits.hot,
    writes,
    reads: reads.total,
    resumeReads: resume.reads,
    section: {
      title: 'What happens each second',
      lines: [
        flow.deliveries,
        flow.receipts,
        flow.readReceipts,
        flow.connects,
        flow.stormConnects,
        flow.directMembers,
        flow.groupMembers,
        flow.members,
        flow.lookUps,
        commits.ordinary,
        commits.single,
        commits.hot,
        commits.all,
        ...resume.lines,
        ...reads.lines,
        reads.total,
        writes,
      ],
      remarks: [
        'A conversation of two has one message in most of its commits: batching helps only where several people write into one conversation within one commit, so --hot-share is 0 unless you know better.',
        'What is sent while nobody is connected costs no delivery; what is behind is read when its device comes back.',
      ],
    },
  };
}

function flowOf(workload: Workload) {
  const { messages, deliveries: each, connections, groupShare, groupMembers: size } = workload;
  const deliveries = product({ name: 'deliveries', unit: 'deliveries/s' }, messages, ['x', each]);
  const receipts = product({ name: 'receipts', unit: 'receipts/s' }, deliveries, ['x', workload.receipts]);
  const readReceipts = product({ name: 'receipts that say read', unit: 'receipts/s' }, receipts, [
    'x',
    workload.readShare,
  ]);
  const connects = product(
    { name: 'connects in quiet times', unit: 'connects/s' },
    connections,
    ['x', workload.connects],
    ['/', HOUR],
  );
  const stormConnects = product(
    { name: 'connects after the loss of a zone', unit: 'connects/s' },
    connections,
    ['/', workload.zones],
    ['/', workload.reconnectMinutes],
    ['/', MINUTE],
  );
  const direct = rest({ name: 'share of direct messages', unit: '' }, ONE, groupShare);
  const directMembers = product({ name: 'members of direct messages', unit: 'members per message' }, direct, [
    'x',
    ONE_DIRECT,
  ]);
  const groupMembers = product(
    { name: 'members of group messages', unit: 'members per message' },
    groupShare,
    ['x', size],
  );
  const members = sum({ name: 'members of a message', unit: 'members per message' }, [
    directMembers,
    groupMembers,
  ]);
  const lookUps = product({ name: 'users looked up for messages', unit: 'users/s' }, messages, [
    'x',
    members,
  ]);
  return {
    deliveries,
    receipts,
    readReceipts,
    connects,
    stormConnects,
    directMembers,
    groupMembers,
    members,
    lookUps,
  };
}

function commitsOf({ messages, hotShare }: Workload) {
  const ordinary = rest({ name: 'share of other messages', unit: '' }, ONE, hotShare);
  const single = product({ name: 'commits of one message', unit: 'commits/s' }, messages, ['x', ordinary]);
  const hot = product(
    { name: 'commits of hot conversations', unit: 'commits/s' },
    messages,
    ['x', hotShare],
    ['/', HOT_BATCH],
  );
  const all = sum({ name: 'commits', unit: 'commits/s' }, [single, hot]);
  return { ordinary, single, hot, all };
}

/** What one device reads to come level. */
function resumeOf({ conversations, newsShare }: Workload, costs: Costs) {
  const unit = 'reads';
  const list = product({ name: 'reads of the list', unit }, costs.resumeReadsEach, ['x', conversations]);
  const news = product(
    { name: 'reads of the news', unit },
    costs.resumeReadsBehind,
    ['x', conversations],
    ['x', newsShare],
  );
  const reads = sum({ name: 'reads of a resume', unit: 'reads per connect' }, [
    costs.resumeReads,
    list,
    news,
  ]);
  return { reads, lines: [list, news, reads] };
}

interface ReadCauses {
  readonly receipts: Line;
  readonly readReceipts: Line;
  readonly connects: Line;
  readonly commits: Line;
  readonly resumeReads: Line;
}

function readsOf(
  workload: Workload,
  costs: Costs,
  causes: ReadCauses,
): { lines: readonly Line[]; total: Line } {
  const unit = 'reads/s';
  const per = (name: string, first: Quantity, ...others: readonly Quantity[]): Line =>
    product({ name, unit }, first, ...others.map((other) => ['x', other] as const));
  const lines = [
    per('reads of receipts', causes.receipts, costs.deliveredReads),
    per('reads of receipts that say read', causes.readReceipts, costs.readReads),
    per('reads of conversations not open', workload.messages, workload.coldShare, costs.coldReads),
    per('look-ups of ids in long conversations', causes.commits, workload.longShare),
    per('reads of resumes', causes.connects, causes.resumeReads),
  ];
  return { lines, total: sum({ name: 'reads without the sweeps', unit }, lines) };
}

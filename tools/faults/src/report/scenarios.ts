/** Where a file of scenarios runs. */
type Stage = 'one machine' | 'fleet' | 'both';

/** One file of scenarios, as a person chooses it by its name. The titles of its tests say the bounds they keep to. */
export type Scenarios = {
  /** The file's name without `.test.ts`. */
  readonly name: string;
  readonly stage: Stage;
  /** What is broken or asked of the server. */
  readonly breaks: string;
  /** What has to hold all the same. */
  readonly bound: string;
  /** What it needs besides bun, or besides a fleet. */
  readonly needs: string;
};

const NOTHING = '';
const STRACE = 'strace';
const MOUNTS = 'unshare with mounts';
const LEDGER = 'acknowledged = in the log, once, dense, in order, at every device';

function row(name: string, stage: Stage, [breaks, bound, needs = NOTHING]: readonly string[]): Scenarios {
  return { name, stage, breaks: breaks ?? '', bound: bound ?? '', needs };
}

/** All of them, faults first. A test compares this table with the folder. */
export const SCENARIOS: readonly Scenarios[] = [
  row('kill', 'both', ['kill -9 ten times under load', LEDGER]),
  row('power-loss', 'one machine', [
    'the power goes at 500 moments: unsynced writes lost, pages torn, in recovery too',
    'what anybody was told is in the file, which opens, is whole and goes on',
    STRACE,
  ]),
  row('fail-points', 'one machine', [
    'death between commit, acknowledgement and publication; outcomes unknown; envelopes lost or doubled',
    `${LEDGER}; devices told within seconds`,
  ]),
  row('standing-still', 'both', [
    'half-open and never-reading devices; a server stopped for 12 s; a blocked event loop; commits of 2 s',
    `${LEDGER}; found in 66 s, memory bounded`,
  ]),
  row('cut-links', 'both', [
    'links cut at random places, in resumes and history pages; every send three times',
    `${LEDGER}; no reset; level soon after the last cut`,
  ]),
  row('sdk', 'both', ['the SDK over a slow link, cut every second', 'its timeline is the log']),
  row('full-disk', 'one machine', [
    'a disk that is full for a while',
    'sends refused, reads go on, back without a restart',
    MOUNTS,
  ]),
  row('wire-disk', 'one machine', [
    'the order of writes, syncs and answers; a full disk',
    'synced before it is said; refused with a code',
    `${STRACE}, ${MOUNTS}`,
  ]),
  row('data-folder', 'one machine', [
    'a data folder wiped or restored from an older copy',
    'every cursor answered with a reset',
  ]),
  row('stopping', 'one machine', ['SIGTERM, SIGSTOP, a second server', 'ends within 2 s, loses nothing']),
  row('threads', 'one machine', ['several threads behind one port, killed', LEDGER]),
  row('load', 'both', ['twenty senders on two sockets each', LEDGER]),
  row('sends', 'both', [
    'repetitions, conflicts, floods, kills among changes of members',
    'one send is one send',
  ]),
  row('resume', 'both', ['long absences, removals meanwhile, reconnecting under load', 'no hole, no double']),
  row('removal', 'both', ['removal while messages are in flight', 'nothing after the removal, on any path']),
  row('receipts', 'both', ['receipts in any order', 'unread is the formula; watermarks only rise']),
  row('connections', 'both', [
    'silent, stale, revoked and replaced connections',
    'closed in time, with their codes',
  ]),
  row('slow-reader', 'both', ['a device that reads nothing', 'told to sync; the others do not wait']),
  row('transports', 'both', ['three transports at once', 'one log']),
  row('fleet-gateways', 'fleet', ['gateways killed, stopped, restarted', `${LEDGER}; lease + 3 s`]),
  row('fleet-redis', 'fleet', ['Redis killed, emptied, stopped, its subscriptions cut', `${LEDGER}; 3 s`]),
  row('fleet-bus', 'fleet', ['envelopes lost, doubled, reordered', `${LEDGER}; within seconds`]),
  row('fleet-cut-off', 'fleet', ['one gateway cut off from Redis or Cassandra', `${LEDGER}; heals`]),
  row('fleet-commits', 'fleet', ['double ownership; commit outcomes unknown', `${LEDGER}; answered in time`]),
  row('fleet-cassandra', 'fleet', ['Cassandra stands still; a node of three is away', LEDGER]),
  row('fleet-order', 'fleet', [
    'one hot conversation through all gateways',
    'one order, read at once everywhere',
  ]),
  row('bad-frames', 'both', ['frames that are no frames', 'a coded answer; the server goes on']),
  row('bad-requests', 'both', ['requests that are wrong, forged or not allowed', 'a coded answer']),
  row('wire-conversations', 'both', ['the protocol page: conversations', 'as written']),
  row('wire-log', 'both', ['the protocol page: events and sync', 'as written']),
  row('wire-receipts', 'both', ['the protocol page: receipts, mentions, typing', 'as written']),
  row('wire-resume', 'both', ['the protocol page: resume', 'as written']),
  row('wire-sending', 'both', ['the protocol page: sending', 'as written']),
];

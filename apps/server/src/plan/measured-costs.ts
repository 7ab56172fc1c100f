import type { Quantity } from './arithmetic.ts';

/** One number that plans rest on. */
interface MeasuredCost extends Quantity {
  /**
   * `measured`: on the machine that `where` says. `counted`: read off this program's code. `published`: by others.
   * `assumed`: nobody measured it; it is here to be replaced by who can.
   */
  readonly basis: 'measured' | 'counted' | 'published' | 'assumed';
  /** The command that measures it, or the file in which it was counted. */
  readonly where: string;
  /** When. */
  readonly date: string;
  readonly note: string;
}

/** What every plan is made from. */
export type Costs = typeof measuredCosts;

const RING = 'a driver loop like packages/store-cassandra/bench/raw-loop.ts';
const REDIS = 'redis-benchmark, CPU from INFO';
const DATE = '2026-11';

/**
 * All of them, in one place. CPU is time of one core of a 2-core virtual machine, everything on one machine over
 * loopback; on another one only the proportions are likely to hold.
 */
export const measuredCosts = {
  ...gatewayCosts(),
  ...readCounts(),
  ...cassandraCosts(),
  ...redisCosts(),
} as const;

function gatewayCosts() {
  return {
    send: measured('gateway CPU of a durable send on one node', 55, 'us', {
      where: 'npm run bench -- durable-1-to-1',
      note: '100 pairs on SQLite: acknowledgement and one delivery are in it',
    }),
    sendOnFleet: measured('gateway CPU of a send on a fleet', 830, 'us', {
      where: 'npm run bench -- two-nodes',
      note: '100 pairs, three gateways and Cassandra on the same two cores: a conditional batch of one message, its way to the owner for two of three, acknowledgement and one delivery; 138 us each in one hot conversation, 50 deliveries of each included',
    }),
    statement: measured('gateway CPU of a statement to Cassandra', 44, 'us', {
      where: RING,
      note: 'a prepared read or write of one row, through the driver alone; a conditional batch of one message takes 172',
    }),
    delivery: measured('gateway CPU of a delivery on its own', 12, 'us', {
      where: 'a bare Bun server that writes to each socket, 84,000/s on one core',
      note: 'deliveries of one conversation that wait together cost 1.1 us each (measured); most conversations are not that busy',
    }),
    busFrame: measured('gateway CPU of a frame between nodes', 6, 'us', {
      where: 'bun packages/cluster-redis/bench/bus.ts',
      note: 'both ends together, many envelopes under way; a frame alone costs a publish of ioredis, 4 to 5 us, on top',
    }),
    receiptFrame: assumed('gateway CPU of taking a receipt', 10, 'us', {
      where: 'no command yet',
      note: 'parsing, checking and answering, without the store',
    }),
    connect: measured('gateway CPU of connect, authenticate, ready', 140, 'us', {
      where: 'npm run bench -- connect-rate',
      note: 'new users on SQLite; known ones 40 us; TLS is not in it',
    }),
    idle: published('gateway CPU of an idle connection', 3, 'us/s', {
      where: 'Centrifugo: 2.3 to 4.7 us/s',
      note: 'a ping and its answer every 25 s; not measured for Confab',
    }),
    ownership: measured('gateway CPU of weighing one node as an owner', 0.7, 'us', {
      where: 'SHA-256 of 40 bytes under Bun',
      note: 'every node is weighed when a conversation is met anew (packages/core/src/log/owners.ts)',
    }),
    connectionMemory: measured('memory of an idle connection', 4_096, 'bytes', {
      where: 'npm run bench -- idle-density',
      note: '5,000 connections, resident memory of the process',
    }),
    socketMemory: measured('kernel memory of a socket', 3_900, 'bytes', {
      where: 'slab counters over 30,000 sockets',
      note: 'outside the process; buffers of busy sockets come on top',
    }),
  } as const;
}

/** What the code asks of the store, statement by statement. */
function readCounts() {
  return {
    resumeReads: counted('reads of a resume, whatever it resumes', 3, 'reads', {
      where: 'packages/core/src/sync/resume.ts',
      note: 'own log, list of memberships, and that list once more',
    }),
    resumeReadsEach: counted('reads of a resume for each conversation', 7, 'reads per conversation', {
      where: 'packages/core/src/sync/resume.ts, conversations/summaries.ts',
      note: 'head, title, own and other cursor, other user; then head and membership for its cursor',
    }),
    resumeReadsBehind: counted('further reads of a conversation with news', 4, 'reads per conversation', {
      where: 'packages/core/src/sync/resume.ts',
      note: 'the event of the cursor, those after it, own messages and mentions above the floor',
    }),
    deliveredReads: counted('reads of a receipt', 3, 'reads', {
      where: 'packages/core/src/receipts/receipts.ts',
      note: 'membership, head, and whom to tell',
    }),
    readReads: counted('further reads of a receipt that says read', 4, 'reads', {
      where: 'packages/core/src/receipts/receipts.ts',
      note: "membership, head, cursor and own messages, for the user's other devices",
    }),
    coldReads: counted('reads to open a conversation for writing', 5, 'reads', {
      where: 'packages/core/src/log/state-loader.ts',
      note: 'head, watermark twice, title, members; a node keeps 10,000 conversations open',
    }),
    sweepReads: counted('reads of a quiet sweep for lost envelopes', 20, 'reads/s per process', {
      where: 'packages/core/src/delivery/loss-sweep.ts',
      note: 'every node, always',
    }),
  } as const;
}

function cassandraCosts() {
  return {
    commit: measured('Cassandra CPU of a conditional batch of one message', 1_815, 'us per replica', {
      where: RING,
      note: 'CPU of the Java process; Cassandra 5, Paxos v2, synced before the answer, 64 at once over 2,000 conversations, one replica',
    }),
    hotCommit: measured('Cassandra CPU of a conditional batch of 8', 3_272, 'us per replica', {
      where: RING,
      note: 'as above',
    }),
    write: measured('Cassandra CPU of a plain write', 160, 'us per replica', {
      where: RING,
      note: 'CPU of the Java process; one row, synced before the answer',
    }),
    read: measured('Cassandra CPU of a read', 80, 'us per replica', {
      where: RING,
      note: 'CPU of the Java process; the head of a conversation, in memory; from a disk it is slower',
    }),
    coordination: assumed('what replicas spend on each other', 1.4, '', {
      where: 'no command yet',
      note: 'messages between replicas are not in the costs of one node; three nodes, just started and overloaded on two cores, spent 1.35 times as much each',
    }),
    messageStored: measured('disk of a message without its body', 220, 'bytes', {
      where: RING,
      note: 'files after a flush: 337 bytes with 200 bytes of body, 100 messages a conversation',
    }),
    idStored: assumed('disk of an id that is kept for ever', 70, 'bytes', {
      where: 'no command yet',
      note: 'user and client id once more, by conversation: they do not compress',
    }),
    bodyStored: assumed('disk of a byte of a body', 0.6, 'bytes', {
      where: RING,
      note: 'English prose under LZ4; what is compressed already takes 1. Only one length was measured, so how the two share it is a guess',
    }),
    commitMedian: measured('median of a commit, alone', 3.1, 'ms', {
      where: RING,
      note: 'one node, synced before the answer; 14.7 ms with 200 messages in the batch',
    }),
  } as const;
}

function redisCosts() {
  return {
    publish: published('Redis CPU of a frame published to one node', 1.54, 'us', {
      where: '650,000 deliveries/s of one server, Centrifugo',
      note: `here 667,000/s of 700 bytes with 16 in a pipeline, and 9.5 us each where nothing is pipelined (${REDIS})`,
    }),
    lookUp: measured('Redis CPU of looking up a user', 1.3, 'us', { where: REDIS, note: 'HVALS of one row' }),
    checkUp: measured('Redis CPU of checking a look-up', 0.9, 'us', {
      where: REDIS,
      note: 'MGET of generation and changes, one for each look-up of members',
    }),
    row: measured('Redis CPU of writing a row', 3.4, 'us', { where: REDIS, note: 'HSET and EXPIRE' }),
    rowMemory: measured('Redis memory of a connection', 225, 'bytes', {
      where: 'redis-benchmark, used_memory for 500,000 users',
      note: 'a hash of one field for each user, with an expiry',
    }),
    lease: measured('Redis CPU of one lease in a poll', 1.3, 'us', {
      where: REDIS,
      note: 'each node reads the leases of all every second',
    }),
    beats: counted('beats of a link in use', 2.5, 'frames/s', {
      where: 'packages/cluster-redis/src/settings.ts',
      note: 'one every 400 ms from each node to each other',
    }),
    rowRefresh: counted('time between two refreshes of a row', 21_600, 's', {
      where: 'packages/cluster-redis/src/settings.ts',
      note: '',
    }),
  } as const;
}

interface Source {
  readonly where: string;
  readonly note: string;
}

function measured(name: string, value: number, unit: string, source: Source): MeasuredCost {
  return { name, value, unit, basis: 'measured', date: DATE, ...source };
}

function counted(name: string, value: number, unit: string, source: Source): MeasuredCost {
  return { name, value, unit, basis: 'counted', date: DATE, ...source };
}

function published(name: string, value: number, unit: string, source: Source): MeasuredCost {
  return { name, value, unit, basis: 'published', date: DATE, ...source };
}

function assumed(name: string, value: number, unit: string, source: Source): MeasuredCost {
  return { name, value, unit, basis: 'assumed', date: DATE, ...source };
}

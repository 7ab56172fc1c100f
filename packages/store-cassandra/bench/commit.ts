/**
 * How fast commits are, beside the bare driver with the same conditional batches, in turns of the same run:
 *
 *   CONFAB_TEST_CASSANDRA=host:port bun packages/store-cassandra/bench/commit.ts [seconds of each scenario, 6 by default]
 *
 * Bodies of 200 bytes. Works in a keyspace of its own, which it drops.
 */
import type { CommitRequest } from '@confab/contracts';
import { createCassandraStore } from '../src/open-cassandra-store.ts';
import { BUCKET_EVENTS } from '../src/log/buckets.ts';
import { dropTestKeyspace, testKeyspace, testNode } from '../src/testing/test-keyspace.ts';
import { commitRequests } from './commit-requests.ts';
import { RawLoop } from './raw-loop.ts';

const SCENARIO_SECONDS_DEFAULT = 6;
const ROUNDS = 6;

interface Scenario {
  readonly name: string;
  readonly conversations: number;
  readonly inFlight: number;
  readonly eventsPerCommit: number;
}

const scenarios: readonly Scenario[] = [
  { name: '1 conversation, batches of 1', conversations: 1, inFlight: 1, eventsPerCommit: 1 },
  { name: '1 conversation, batches of 8', conversations: 1, inFlight: 1, eventsPerCommit: 8 },
  { name: '1 conversation, batches of 64', conversations: 1, inFlight: 1, eventsPerCommit: 64 },
  { name: '1 conversation, batches of 200', conversations: 1, inFlight: 1, eventsPerCommit: 200 },
  { name: '1,000 conversations, 64 in flight', conversations: 1_000, inFlight: 64, eventsPerCommit: 1 },
  { name: '1,000 conversations, 250 in flight', conversations: 1_000, inFlight: 250, eventsPerCommit: 1 },
];

type Commit = (request: CommitRequest) => Promise<void>;

interface Measured {
  events: number;
  elapsedMs: number;
  cpuMicros: number;
  readonly latenciesMs: number[];
}

const seconds = Number(process.argv[2] ?? SCENARIO_SECONDS_DEFAULT);

if (testNode === undefined) throw new Error('CONFAB_TEST_CASSANDRA must name a node as host:port');
const keyspace = await testKeyspace();
const store = createCassandraStore(await keyspace.openSession(), BUCKET_EVENTS);
const raw = new RawLoop(testNode, keyspace.connection.localDataCenter, keyspace.name);
try {
  for (const scenario of scenarios) await runScenario(scenario);
} finally {
  await raw.close();
  await store.close();
  await dropTestKeyspace();
}

async function commitToStore(request: CommitRequest): Promise<void> {
  for (;;) {
    const { kind } = await store.log.commit(request);
    if (kind === 'committed' || kind === 'duplicates') return;
    // A busy node times out now and then; as a writer would, the same is sent again.
    if (kind !== 'unknown') throw new Error(kind);
  }
}

async function commitToDriver(request: CommitRequest): Promise<void> {
  await raw.commit(request);
}

async function runScenario(scenario: Scenario): Promise<void> {
  const sides = [commitToStore, commitToDriver].map((commit) => ({
    commit,
    nextRequest: commitRequests(scenario.eventsPerCommit, (head) => store.log.room(head)),
    measured: { events: 0, elapsedMs: 0, cpuMicros: 0, latenciesMs: [] } satisfies Measured,
  }));
  // The first commit of a conversation makes it, which is not what is measured.
  for (const side of sides) await everyConversation(scenario, (at) => side.commit(side.nextRequest(at)));
  const roundMs = (seconds * 1_000) / ROUNDS / sides.length;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of sides) await measure({ ...side, scenario, roundMs });
  }
  const [own, bare] = sides;
  if (own !== undefined && bare !== undefined) print(scenario, own.measured, bare.measured);
}

interface Side {
  readonly commit: Commit;
  readonly nextRequest: (conversation: number) => CommitRequest;
  readonly measured: Measured;
  readonly scenario: Scenario;
  readonly roundMs: number;
}

async function measure({ commit, nextRequest, measured, scenario, roundMs }: Side): Promise<void> {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const work = async (worker: number): Promise<void> => {
    // Each keeps to conversations of its own, as a writer for each conversation would.
    for (let at = worker; performance.now() < startedAt + roundMs; at += scenario.inFlight) {
      const request = nextRequest(at % scenario.conversations);
      const sentAt = performance.now();
      await commit(request);
      measured.latenciesMs.push(performance.now() - sentAt);
      measured.events += request.events.length;
    }
  };
  await Promise.all(Array.from({ length: scenario.inFlight }, (_, worker) => work(worker)));
  const cpu = process.cpuUsage(cpuBefore);
  measured.cpuMicros += cpu.user + cpu.system;
  measured.elapsedMs += performance.now() - startedAt;
}

async function everyConversation(
  { conversations, inFlight }: Scenario,
  action: (conversation: number) => Promise<void>,
): Promise<void> {
  const work = async (worker: number): Promise<void> => {
    for (let at = worker; at < conversations; at += inFlight) await action(at);
  };
  await Promise.all(Array.from({ length: inFlight }, (_, worker) => work(worker)));
}

function print({ name }: Scenario, own: Measured, bare: Measured): void {
  const ratio = (rateOf(own) / rateOf(bare)).toFixed(2);
  process.stdout.write(
    `${name.padEnd(36)} ${textOf(own)}  ${ratio} of the bare driver's ${textOf(bare).trim()}\n`,
  );
}

function rateOf({ events, elapsedMs }: Measured): number {
  return events / (elapsedMs / 1_000);
}

function textOf(measured: Measured): string {
  const { latenciesMs, cpuMicros, events } = measured;
  const sorted = latenciesMs.toSorted((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1);
  const rate = `${Math.round(rateOf(measured))} events/s`.padStart(14);
  return `${rate} p50 ${at(0.5)} p99 ${at(0.99)} ms ${(cpuMicros / events).toFixed(0)} us CPU/event`;
}

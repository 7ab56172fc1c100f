/**
 * How many commits a second the bare driver gets into Cassandra, one event each, for benches that compare with it:
 *
 *   CONFAB_TEST_CASSANDRA=host:port bun packages/store-cassandra/bench/raw-rate.ts CONVERSATIONS IN_FLIGHT SECONDS
 *
 * Prints `{"eventsPerSecond", "processorUsPerEvent"}`. Works in a keyspace of its own, which it drops.
 */
import { BUCKET_EVENTS } from '../src/log/buckets.ts';
import { dropTestKeyspace, testKeyspace, testNode } from '../src/testing/test-keyspace.ts';
import { commitRequests } from './commit-requests.ts';
import { RawLoop } from './raw-loop.ts';

const [wanted = 1_000, inFlight = 250, seconds = 6] = process.argv.slice(2).map(Number);
const workers = Math.min(inFlight, wanted);
/** As many for each worker: nobody else's commit may move the head that a worker expects. */
const conversations = wanted - (wanted % workers);

if (testNode === undefined) throw new Error('CONFAB_TEST_CASSANDRA must name a node as host:port');
const keyspace = await testKeyspace();
const raw = new RawLoop(testNode, keyspace.connection.localDataCenter, keyspace.name);
try {
  const nextRequest = commitRequests(1, (head) => BUCKET_EVENTS - (head % BUCKET_EVENTS));
  // The first commit of a conversation makes it, which is not what is measured.
  await rounds((at) => at < conversations);
  const cpuBefore = process.cpuUsage();
  const fromMs = performance.now();
  const events = await rounds(() => performance.now() - fromMs < seconds * 1_000);
  const { user, system } = process.cpuUsage(cpuBefore);
  const eventsPerSecond = events / ((performance.now() - fromMs) / 1_000);
  process.stdout.write(
    `${JSON.stringify({ eventsPerSecond, processorUsPerEvent: (user + system) / events })}\n`,
  );

  /** All workers at once, each in conversations of its own, for as long as it goes on. */
  async function rounds(goesOn: (at: number) => boolean): Promise<number> {
    let done = 0;
    const work = async (worker: number): Promise<void> => {
      for (let at = worker; goesOn(at); at += workers) {
        await raw.commit(nextRequest(at % conversations));
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
    return done;
  }
} finally {
  await raw.close();
  await dropTestKeyspace();
}

import { join } from 'node:path';
import type { Row } from './row.ts';

const SCRIPT = join(import.meta.dir, '../../../packages/store-cassandra/bench/raw-rate.ts');
const IN_FLIGHT = 250;

export type RawCassandraRun = {
  /** `what` of the row. */
  readonly what: string;
  /** `host:port` */
  readonly address: string;
  readonly conversations: number;
  readonly seconds: number;
};

/** What the bare driver gets into the same Cassandra, with the same conditional batches: the limit of the store. */
export async function measureRawCassandra(run: RawCassandraRun): Promise<Row> {
  const { what, address, conversations, seconds } = run;
  const words = [conversations, IN_FLIGHT, seconds].map(String);
  const child = Bun.spawn([process.execPath, SCRIPT, ...words], {
    env: { ...process.env, CONFAB_TEST_CASSANDRA: address },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const text = await new Response(child.stdout).text();
  // Once it has said its speed, what comes after does not matter: that a busy Cassandra drops its keyspace too late.
  if (text === '') throw new Error('the raw loop of the driver failed');
  const speed = JSON.parse(text) as {
    readonly eventsPerSecond: number;
    readonly processorUsPerEvent: number;
  };
  const figures = [
    { name: 'sends', value: speed.eventsPerSecond, unit: '/s' },
    { name: 'server CPU of a send', value: speed.processorUsPerEvent, unit: 'us' },
  ];
  return { what, subject: 'raw-cassandra', figures, latencies: [], memory: [], broken: [] };
}

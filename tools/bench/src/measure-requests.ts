import type { Bench } from './bench.ts';
import { figuresOf } from './figures.ts';
import { summaryOf } from './load/latency-recorder.ts';
import type { RequestPlan } from './load/request-load.ts';
import type { Row } from './row.ts';
import { firstUrlOf, type Target } from './servers/target.ts';

export type RequestRun = {
  /** `what` of the row. */
  readonly what: string;
  readonly target: Target;
  readonly requests: readonly RequestPlan[];
  /** Connections over which they are asked. */
  readonly lanes: number;
  /** Null: each connection asks again as soon as it was answered. */
  readonly perSecond: number | null;
  /** The measured time. */
  readonly seconds: number;
};

/** Asks over HTTP for the measured time and gives the row; every answer is checked. */
export async function measureRequests(bench: Bench, run: RequestRun): Promise<Row> {
  const { what, target, requests, lanes, perSecond, seconds } = run;
  await using load = await bench.startLoad('requests', { url: firstUrlOf(target), lanes, requests });
  await load.call('open');
  bench.progress(`${target.subject}: pages, ${what}`);
  await load.call('ask', { perSecond, forMs: bench.warmUpSeconds * 1_000 });
  using meter = bench.meter(target.pids);
  const { answered, latency, mistakes, processorUs } = await load.call('ask', {
    perSecond,
    forMs: seconds * 1_000,
  });
  const usage = meter.read();
  const answers = summaryOf('answer', [latency]);
  await load.call('close');
  return {
    what,
    subject: target.subject,
    figures: [
      { name: 'requests', value: answered / usage.seconds, unit: '/s' },
      { name: 'server CPU of a request', value: usage.processorUs / answered, unit: 'us' },
      { name: 'server CPU', value: usage.cores, unit: 'cores' },
      { name: 'generator CPU', value: processorUs / 1e6 / usage.seconds, unit: 'cores' },
      ...figuresOf(answers),
    ],
    latencies: [answers],
    memory: usage.memory,
    broken: mistakes,
  };
}

import type { Bench } from '../bench.ts';
import { measureEach } from '../measure-each.ts';
import { measureMessages } from '../measure-messages.ts';
import { makePairs } from '../pairs.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const WHAT = '1,000 messages a second over 1,000 connections';
const BODY_BYTES = 200;
const PER_SECOND = 1_000;

export const DURABLE_1_TO_1_PACED: Scenario = {
  name: 'durable-1-to-1-paced',
  title: 'Durable messages between two, at 1,000 a second',
  what: `1,000 devices in 500 pairs; ${PER_SECOND} messages of ${BODY_BYTES} bytes a second over all of them in turn, at times that are independent of each other and of any answer (open loop). A delivery is to either of the pair.`,
  goals: [
    { row: WHAT, figure: 'ack p99', is: 'at most', bar: 15, stretch: 8 },
    { row: WHAT, figure: 'delivery p99', is: 'at most', bar: 15, stretch: 8 },
  ],
  limits:
    'At this rate a commit carries a few messages: what is left is the time of one fsync, and who else wants the processor.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const baselines = ['bare-bun', 'by-hand-bun', 'by-hand-node'] as const;
    const options = { baselines, settings: {}, preloads: [] };
    return await measureEach(bench, options, async (target) => [await measure(bench, target)]);
  },
};

async function measure(bench: Bench, target: Target): Promise<Row> {
  const { devices, lanes } = await makePairs(target, bench.size(500, 5));
  const plan = { processNumber: 1, devices, lanes, bodyBytes: BODY_BYTES, readersEach: 2, besides: null };
  const drive = { kind: 'open', perSecond: bench.size(PER_SECOND, 100) } as const;
  return await measureMessages(bench, { what: WHAT, target, plans: [plan], drive, seconds: bench.seconds });
}

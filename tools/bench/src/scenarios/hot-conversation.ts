import type { Bench } from '../bench.ts';
import { makeGroupLoad } from '../groups.ts';
import { measureEach } from '../measure-each.ts';
import { measureMessages } from '../measure-messages.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const WHAT = '50 members who all speak, 20 messages of each under way';
const BODY_BYTES = 200;

export const HOT_CONVERSATION: Scenario = {
  name: 'hot-conversation',
  title: 'One hot conversation',
  what: `A group of 50, all online and all speaking: each keeps 20 messages of ${BODY_BYTES} bytes unacknowledged, and each message is delivered to all 50. Each gets its place in one order, durably, before it is acknowledged.`,
  goals: [{ row: WHAT, figure: 'sends', is: 'at least', bar: 5_000, stretch: 10_000 }],
  limits: 'The writer of one conversation decides on one thread; a commit carries up to 256 events.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const baselines = ['by-hand-bun', 'by-hand-bun-grouped'] as const;
    const options = { baselines, settings: {}, preloads: [] };
    return await measureEach(bench, options, async (target) => [await measure(bench, target)]);
  },
};

async function measure(bench: Bench, target: Target): Promise<Row> {
  const members = bench.size(50, 5);
  const load = await makeGroupLoad(target, {
    processNumber: 1,
    members,
    speakers: members,
    bodyBytes: BODY_BYTES,
  });
  const drive = { kind: 'closed', window: bench.size(20, 2), until: 'accepted' } as const;
  return await measureMessages(bench, { what: WHAT, target, plans: [load], drive, seconds: bench.seconds });
}

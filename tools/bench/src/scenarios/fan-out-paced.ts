import type { Bench } from '../bench.ts';
import { makeGroupLoad } from '../groups.ts';
import { measureEach } from '../measure-each.ts';
import { measureMessages } from '../measure-messages.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const WHAT = '5,000 members, 8 messages a second';
const BODY_BYTES = 200;
const PER_SECOND = 8;

export const FAN_OUT_PACED: Scenario = {
  name: 'fan-out-paced',
  title: 'One message to 5,000, eight times a second',
  what: `A group of 5,000 members, all online; ${PER_SECOND} of them speak, together ${PER_SECOND} messages of ${BODY_BYTES} bytes a second (open loop): 40,000 deliveries a second. The last delivery is that to the last of the 5,000.`,
  goals: [{ row: WHAT, figure: 'last delivery p99', is: 'at most', bar: 100, stretch: 60 }],
  limits:
    'One write to the system for each reader and message, for at this pace few messages meet in one: 79 % of the time of the serving thread is `sendto`, some 8 us each (perf record), so a message takes 45 ms on one thread. What comes meanwhile for a few goes between, and a second message meets the first in the sockets that are still to be written.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = { baselines: ['bare-bun', 'by-hand-bun'] as const, settings: {}, preloads: [] };
    return await measureEach(bench, options, async (target) => [await measure(bench, target)]);
  },
};

async function measure(bench: Bench, target: Target): Promise<Row> {
  const members = bench.size(5_000, 120);
  const load = await makeGroupLoad(target, {
    processNumber: 1,
    members,
    speakers: PER_SECOND,
    bodyBytes: BODY_BYTES,
  });
  const drive = { kind: 'open', perSecond: PER_SECOND } as const;
  return await measureMessages(bench, { what: WHAT, target, plans: [load], drive, seconds: bench.seconds });
}

import type { Bench } from '../bench.ts';
import { makeGroupLoad } from '../groups.ts';
import { measureEach } from '../measure-each.ts';
import { measureMessages } from '../measure-messages.ts';
import type { Row } from '../row.ts';
import type { Scenario } from '../scenario.ts';
import type { Target } from '../servers/target.ts';

const TO_1000 = 'to 1,000 members';
const TO_5000 = 'to 5,000 members';
const BODY_BYTES = 200;

export const FAN_OUT: Scenario = {
  name: 'fan-out',
  title: 'One message to many, as fast as they go',
  what: `A group of 1,000, then of 5,000 members, all online. One of them speaks: four messages of ${BODY_BYTES} bytes are always under way, each until every member has it. The bare server publishes to all its sockets and keeps nothing.`,
  goals: [
    { row: TO_1000, figure: 'deliveries of a core', is: 'at least', bar: 150_000, stretch: 300_000 },
    { row: TO_5000, figure: 'deliveries of a core', is: 'at least', bar: 150_000, stretch: 300_000 },
  ],
  limits:
    'Writes to the system, one for each reader in which all that waits goes together: the more messages are under way, the fewer writes for each.',
  needs: 'nothing',
  isInAll: true,
  async run(bench) {
    const options = { baselines: ['bare-bun', 'by-hand-bun'] as const, settings: {}, preloads: [] };
    const withNode = { ...options, baselines: [...options.baselines, 'by-hand-node'] as const };
    const small = await measureEach(bench, withNode, async (target) => [
      await measure(bench, target, { what: TO_1000, members: bench.size(1_000, 20) }),
    ]);
    const large = await measureEach(bench, options, async (target) => [
      await measure(bench, target, { what: TO_5000, members: bench.size(5_000, 120) }),
    ]);
    return [...small, ...large];
  },
};

async function measure(
  bench: Bench,
  target: Target,
  { what, members }: { readonly what: string; readonly members: number },
): Promise<Row> {
  const load = await makeGroupLoad(target, {
    processNumber: 1,
    members,
    speakers: 1,
    bodyBytes: BODY_BYTES,
  });
  const drive = { kind: 'closed', window: 4, until: 'delivered' } as const;
  return await measureMessages(bench, { what, target, plans: [load], drive, seconds: bench.seconds });
}

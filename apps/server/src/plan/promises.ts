import { constant, product, type Quantity, rest, sum } from './arithmetic.ts';
import type { Costs } from './measured-costs.ts';
import type { Section } from './section.ts';
import type { Workload } from './workload.ts';

const DAY = constant('a day', 86_400, 's/day');
const ONE = constant('all sends', 1, '');
const TARGET = constant('sends acknowledged within 1 s', 0.9999, '');
const TWO = constant('half', 2, '');
const MINUTE = constant('a minute', 60, 's/min');
/** How long a request to a dead owner is waited for, and how long until every node knows it is dead. */
const OWNER_WAIT = constant('lease of a node', 10, 's');

const ms = (name: string, value: number): Quantity => constant(name, value, 'ms');
const P99 = [
  ms('gateway', 5),
  ms('queue of the writer', 5),
  ms('commit', 40),
  ms('registry and bus', 10),
  ms('socket', 40),
] as const;

/** What the fleet has to keep, what a loss takes of it, and what was measured towards it. */
export function promisesOf(
  { reconnectMinutes, headroom }: Workload,
  { commitMedian }: Costs,
  gateways: Quantity,
): Section {
  const budget = sum({ name: 'budget of the 99th percentile, send to delivery', unit: 'ms' }, P99);
  const missed = rest({ name: 'sends that may take longer', unit: '' }, ONE, TARGET);
  const perDay = product({ name: 'that is, of all sends', unit: 's/day' }, missed, ['x', DAY]);
  const away = product(
    { name: 'mean time a device of a lost gateway is away', unit: 's' },
    reconnectMinutes,
    ['x', MINUTE],
    ['/', TWO],
  );
  const waited = sum({ name: 'seconds of its share of sends', unit: 's' }, [away, OWNER_WAIT]);
  const loss = product({ name: 'what the loss of one gateway takes', unit: 's' }, waited, ['/', gateways]);
  const losses = product({ name: 'losses of a gateway the target bears', unit: 'losses/day' }, perDay, [
    '/',
    loss,
  ]);
  return {
    title: 'The target: 99.99 % of sends acknowledged within 1 s',
    lines: [budget, missed, perDay, away, waited, loss, losses],
    remarks: [
      `A commit alone took ${commitMedian.value} ms in the median on one node; replicas in other zones add a round trip or two of theirs. The budget is a target at ${headroom.value * 100} % of a core, not a measurement of a fleet.`,
      'While a device is away its sends wait on the device and are late, not lost. A send that waits for a dead owner is taken over by another node after 2 s; a loss counts until all nodes know, which is the worst case.',
      'A lost zone takes its whole share of the sends until its devices are back: one such loss is over the budget of a day.',
    ],
  };
}

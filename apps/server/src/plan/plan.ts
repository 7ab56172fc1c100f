import type { Quantity } from './arithmetic.ts';
import { cassandraFor } from './cassandra.ts';
import { gatewaysFor } from './gateways.ts';
import type { Costs } from './measured-costs.ts';
import { networkOf } from './network.ts';
import { PlanError } from './plan-error.ts';
import { promisesOf } from './promises.ts';
import { type RedisSection, redisFor } from './redis.ts';
import type { Section, SizedSection } from './section.ts';
import { trafficOf } from './traffic.ts';
import type { Workload } from './workload.ts';

/** A fleet for a workload, with the arithmetic that leads to it. */
export interface Plan {
  readonly workload: Workload;
  readonly traffic: Section;
  readonly gateways: SizedSection;
  readonly cassandra: SizedSection;
  readonly redis: RedisSection;
  readonly network: Section;
  readonly promises: Section;
  /**
   * Whether what is built carries it, which the one Redis decides: of all else there can be more. `tight`: it has the
   * core for it, but not the headroom.
   */
  readonly verdict: 'fits' | 'tight' | 'too_large';
  /** The share of this workload that one Redis carries at the planned share of its core; 1 where it carries all. */
  readonly carriedShare: number;
  /** What gives way as the load grows on this fleet, the first first. */
  readonly limits: readonly Limit[];
}

/** How many times the load may be before something is full. */
export interface Limit {
  readonly what: string;
  readonly times: number;
}

/** Works out a fleet. Pure. Throws a `PlanError` where no number of gateways would do. */
export function planOf(workload: Workload, costs: Costs): Plan {
  const traffic = trafficOf(workload, costs);
  const gateways = gatewaysFor(workload, costs, traffic);
  if (!Number.isFinite(gateways.count.value)) throw new PlanError([NO_FLEET]);
  const fleet = { traffic, gateways: gateways.count };
  const cassandra = cassandraFor(workload, costs, fleet);
  const redis = redisFor(workload, costs, fleet);
  return {
    workload,
    traffic: traffic.section,
    gateways,
    cassandra,
    redis,
    network: networkOf(workload, traffic, { gateways: gateways.count, redis }),
    promises: promisesOf(workload, costs, gateways.count),
    verdict: verdictOf(redis.load.value, workload.headroom.value),
    carriedShare: Math.min(1, growthOf(redis, workload.headroom.value)),
    limits: [
      { what: 'Redis by CPU', times: growthOf(redis, 1) },
      ...limitsOf(gateways),
      ...limitsOf(cassandra),
    ].sort((one, other) => one.times - other.times),
  };
}

const NO_FLEET = {
  code: 'no_fleet',
  text: 'No number of gateways carries this: weighing who owns what takes all there is of each.',
} as const;

function verdictOf(cores: number, headroom: number): Plan['verdict'] {
  if (cores <= headroom) return 'fits';
  return cores <= 1 ? 'tight' : 'too_large';
}

function limitsOf({ count, needs }: SizedSection): readonly Limit[] {
  return needs
    .filter(({ by }) => by !== 'by replicas')
    .map(({ by, line, share }) => ({ what: `${count.name} ${by}`, times: timesOf(count, line, share) }));
}

/** A whole number of machines is a little more than was asked for; a share of each was left free besides. */
function timesOf(count: Quantity, need: Quantity, share: number): number {
  return need.value === 0 ? Number.POSITIVE_INFINITY : count.value / need.value / share;
}

/**
 * How many times the workload fills so much of Redis' core, with a fleet that grows along: what nodes cost each other
 * grows with its square.
 */
function growthOf({ load, nodeLoad }: RedisSection, cores: number): number {
  const linear = load.value - nodeLoad.value;
  const square = nodeLoad.value;
  if (square === 0) return cores / linear;
  return (Math.sqrt(linear ** 2 + 4 * square * cores) - linear) / (2 * square);
}

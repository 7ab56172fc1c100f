import { deliveryTiers, type DeliveryTier } from '@confab/conversation';
import type { TransportKind } from '@confab/client';
import { SeededRandom } from '../../seeded-random.ts';
import { type FaultName, faultNames, machineFaultNames } from './fault-names.ts';

/** What a seed makes of a world before anything happens in it. */
export interface WorldPlan {
  readonly seed: number;
  /** One process with its store inside, or nodes over a store and a Redis of their own. */
  readonly kind: 'machine' | 'fleet';
  readonly nodes: number;
  readonly users: number;
  readonly devices: number;
  readonly tiers: readonly DeliveryTier[];
  readonly bucketEvents: number;
  readonly hasRateLimits: boolean;
  readonly accessTokenMs: number;
  /** Bodies are at least this long. */
  readonly bodyCharacters: number;
  readonly windowBytes: number;
  readonly transports: readonly TransportKind[];
  /** How long things go wrong. */
  readonly stormMs: number;
  /** Between two actions of users, on average. */
  readonly actionEveryMs: number;
  /** Between two faults, on average. */
  readonly faultEveryMs: number;
  /** What goes wrong in this world; each has a few only, since too many at once hide one another. */
  readonly faults: readonly FaultName[];
}

const [DIRECT, SMALL, LARGE, HUGE] = deliveryTiers;
/** As they are; with a group of any size delivered to followers, or told of by ticks; and with a tier for every size. */
const TIERS: readonly (readonly DeliveryTier[])[] = [
  deliveryTiers,
  ...(['followers', 'ticks'] as const).map((delivery) =>
    deliveryTiers.map((tier) => (tier.type === 'group' ? { ...tier, delivery } : tier)),
  ),
  [DIRECT, sized(SMALL, 2), sized(LARGE, 3), HUGE].filter((tier) => tier !== undefined),
];
/** Every so many worlds one has dozens of devices. */
const LARGE_EVERY = 40;
const MINUTE_MS = 60_000;

export function planOf(seed: number): WorldPlan {
  const random = new SeededRandom(seed ^ 0x51ed270b);
  const kind = random.chance(0.25) ? 'machine' : 'fleet';
  const isLarge = seed % LARGE_EVERY === 0;
  const isFat = !isLarge && random.chance(0.06);
  const stormMs = 20_000 + random.below(25_000);
  return {
    seed,
    kind,
    nodes: kind === 'machine' ? 1 : 2 + random.below(2),
    users: isLarge ? 8 + random.below(5) : 3 + random.below(2),
    devices: isLarge ? 24 + random.below(12) : 5 + random.below(4),
    tiers: random.pick(TIERS),
    bucketEvents: random.pick([7, 20, 1_000]),
    hasRateLimits: random.chance(0.1),
    accessTokenMs: random.chance(0.2) ? MINUTE_MS : 60 * MINUTE_MS,
    bodyCharacters: isFat ? 60_000 : 0,
    windowBytes: random.pick([2_000, 16_000, 64_000]),
    transports: random.chance(0.3) ? ['websocket', 'stream', 'poll'] : ['websocket'],
    stormMs,
    actionEveryMs: isLarge ? 100 : 150 + random.below(250),
    faultEveryMs: 800 + random.below(4_000),
    faults: [
      ...someOf(kind === 'machine' ? machineFaultNames : faultNames, random),
      // What is too much for a slow reader is the point of large bodies.
      ...(isFat ? (['slow reader'] as const) : []),
    ],
  };
}

function someOf(names: readonly FaultName[], random: SeededRandom): readonly FaultName[] {
  const share = random.pick([0.15, 0.35, 0.7]);
  const some = names.filter(() => random.chance(share));
  return some.length === 0 ? [random.pick(names)] : some;
}

function sized(tier: DeliveryTier | undefined, membersMax: number): DeliveryTier | undefined {
  return tier === undefined ? undefined : { ...tier, membersMax };
}

import type { SeededRandom } from '../../seeded-random.ts';
import { CALM_REDIS, type RedisWeather } from '../infrastructure/redis-weather.ts';
import { CALM_STORE, type StoreWeather } from '../infrastructure/store-weather.ts';
import { CALM_NET, type NetWeather } from '../network/net-weather.ts';
import type { WorldPlan } from './world-plan.ts';

/** On a good day: things take as long as they take, and nothing is lost. */
export interface Weather {
  readonly net: NetWeather;
  readonly store: StoreWeather;
  readonly redis: RedisWeather;
}

export function usualWeather({ kind, windowBytes }: WorldPlan): Weather {
  const store =
    kind === 'machine'
      ? { ...CALM_STORE, latencyMs: { from: 0, to: 3 }, answerMsMax: Number.POSITIVE_INFINITY }
      : { ...CALM_STORE, latencyMs: { from: 1, to: 6 } };
  return {
    net: { ...CALM_NET, windowBytes },
    store,
    redis: { ...CALM_REDIS, latencyMs: { from: 0, to: 2 } },
  };
}

export function badNet(usual: NetWeather, random: SeededRandom): NetWeather {
  return {
    ...usual,
    latencyMs: { from: 1, to: 50 + random.below(1_500) },
    refused: random.fraction() * 0.5,
    requestLost: random.fraction() * 0.3,
    answerLost: random.fraction() * 0.3,
    requestDoubled: random.fraction() * 0.3,
  };
}

/** Commits and other calls fail, or nobody knows, or they are carried out when nobody counts on it any more. */
export function stormyStore(usual: StoreWeather, random: SeededRandom): StoreWeather {
  const share = random.pick([0.05, 0.2, 0.5]) / 4;
  return {
    ...usual,
    latencyMs: { from: 1, to: 10 + random.below(200) },
    readFails: random.chance(0.5) ? share : 0,
    refused: random.fraction() * share,
    unknownApplied: random.fraction() * share * 2,
    unknownNotApplied: random.fraction() * share,
    unknownLate: random.fraction() * share * 2,
  };
}

export function lossyRedis(usual: RedisWeather, random: SeededRandom): RedisWeather {
  const share = random.pick([0.02, 0.1, 0.4]);
  return {
    ...usual,
    latencyMs: { from: 0, to: random.below(100) },
    lost: random.fraction() * share,
    lastLost: random.fraction() * share,
    doubled: random.fraction() * share,
    heldBack: random.fraction() * share,
  };
}

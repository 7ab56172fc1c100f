import type { SeededRandom } from '../../seeded-random.ts';

/** How the store and the way to it are at the moment. Chances are of one call, from 0 to 1, and add up to at most 1. */
export interface StoreWeather {
  /** How long a call takes to get there, and its answer to come back: each of both, from the seed. */
  readonly latencyMs: { readonly from: number; readonly to: number };
  /** A caller that has waited this long takes a call for failed, as a driver does; Infinity for a store in the process. */
  readonly answerMsMax: number;
  /** A read fails. */
  readonly readFails: number;
  /** A commit or write is refused, and certainly not carried out. */
  readonly refused: number;
  /** Nobody knows what became of a commit or write, which was carried out all the same. */
  readonly unknownApplied: number;
  /** Nobody knows, and it was not carried out. */
  readonly unknownNotApplied: number;
  /** Nobody knows; it is carried out up to `lateMs` later, where its condition still holds. */
  readonly unknownLate: number;
  readonly lateMs: number;
  /** A commit takes two steps, as in Cassandra: views and work come after the log, and may wait for who meets the head. */
  readonly inSteps: number;
}

/** Calls are carried out and answered at once. */
export const CALM_STORE: StoreWeather = {
  latencyMs: { from: 0, to: 0 },
  answerMsMax: 2_000,
  readFails: 0,
  refused: 0,
  unknownApplied: 0,
  unknownNotApplied: 0,
  unknownLate: 0,
  lateMs: 3_000,
  inSteps: 0,
};

/** What a call does: a commit or another write changes something, a read nothing. */
export type CallKind = 'read' | 'write';

/** What becomes of a call that arrives. */
export type Fate = 'carried_out' | 'refused' | 'unknown_applied' | 'unknown_not_applied' | 'unknown_late';

/** Asks the seed only where something can go wrong, so that calm runs do not depend on how many calls there are. */
export function fateOf(kind: CallKind, weather: StoreWeather, random: SeededRandom): Fate {
  if (kind === 'read') return isLucky(weather.readFails, random) ? 'refused' : 'carried_out';
  const { refused, unknownApplied, unknownNotApplied, unknownLate } = weather;
  const chances = [
    ['refused', refused],
    ['unknown_applied', unknownApplied],
    ['unknown_not_applied', unknownNotApplied],
    ['unknown_late', unknownLate],
  ] as const;
  if (refused + unknownApplied + unknownNotApplied + unknownLate === 0) return 'carried_out';
  let left = random.fraction();
  for (const [fate, chance] of chances) {
    if (left < chance) return fate;
    left -= chance;
  }
  return 'carried_out';
}

function isLucky(chance: number, random: SeededRandom): boolean {
  return chance > 0 && random.chance(chance);
}

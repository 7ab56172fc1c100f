/** Waits between attempts: full jitter, so that ten thousand devices that lost one node do not come back as one wave. */
export const backoff = { baseMs: 250, capMs: 25_000 } as const;

/** A wait in [0, min(cap, base * 2^attempt)); `attempt` counts from 0, `random` is in [0, 1). */
export function fullJitterMs(attempt: number, random: number): number {
  const ceiling = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(attempt, 20));
  return Math.floor(random * ceiling);
}

/** A wait the server asked for, plus a spread of half of it, never sooner than asked. */
export function askedWaitMs(afterMs: number, random: number): number {
  return Math.floor(afterMs * (1 + random / 2));
}

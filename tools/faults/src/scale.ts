const named = Number(process.env['CONFAB_FAULTS_SCALE'] ?? '1');

/** How large the scenarios are: 1 fits into `npm test`, 10 is as large as they were written for. */
const scale = Number.isFinite(named) && named > 0 ? named : 1;

/** A count that grows with the scale, up to `max`. */
export function scaled(count: number, max = Number.POSITIVE_INFINITY): number {
  return Math.max(1, Math.min(max, Math.round(count * scale)));
}

/** A time limit that grows with the scale. */
export function patienceMs(limitMs: number): number {
  return Math.round(limitMs * Math.max(1, scale));
}

/** Whether the run is a small one for every day, in which nothing waits for half a minute that is waited for elsewhere. */
export const isSmall = scale < 1;

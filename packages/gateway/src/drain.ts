import type { Clock, Random } from '@confab/contracts';
import { closeCodes } from '@confab/protocol';
import type { Connection } from './connection.ts';
import { drainText } from './server-texts.ts';

/** Connections told at once. */
const BATCH_CONNECTIONS = 500;
/** How many may come back a second, wherever they go: what one node takes without trouble. */
const RECONNECTS_PER_SECOND = 1_500;
const SPREAD_MS_MIN = 250;
const SPREAD_MS_MAX = 30_000;
/** How often it is looked whether all was answered and written. */
const LOOK_MS = 10;

/** What a drain needs of the gateway. */
export interface DrainOptions {
  readonly overMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Ended connections that core does not know to have ended yet. */
  readonly leaving: ReadonlySet<Promise<void>>;
}

/**
 * Tells every connection to come back later, in batches over half of the time; waits until what was asked is answered
 * and what was answered is written, or the time is over; then closes. With few connections it takes as long as that.
 */
export async function drainConnections(
  connections: ReadonlySet<Connection>,
  options: DrainOptions,
): Promise<void> {
  const { overMs, clock, random, leaving } = options;
  const endsMs = clock.nowMs() + overMs;
  const all = [...connections];
  const spreadMs = Math.min(
    SPREAD_MS_MAX,
    Math.max(SPREAD_MS_MIN, (all.length * 1_000) / RECONNECTS_PER_SECOND),
  );
  const pauseMs = (overMs * BATCH_CONNECTIONS) / (2 * Math.max(1, all.length));
  for (let from = 0; from < all.length; from += BATCH_CONNECTIONS) {
    if (from > 0) await passed(clock, pauseMs);
    for (const connection of all.slice(from, from + BATCH_CONNECTIONS)) {
      if (connection.session !== null)
        connection.outbound.say(drainText(Math.floor(random.fraction() * spreadMs)));
    }
  }
  while (clock.nowMs() < endsMs && all.some(isBusy)) await passed(clock, LOOK_MS);
  for (const connection of connections) connection.close(closeCodes.goingAway, 'going_away');
  while (clock.nowMs() < endsMs && leaving.size > 0) await passed(clock, LOOK_MS);
}

/** A reader that fell behind is not waited for: it resumes elsewhere. */
function isBusy({ requestsUnderWay, outbound }: Connection): boolean {
  return requestsUnderWay > 0 || (outbound.waitingBytes > 0 && outbound.strainedSinceTick === 0);
}

function passed(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}

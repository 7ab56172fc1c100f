import type { Clock } from '@confab/contracts';
import { closeCodes, ConfabError, limits } from '@confab/protocol';
import type { Connection } from './connection.ts';

const TICK_MS = 1_000;
/** A reader that stayed behind for so long is closed; a new connection resumes from where it is. */
export const slowReaderMsMax = 30_000;
/** Heartbeats of one tick, at least; the others go out with the next, so that a storm of connects is no storm of pings. */
const BEATS_PER_TICK_MIN = 1_000;

/**
 * The one timer of all connections: each second it looks at every one of them. It counts its own ticks instead of
 * reading a clock, so a process that was stopped for a minute does not take its peers for silent.
 */
export class Sweep {
  readonly #clock: Clock;
  readonly #connections: ReadonlySet<Connection>;
  #cancel: () => void;
  /** Seconds since the start. The first is 1, so that 0 can mean never. */
  tick = 1;

  constructor(clock: Clock, connections: ReadonlySet<Connection>) {
    this.#clock = clock;
    this.#connections = connections;
    this.#cancel = clock.after(TICK_MS, this.#run);
  }

  stop(): void {
    this.#cancel();
  }

  readonly #run = (): void => {
    this.#cancel = this.#clock.after(TICK_MS, this.#run);
    this.tick += 1;
    const nowMs = this.#clock.nowMs();
    let beatsLeft = Math.max(BEATS_PER_TICK_MIN, Math.ceil(this.#connections.size / 20));
    for (const connection of this.#connections) {
      checkDeadlines(connection, this.tick, nowMs);
      if (beatsLeft > 0 && beat(connection, this.tick)) beatsLeft -= 1;
    }
  };
}

/** Whether more than `durationMs` passed since a tick; a tick may have been as good as over. */
function hasPassed(durationMs: number, sinceTick: number, tick: number): boolean {
  return (tick - sinceTick) * TICK_MS > durationMs;
}

function checkDeadlines(connection: Connection, tick: number, nowMs: number): void {
  const { state, outbound } = connection;
  switch (state.kind) {
    case 'awaiting_authentication':
      if (hasPassed(limits.authenticationDeadlineMs, state.sinceTick, tick)) {
        connection.close(closeCodes.notAuthenticated, 'authentication_deadline');
      }
      return;
    case 'resuming':
    case 'live': {
      const { strainedSinceTick } = outbound;
      if (nowMs >= state.session.expiresAtMs) {
        connection.closeFor(new ConfabError('token_expired'), closeCodes.tokenExpired);
      } else if (strainedSinceTick !== 0 && hasPassed(slowReaderMsMax, strainedSinceTick, tick)) {
        connection.close(closeCodes.slowReader, 'slow_reader');
      } else if (strainedSinceTick === 0 && outbound.behind !== null) {
        connection.catchUp();
      }
      return;
    }
    case 'closing':
      return;
  }
}

/** Shows a quiet peer that we are here, or ends the connection of one that did not answer; true where it wrote. */
function beat(connection: Connection, tick: number): boolean {
  const { transport, heardTick, beatTick } = connection;
  if (connection.session === null) return false;
  const { intervalMs, answerMs } = transport.heartbeat;
  if (!connection.outbound.isReading) {
    // Its silence is ours: we do not read. The time that counts here is that of a slow reader.
    connection.heard();
    return false;
  }
  const isAnswerDue = answerMs !== null && beatTick > heardTick;
  if (isAnswerDue) {
    if (hasPassed(answerMs, beatTick, tick))
      connection.close(closeCodes.heartbeatTimeout, 'heartbeat_timeout');
    return false;
  }
  const quietSinceTick = answerMs === null ? beatTick : heardTick;
  if ((tick - quietSinceTick) * TICK_MS < intervalMs) return false;
  connection.beatTick = tick;
  transport.beat();
  return true;
}

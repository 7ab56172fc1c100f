import { CqlFailure } from './cql-failure.ts';
import type { CqlSession, CqlStatement } from './cql-session.ts';
import { retryPause } from './retry-pause.ts';

/**
 * How a conditional statement ended that was sent until that was known. `refused_or_ours`: it was refused, but an
 * attempt before may have been applied, and be what stood against it.
 */
export type Decision = 'applied' | 'refused' | 'refused_or_ours';

const ATTEMPTS_MAX = 8;
/** No attempt begins later than this after the first: callers wait for the answer. */
const ATTEMPTS_BEGIN_MS_MAX = 8_000;

/**
 * Sends a conditional statement that can apply only once (its condition, once untrue, stays so) until it is decided.
 * Throws the last `CqlFailure` where Cassandra stays away.
 */
export async function decide(session: CqlSession, statements: readonly CqlStatement[]): Promise<Decision> {
  const lastBeginMs = performance.now() + ATTEMPTS_BEGIN_MS_MAX;
  let mayBeApplied = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { applied } = await session.conditional(statements);
      if (applied) return 'applied';
      return mayBeApplied ? 'refused_or_ours' : 'refused';
    } catch (error) {
      if (!(error instanceof CqlFailure) || attempt === ATTEMPTS_MAX) throw error;
      if (error.outcome === 'unknown') mayBeApplied = true;
      await retryPause(attempt);
      if (performance.now() > lastBeginMs) throw error;
    }
  }
}

import { ConfabError } from '@confab/protocol';
import { errors, types } from 'cassandra-driver';

/** Whether a statement that failed may have been carried out: `not_applied` is certain, `unknown` is not. */
export type FailedOutcome = 'not_applied' | 'unknown';

/**
 * Cassandra could not answer. To users it is `unavailable` and no more; `outcome` is what it means for the statement, and
 * `reason` says why to those who run the program: it names nodes.
 */
export class CqlFailure extends ConfabError {
  readonly outcome: FailedOutcome;
  readonly reason: string;

  constructor(outcome: FailedOutcome, reason: string, cause?: unknown) {
    super('unavailable');
    this.outcome = outcome;
    this.reason = reason;
    this.cause = cause;
  }
}

/** The same for the operator at start, when nobody else can see it: an error whose message is the reason. */
export function withReason(error: unknown): unknown {
  return error instanceof CqlFailure ? new Error(error.reason, { cause: error }) : error;
}

const codes = types.responseErrorCodes;

/** Answers that come before anything is carried out, because too few replicas are there or the node is not ready. */
const REFUSED_CODES: ReadonlySet<number> = new Set([codes.unavailableException, codes.isBootstrapping]);

/** Answers that say that the statement is wrong: a fault of ours or of the set-up, which no repetition mends. */
const FAULT_CODES: ReadonlySet<number> = new Set([
  codes.badCredentials,
  codes.protocolError,
  codes.syntaxError,
  codes.unauthorized,
  codes.invalid,
  codes.configError,
  codes.alreadyExists,
]);

/**
 * What an error of the driver says. Faults come back as they are. Everything that is not certain is `unknown`: a write
 * time-out, 0x1700 (CAS write unknown), a write failure, a lost connection, a client that waited too long.
 */
export function failureOf(error: unknown): unknown {
  if (error instanceof errors.NoHostAvailableError) {
    return new CqlFailure('not_applied', noHostReason(error), error);
  }
  if (error instanceof errors.ResponseError) {
    if (FAULT_CODES.has(error.code)) return error;
    return new CqlFailure(REFUSED_CODES.has(error.code) ? 'not_applied' : 'unknown', error.message, error);
  }
  if (error instanceof errors.OperationTimedOutError || error instanceof errors.DriverInternalError) {
    return new CqlFailure('unknown', error.message, error);
  }
  if (error instanceof Error && 'isSocketError' in error) {
    const isUnsent = 'requestNotWritten' in error && error.requestNotWritten === true;
    return new CqlFailure(isUnsent ? 'not_applied' : 'unknown', error.message, error);
  }
  return error;
}

function noHostReason(error: errors.NoHostAvailableError): string {
  const reasons = Object.entries(error.innerErrors ?? {}).map(([host, inner]) => `${host}: ${textOf(inner)}`);
  return reasons.length === 0 ? error.message : `no node of Cassandra can be asked: ${reasons.join('; ')}`;
}

function textOf(inner: unknown): string {
  return inner instanceof Error ? inner.message : String(inner);
}

import type { Observer } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';

/** The refusal to tell a peer. What was not expected becomes `internal` without detail, and goes to the observer. */
export function refusalOf(error: unknown, verb: string, observer: Observer): ConfabError {
  const refusal = error instanceof ConfabError ? error : new ConfabError('internal');
  if (refusal !== error) observer.fault({ where: `gateway ${verb}`, error });
  observer.requestRefused({ verb, code: refusal.code, cause: refusal.cause });
  return refusal;
}

import { CqlFailure } from '../cql-failure.ts';
import type { CqlSession } from '../cql-session.ts';

/** How a conditional statement ended whose answer nobody gets. */
export type LostAnswer = 'carried_out' | 'never_arrived';

/** The same session, but for some of what it does. */
export function changedSession(session: CqlSession, changes: Partial<CqlSession>): CqlSession {
  return {
    read: (cql, params) => session.read(cql, params),
    readNodes: (cql, params) => session.readNodes(cql, params),
    readSerial: (cql, params) => session.readSerial(cql, params),
    write: (cql, params) => session.write(cql, params),
    batch: (statements) => session.batch(statements),
    conditional: (statements) => session.conditional(statements),
    define: (cql) => session.define(cql),
    close: () => session.close(),
    ...changes,
  };
}

/** The same session; the answers of its next conditional statements are lost, one after the other as told. */
export function loseAnswers(session: CqlSession, lost: LostAnswer[]): CqlSession {
  return changedSession(session, {
    async conditional<Row>(statements: Parameters<CqlSession['conditional']>[0]) {
      const next = lost.shift();
      if (next === 'never_arrived') throw new CqlFailure('unknown', 'the statement was lost');
      const outcome = await session.conditional<Row>(statements);
      if (next === 'carried_out') throw new CqlFailure('unknown', 'the answer was lost');
      return outcome;
    },
  });
}

import type { CqlSession, CqlStatement } from '../cql-session.ts';
import { changedSession } from './changed-session.ts';

const WRITTEN_TABLE = /^\s*(?:INSERT\s+INTO|UPDATE|DELETE\s[^;]*?FROM|DELETE\s+FROM)\s+(\w+)/iu;

/** The same session, noting the tables it writes to. */
export function recordWrites(session: CqlSession, tables: Set<string>): CqlSession {
  const note = (statements: readonly Pick<CqlStatement, 'cql'>[]): void => {
    for (const { cql } of statements) {
      const table = WRITTEN_TABLE.exec(cql)?.[1];
      if (table !== undefined) tables.add(table);
    }
  };
  return changedSession(session, {
    write: (cql, params) => {
      note([{ cql }]);
      return session.write(cql, params);
    },
    batch: (statements) => {
      note(statements);
      return session.batch(statements);
    },
    conditional: (statements) => {
      note(statements);
      return session.conditional(statements);
    },
  });
}

/**
 * What an error of SQLite means for a group of writes. `refused`: nothing of it is in the file, and it may work later.
 * `fatal`: nobody knows what the file holds, or it is damaged; only a restart can decide. `fault`: one of the writes is
 * wrong in itself.
 */
export type ErrorMeaning = 'refused' | 'fatal' | 'fault';

const REFUSED = ['SQLITE_FULL', 'SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_CANTOPEN'];
const FATAL = [
  'SQLITE_IOERR',
  'SQLITE_CORRUPT',
  'SQLITE_NOTADB',
  'SQLITE_NOMEM',
  'SQLITE_READONLY',
  'SQLITE_PROTOCOL',
];

export function meaningOf(error: unknown, atCommit: boolean): ErrorMeaning {
  const code = errorCode(error);
  if (beginsWithOne(code, FATAL)) return 'fatal';
  if (beginsWithOne(code, REFUSED)) return 'refused';
  // A commit that fails in a way we do not know must not be told from one that came through.
  return atCommit ? 'fatal' : 'fault';
}

export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const code = errorCode(error);
  return code === '' ? text : `${code}: ${text}`;
}

function errorCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Extended codes begin with the plain one. */
function beginsWithOne(code: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => code.startsWith(prefix));
}

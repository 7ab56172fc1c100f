import type { CqlSession, CqlStatement } from '../cql-session.ts';
import { mapBounded } from '../bounded.ts';

/** A name in the index, and whose it is or was. */
export interface IndexedName {
  readonly name: string;
  readonly user_id: string;
}

/** Letters of a name that choose its partition. */
const BEGINNING_LETTERS = 2;
const PARTITIONS_AT_ONCE_MAX = 8;
const PAGE_ROWS = 100;
/** Above every letter that a name can have. */
const HIGHEST_LETTER = '\u{10ffff}';

const ADD = 'INSERT INTO account_names (beginning, name, user_id) VALUES (?, ?, ?) USING TIMESTAMP ?';
const ADD_BEGINNING = 'INSERT INTO name_beginnings (first, beginning) VALUES (?, ?)';
const REMOVE = `DELETE FROM account_names USING TIMESTAMP ? WHERE beginning = ? AND name = ? AND user_id = ?`;
const BEGINNINGS = 'SELECT beginning FROM name_beginnings WHERE first = ?';
const PAGE = `SELECT name, user_id FROM account_names
  WHERE beginning = ? AND (name, user_id) > (?, ?) AND (name) < (?) LIMIT ?`;

/**
 * Folded names to search by. A name may stand here that is no longer its user's: whoever searches looks at the user. A
 * name that is current is never missing.
 */
export class AccountNames {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  async add(names: readonly string[], userId: string, writtenAtMicros: number): Promise<void> {
    const statements = names.flatMap((name): readonly CqlStatement[] => {
      const { first, beginning } = partitionOf(name);
      return [
        { cql: ADD_BEGINNING, params: [first, beginning] },
        { cql: ADD, params: [beginning, name, userId, writtenAtMicros] },
      ];
    });
    await Promise.all(statements.map(({ cql, params }) => this.#session.write(cql, params)));
  }

  async remove(name: string, userId: string, writtenAtMicros: number): Promise<void> {
    const { beginning } = partitionOf(name);
    await this.#session.write(REMOVE, [writtenAtMicros, beginning, name, userId]);
  }

  /** Names that begin with a prefix, in order, page by page for as long as they are asked for. */
  async *withPrefix(prefix: string): AsyncGenerator<readonly IndexedName[]> {
    // No partition has an empty key, and nobody asks for all users there are.
    if (prefix === '') return;
    const beginnings = await this.#beginningsOf(prefix);
    for (let at = 0; at < beginnings.length; at += PARTITIONS_AT_ONCE_MAX) {
      const some = beginnings.slice(at, at + PARTITIONS_AT_ONCE_MAX);
      const firstPages = await mapBounded(some, PARTITIONS_AT_ONCE_MAX, (beginning) =>
        this.#page(beginning, prefix, null),
      );
      for (const [index, firstPage] of firstPages.entries()) {
        yield firstPage;
        let last = firstPage.length < PAGE_ROWS ? undefined : firstPage.at(-1);
        while (last !== undefined) {
          const page = await this.#page(some[index] ?? '', prefix, last);
          yield page;
          last = page.length < PAGE_ROWS ? undefined : page.at(-1);
        }
      }
    }
  }

  /** The partitions where names with a prefix are: one, or for a single letter those of all second letters. */
  async #beginningsOf(prefix: string): Promise<readonly string[]> {
    const { first, beginning } = partitionOf(prefix);
    if (beginning !== first) return [beginning];
    const rows = await this.#session.read<{ beginning: string }>(BEGINNINGS, [first]);
    return rows.map((row) => row.beginning);
  }

  #page(beginning: string, prefix: string, after: IndexedName | null): Promise<readonly IndexedName[]> {
    // No user has the empty id, so that this is below the first name there can be.
    const place = after === null ? [prefix, ''] : [after.name, after.user_id];
    return this.#session.read<IndexedName>(PAGE, [beginning, ...place, prefix + HIGHEST_LETTER, PAGE_ROWS]);
  }
}

function partitionOf(name: string): { readonly first: string; readonly beginning: string } {
  const letters = Array.from(name.slice(0, 2 * BEGINNING_LETTERS));
  return { first: letters[0] ?? '', beginning: letters.slice(0, BEGINNING_LETTERS).join('') };
}

import type { Database, Statement } from 'bun:sqlite';
import type { CursorPlace, UserCursor } from '@confab/contracts';
import { cursorCodes } from '../codes.ts';
import { ReadTogether } from './read-together.ts';

interface CursorRow {
  readonly delivered: number;
  readonly read: number;
  readonly read_ordinal: number;
}

/** A user's rows in a conversation as one: the highest of the devices, and what was read. */
const WATERMARKS = `
  coalesce(max(k.sequence) FILTER (WHERE k.kind = ${cursorCodes.delivered}), 0) AS delivered,
  coalesce(max(k.sequence) FILTER (WHERE k.kind = ${cursorCodes.read}), 0) AS read,
  coalesce(max(k.ordinal) FILTER (WHERE k.kind = ${cursorCodes.read}), 0) AS read_ordinal`;

export class CursorReader {
  readonly #together: ReadTogether;
  readonly #ofConversation: Statement<CursorRow & { readonly user_id: string }, [string]>;
  readonly #get: Statement<CursorRow & { readonly found: number }, [conversationId: string, userId: string]>;

  constructor(db: Database) {
    this.#together = new ReadTogether(db);
    this.#ofConversation = db.query(
      `SELECT u.user_id, ${WATERMARKS} FROM cursors k CROSS JOIN users u ON u.number = k.user
       WHERE k.conversation = (SELECT number FROM conversations WHERE conversation_id = ?) GROUP BY k.user`,
    );
    // One group, and none to be sorted: that would cost more than all the rest.
    this.#get = db.query(
      `SELECT count(*) AS found, ${WATERMARKS} FROM cursors k
       WHERE k.conversation = (SELECT number FROM conversations WHERE conversation_id = ?)
         AND k.user = (SELECT number FROM users WHERE user_id = ?)`,
    );
  }

  ofConversation(conversationId: string): readonly UserCursor[] {
    return this.#ofConversation.all(conversationId).map((row) => userCursor(row.user_id, row));
  }

  get(places: readonly CursorPlace[]): readonly (UserCursor | null)[] {
    return this.#together.each(places, ({ conversationId, userId }) => {
      const row = this.#get.get(conversationId, userId);
      return row === null || row.found === 0 ? null : userCursor(userId, row);
    });
  }
}

function userCursor(userId: string, row: CursorRow): UserCursor {
  return { userId, delivered: row.delivered, read: row.read, readOrdinal: row.read_ordinal };
}

import type { Database, Statement } from 'bun:sqlite';
import type { CursorPlace, UserCursor } from '@confab/contracts';
import { cursorCodes } from '../codes.ts';

interface CursorRow {
  readonly user_id: string;
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
  readonly #ofConversation: Statement<CursorRow, [string]>;
  readonly #get: Statement<CursorRow, [conversationId: string, userId: string]>;

  constructor(db: Database) {
    this.#ofConversation = db.query(
      `SELECT u.user_id, ${WATERMARKS} FROM cursors k CROSS JOIN users u ON u.number = k.user
       WHERE k.conversation = (SELECT number FROM conversations WHERE conversation_id = ?) GROUP BY k.user`,
    );
    this.#get = db.query(
      `SELECT u.user_id, ${WATERMARKS} FROM conversations c CROSS JOIN users u CROSS JOIN cursors k
       WHERE c.conversation_id = ? AND u.user_id = ? AND k.conversation = c.number AND k.user = u.number
       GROUP BY k.user`,
    );
  }

  ofConversation(conversationId: string): readonly UserCursor[] {
    return this.#ofConversation.all(conversationId).map(userCursor);
  }

  get(places: readonly CursorPlace[]): readonly (UserCursor | null)[] {
    return places.map(({ conversationId, userId }) => {
      const row = this.#get.get(conversationId, userId);
      return row === null ? null : userCursor(row);
    });
  }
}

function userCursor(row: CursorRow): UserCursor {
  return { userId: row.user_id, delivered: row.delivered, read: row.read, readOrdinal: row.read_ordinal };
}

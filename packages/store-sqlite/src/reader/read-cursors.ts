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
  readonly #get: Statement<CursorRow & { readonly place: number }, [string]>;

  constructor(db: Database) {
    this.#ofConversation = db.query(
      `SELECT u.user_id, ${WATERMARKS} FROM cursors k CROSS JOIN users u ON u.number = k.user
       WHERE k.conversation = (SELECT number FROM conversations WHERE conversation_id = ?) GROUP BY k.user`,
    );
    this.#get = db.query(
      `SELECT asked.key AS place, u.user_id, ${WATERMARKS} FROM json_each(?) asked
       CROSS JOIN conversations c ON c.conversation_id = asked.value ->> 0
       CROSS JOIN users u ON u.user_id = asked.value ->> 1
       CROSS JOIN cursors k ON k.conversation = c.number AND k.user = u.number GROUP BY asked.key`,
    );
  }

  ofConversation(conversationId: string): readonly UserCursor[] {
    return this.#ofConversation.all(conversationId).map(userCursor);
  }

  get(places: readonly CursorPlace[]): readonly (UserCursor | null)[] {
    const cursors = places.map((): UserCursor | null => null);
    const asked = JSON.stringify(places.map(({ conversationId, userId }) => [conversationId, userId]));
    for (const row of this.#get.all(asked)) cursors[row.place] = userCursor(row);
    return cursors;
  }
}

function userCursor(row: CursorRow): UserCursor {
  return { userId: row.user_id, delivered: row.delivered, read: row.read, readOrdinal: row.read_ordinal };
}

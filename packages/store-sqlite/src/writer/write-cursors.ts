import type { Database, Statement } from 'bun:sqlite';
import type { CursorAdvance } from '@confab/contracts';
import { cursorCodes } from '../codes.ts';
import type { Rows } from './rows.ts';

export class CursorWriter {
  readonly #rows: Rows;
  readonly #advance: Statement<unknown, [number, number, number, string, number, number]>;

  constructor(db: Database, rows: Rows) {
    this.#rows = rows;
    this.#advance = db.query(
      `INSERT INTO cursors (conversation, user, kind, device, sequence, ordinal) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation, user, kind, device) DO UPDATE
       SET sequence = excluded.sequence, ordinal = excluded.ordinal WHERE excluded.sequence > sequence`,
    );
  }

  advance(advances: readonly CursorAdvance[]): null {
    for (const { conversationId, userId, deviceId, kind, sequence, ordinal } of advances) {
      const conversation = this.#rows.conversation(conversationId).number;
      const user = this.#rows.userNumber(userId);
      const device = kind === 'read' ? '' : deviceId;
      this.#advance.run(conversation, user, cursorCodes[kind], device, sequence, ordinal);
    }
    return null;
  }
}

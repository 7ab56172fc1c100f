import type { Database, Statement } from 'bun:sqlite';
import type {
  ArchivedAccount,
  ArchivePage,
  CursorAdvance,
  DeviceRecord,
  NewEvent,
  WorkItem,
  WorkTask,
} from '@confab/contracts';
import { cursorCodes } from '../codes.ts';
import { EVENT_COLUMNS, type FoundRow, storedEvent } from '../event-row.ts';
import { storeLimits } from '../settings.ts';

interface CursorRow {
  readonly user: number;
  readonly user_id: string;
  readonly kind: number;
  readonly device: string;
  readonly sequence: number;
  readonly ordinal: number;
}

interface AccountRow {
  readonly user_id: string;
  readonly username: string | null;
  readonly folded_username: string | null;
  readonly display_name: string;
  readonly picture: string | null;
  readonly created_at: string;
  readonly password_hash: string | null;
}

interface WorkRow {
  readonly place: number;
  readonly work_id: string;
  readonly due_at_ms: number;
  readonly task: string;
}

/** Below every row's key: a page with nothing before it begins here. */
const FIRST_PLACE = 0;

/** What is in the file, in pages by the key of each table; `next` is the key of a page's last row. */
export class ArchiveReader {
  readonly #devicesOf: (userId: string) => readonly DeviceRecord[];
  readonly #conversations: Statement<{ number: number; conversation_id: string }, [number, number]>;
  readonly #events: Statement<FoundRow, [string, number, number]>;
  readonly #cursors: Statement<CursorRow, [string, number, number, string, number]>;
  readonly #accounts: Statement<AccountRow, [string, number]>;
  readonly #work: Statement<WorkRow, [number, number]>;

  constructor(db: Database, devicesOf: (userId: string) => readonly DeviceRecord[]) {
    this.#devicesOf = devicesOf;
    this.#conversations = db.query(
      'SELECT number, conversation_id FROM conversations WHERE number > ? ORDER BY number LIMIT ?',
    );
    this.#events = db.query(
      `SELECT ${EVENT_COLUMNS}, e.content_hash
       FROM events e INDEXED BY events_by_sequence CROSS JOIN users u ON u.number = e.sender
       WHERE e.conversation = (SELECT number FROM conversations WHERE conversation_id = ?) AND e.sequence > ?
       ORDER BY e.sequence LIMIT ?`,
    );
    this.#cursors = db.query(
      `SELECT k.user, u.user_id, k.kind, k.device, k.sequence, k.ordinal
       FROM cursors k CROSS JOIN users u ON u.number = k.user
       WHERE k.conversation = (SELECT number FROM conversations WHERE conversation_id = ?)
         AND (k.user, k.kind, k.device) > (?, ?, ?)
       ORDER BY k.user, k.kind, k.device LIMIT ?`,
    );
    this.#accounts = db.query(
      `SELECT user_id, username, folded_username, display_name, picture, created_at, password_hash
       FROM accounts WHERE user_id > ? ORDER BY user_id LIMIT ?`,
    );
    this.#work = db.query(
      'SELECT place, work_id, due_at_ms, task FROM work WHERE place > ? ORDER BY place LIMIT ?',
    );
  }

  conversations(after: string | null, limit: number): ArchivePage<string> {
    const rows = this.#conversations.all(placeOf(after), limit);
    const items = rows.map((row) => row.conversation_id);
    return { items, next: nextAfter(rows, limit, ({ number }) => String(number)) };
  }

  events(conversationId: string, after: number, limit: number): readonly NewEvent[] {
    const page: NewEvent[] = [];
    let bytes = 0;
    // Row by row: a page of the longest bodies would be many times the bound.
    for (const row of this.#events.iterate(conversationId, after, limit)) {
      bytes += Buffer.byteLength(row.json);
      if (page.length > 0 && bytes > storeLimits.archivePageBytesMax) break;
      page.push({ ...storedEvent(conversationId, row), contentHash: row.content_hash });
    }
    return page;
  }

  cursors(conversationId: string, after: string | null, limit: number): ArchivePage<CursorAdvance> {
    const place = after === null ? ([FIRST_PLACE, 0, ''] as const) : cursorPlace(after);
    const rows = this.#cursors.all(conversationId, ...place, limit);
    const items = rows.map((row) => cursorAdvance(conversationId, row));
    return { items, next: nextAfter(rows, limit, textOfPlace) };
  }

  accounts(after: string | null, limit: number): ArchivePage<ArchivedAccount> {
    const rows = this.#accounts.all(after ?? '', limit);
    const items = rows.map((row) => ({ account: accountOf(row), devices: this.#devicesOf(row.user_id) }));
    return { items, next: nextAfter(rows, limit, (row) => row.user_id) };
  }

  work(after: string | null, limit: number): ArchivePage<WorkItem> {
    const rows = this.#work.all(placeOf(after), limit);
    const items = rows.map((row) => ({
      workId: row.work_id,
      dueAtMs: row.due_at_ms,
      task: JSON.parse(row.task) as WorkTask,
    }));
    return { items, next: nextAfter(rows, limit, ({ place }) => String(place)) };
  }
}

/** A page that is not full is the last one. */
function nextAfter<Row>(
  rows: readonly Row[],
  limit: number,
  placeAfter: (row: Row) => string,
): string | null {
  const last = rows.at(-1);
  return last === undefined || rows.length < limit ? null : placeAfter(last);
}

function placeOf(after: string | null): number {
  return after === null ? FIRST_PLACE : Number(after);
}

function textOfPlace({ user, kind, device }: CursorRow): string {
  return JSON.stringify([user, kind, device]);
}

function cursorPlace(after: string): readonly [user: number, kind: number, device: string] {
  return JSON.parse(after) as readonly [number, number, string];
}

function cursorAdvance(conversationId: string, row: CursorRow): CursorAdvance {
  const { user_id: userId, device: deviceId, sequence, ordinal } = row;
  const kind = row.kind === cursorCodes.read ? 'read' : 'delivered';
  return { conversationId, userId, deviceId, kind, sequence, ordinal };
}

function accountOf(row: AccountRow): ArchivedAccount['account'] {
  const user = {
    userId: row.user_id,
    displayName: row.display_name,
    picture: row.picture,
    createdAt: row.created_at,
  };
  const { username, folded_username: foldedUsername, password_hash: passwordHash } = row;
  if (foldedUsername === null || passwordHash === null || username === null) {
    return { ...user, username, foldedUsername: null, passwordHash: null };
  }
  return { ...user, username, foldedUsername, passwordHash };
}

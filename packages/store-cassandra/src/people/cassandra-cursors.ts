import type { ArchivePage, CursorAdvance, CursorPlace, Cursors, UserCursor } from '@confab/contracts';
import { mapBounded, readEach } from '../bounded.ts';
import { chunksOf } from '../chunks.ts';
import type { CqlSession, CqlStatement } from '../cql-session.ts';

interface CursorRow {
  readonly user_id: string;
  readonly kind: number;
  readonly device_id: string;
  readonly sequence: number;
  readonly ordinal: number;
}

const KIND_CODES: Readonly<Record<CursorAdvance['kind'], number>> = { read: 0, delivered: 1 };

const BATCHES_AT_ONCE_MAX = 32;
const ADVANCES_PER_BATCH_MAX = 200;
/** Below every row's key. */
const FIRST_PLACE: CursorKey = ['', -1, ''];

type CursorKey = readonly [userId: string, kind: number, deviceId: string];

const COLUMNS = 'user_id, kind, device_id, sequence, ordinal';
const ADVANCE = `INSERT INTO cursors (conversation_id, user_id, kind, device_id, sequence, ordinal)
  VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`;
const OF_CONVERSATION = `SELECT ${COLUMNS} FROM cursors WHERE conversation_id = ?`;
const OF_USERS = `SELECT ${COLUMNS} FROM cursors WHERE conversation_id = ? AND user_id IN ?`;
const PAGE = `SELECT ${COLUMNS} FROM cursors
  WHERE conversation_id = ? AND (user_id, kind, device_id) > (?, ?, ?) LIMIT ?`;

/** Watermarks, in one partition a conversation. The highest one stays because it has the highest timestamp. */
export class CassandraCursors implements Cursors {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  async advance(advances: readonly CursorAdvance[]): Promise<void> {
    const batches = [...Map.groupBy(advances, ({ conversationId }) => conversationId).values()].flatMap(
      (ofOne) => chunksOf(ofOne, ADVANCES_PER_BATCH_MAX),
    );
    await mapBounded(batches, BATCHES_AT_ONCE_MAX, (batch) =>
      this.#session.batch(batch.map(advanceStatement)),
    );
  }

  async ofConversation(conversationId: string): Promise<readonly UserCursor[]> {
    const rows = await this.#session.read<CursorRow>(OF_CONVERSATION, [conversationId]);
    return [...userCursors(rows).values()];
  }

  async get(places: readonly CursorPlace[]): Promise<readonly (UserCursor | null)[]> {
    const usersAsked = new Map<string, Set<string>>();
    for (const { conversationId, userId } of places) {
      const users = usersAsked.get(conversationId);
      if (users === undefined) usersAsked.set(conversationId, new Set([userId]));
      else users.add(userId);
    }
    const found = new Map<string, ReadonlyMap<string, UserCursor>>();
    await readEach([...usersAsked], async ([conversationId, userIds]) => {
      const rows = await this.#session.read<CursorRow>(OF_USERS, [conversationId, [...userIds]]);
      found.set(conversationId, userCursors(rows));
    });
    return places.map(({ conversationId, userId }) => found.get(conversationId)?.get(userId) ?? null);
  }

  /** For the archive: each device's own watermark. */
  async page(
    conversationId: string,
    after: string | null,
    limit: number,
  ): Promise<ArchivePage<CursorAdvance>> {
    const place = after === null ? FIRST_PLACE : (JSON.parse(after) as CursorKey);
    const rows = await this.#session.read<CursorRow>(PAGE, [conversationId, ...place, limit]);
    const last = rows.at(-1);
    const next =
      last === undefined || rows.length < limit
        ? null
        : JSON.stringify([last.user_id, last.kind, last.device_id] satisfies CursorKey);
    return { items: rows.map((row) => cursorAdvance(conversationId, row)), next };
  }
}

function advanceStatement(advance: CursorAdvance): CqlStatement {
  const { conversationId, userId, deviceId, kind, sequence, ordinal } = advance;
  const device = kind === 'read' ? '' : deviceId;
  return {
    cql: ADVANCE,
    params: [conversationId, userId, KIND_CODES[kind], device, sequence, ordinal, sequence],
  };
}

function cursorAdvance(conversationId: string, row: CursorRow): CursorAdvance {
  const { user_id: userId, device_id: deviceId, sequence, ordinal } = row;
  const kind = row.kind === KIND_CODES.read ? 'read' : 'delivered';
  return { conversationId, userId, deviceId, kind, sequence, ordinal };
}

/** A user's rows as one: what was read, and the highest of what their devices have. */
function userCursors(rows: readonly CursorRow[]): ReadonlyMap<string, UserCursor> {
  const cursors = new Map<string, UserCursor>();
  for (const row of rows) {
    const userId = row.user_id;
    const known = cursors.get(userId) ?? { userId, delivered: 0, read: 0, readOrdinal: 0 };
    const cursor =
      row.kind === KIND_CODES.read
        ? { ...known, read: row.sequence, readOrdinal: row.ordinal }
        : { ...known, delivered: Math.max(known.delivered, row.sequence) };
    cursors.set(userId, cursor);
  }
  return cursors;
}

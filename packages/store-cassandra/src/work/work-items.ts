import type { ArchivePage, WorkItem, WorkTask } from '@confab/contracts';
import type { CqlSession } from '../cql-session.ts';
import { CqlFailure } from '../cql-failure.ts';
import { decide } from '../decide.ts';
import type { WorkPlace, WorkSlots } from './work-slots.ts';

/** An open item and its state. */
export interface OpenItem {
  readonly item: WorkItem;
  readonly place: WorkPlace;
  readonly attempts: number;
  readonly leasedUntilMs: number;
}

interface ItemRow {
  readonly work_id: string;
  readonly task: string;
  readonly due_at_ms: number;
  readonly slot: number;
  readonly entry: string;
  readonly attempts: number;
  readonly leased_until_ms: number;
}

/** How often a move begins anew where others move the item meanwhile. */
const MOVES_MAX = 8;

const COLUMNS = 'work_id, task, due_at_ms, slot, entry, attempts, leased_until_ms';
const BY_ID = `SELECT ${COLUMNS} FROM work_items WHERE work_id = ?`;
const FIRST_PAGE = `SELECT ${COLUMNS} FROM work_items LIMIT ?`;
const NEXT_PAGE = `SELECT ${COLUMNS} FROM work_items WHERE token(work_id) > token(?) LIMIT ?`;
const INSERT = `INSERT INTO work_items (work_id, task, due_at_ms, slot, entry, attempts, leased_until_ms)
  VALUES (?, ?, ?, ?, ?, 0, 0) IF NOT EXISTS`;
const LEASE = `UPDATE work_items SET attempts = ?, leased_until_ms = ? WHERE work_id = ?
  IF entry = ? AND attempts = ?`;
const MOVE = 'UPDATE work_items SET due_at_ms = ?, slot = ?, entry = ? WHERE work_id = ? IF entry = ?';
const GIVE_BACK = `UPDATE work_items SET due_at_ms = ?, slot = ?, entry = ?, leased_until_ms = 0
  WHERE work_id = ? IF entry = ?`;
const REMOVE = 'DELETE FROM work_items WHERE work_id = ? IF EXISTS';

/**
 * The items, each a partition of its own that is changed conditionally. Two orders keep an item from being lost: a new
 * item is written before its entry, and the entry is there when `add` ends; an item that moves has its new entry first.
 * After either, whoever wrote looks whether the slot is still open, because a slot is closed without asking them.
 */
export class WorkItems {
  readonly #session: CqlSession;
  readonly #slots: WorkSlots;

  constructor(session: CqlSession, slots: WorkSlots) {
    this.#session = session;
    this.#slots = slots;
  }

  /** The open item of an id as it stands, this one or the one that was there; null where it was completed meanwhile. */
  async insert({ workId, dueAtMs, task }: WorkItem): Promise<WorkPlace | null> {
    const place = this.#slots.newPlace(workId, dueAtMs, 0);
    const params = [workId, JSON.stringify(task), dueAtMs, place.slot, place.entry];
    return (await decide(this.#session, [{ cql: INSERT, params }])) === 'applied'
      ? place
      : this.#placeNow(workId);
  }

  /** Sees to it that items are found at their places: when it ends each has its entry in a slot that is open. */
  async settle(places: readonly WorkPlace[]): Promise<void> {
    let unsettled = places;
    while (unsettled.length > 0) {
      await this.#slots.addEntries(unsettled);
      const lowest = await this.#slots.lowest();
      const closed = unsettled.filter(({ slot }) => slot < lowest);
      const moved = await Promise.all(closed.map((place) => this.#move(place)));
      unsettled = moved.filter((place) => place !== null);
    }
  }

  async read(workId: string): Promise<OpenItem | null> {
    const [row] = await this.#session.read<ItemRow>(BY_ID, [workId]);
    return row === undefined ? null : openItem(row);
  }

  /** Whether the lease is ours. Not where nobody knows: then the item waits until that lease is over. */
  async lease({ place, attempts }: OpenItem, untilMs: number): Promise<boolean> {
    const params = [attempts + 1, untilMs, place.workId, place.entry, attempts];
    try {
      return (await this.#session.conditional([{ cql: LEASE, params }])).applied;
    } catch (error) {
      if (error instanceof CqlFailure) return false;
      throw error;
    }
  }

  /** Without a lease and due at another time; nothing where it is done. */
  async giveBack(workId: string, dueAtMs: number): Promise<void> {
    for (let round = 1; round <= MOVES_MAX; round += 1) {
      const open = await this.read(workId);
      if (open === null) return;
      // Never below its slot of now: slots are closed in order, so that one is open for as long as this one is.
      const place = this.#slots.newPlace(workId, dueAtMs, open.place.slot);
      await this.#slots.addEntries([place]);
      const params = [dueAtMs, place.slot, place.entry, workId, open.place.entry];
      const decision = await decide(this.#session, [{ cql: GIVE_BACK, params }]);
      const isOurs = decision === 'applied' || (await this.#isAt(place));
      if (isOurs) {
        await this.settle([place]);
        return;
      }
    }
    throw new CqlFailure('not_applied', `the work ${workId} was moved ${MOVES_MAX} times meanwhile`);
  }

  /** A second time it removes nothing, or the same work that was added once more. */
  async remove(workId: string): Promise<void> {
    await decide(this.#session, [{ cql: REMOVE, params: [workId] }]);
  }

  /** For the archive: in the order of the tokens of their ids. */
  async page(after: string | null, limit: number): Promise<ArchivePage<WorkItem>> {
    const rows = await (after === null
      ? this.#session.read<ItemRow>(FIRST_PAGE, [limit])
      : this.#session.read<ItemRow>(NEXT_PAGE, [after, limit]));
    const next = rows.length < limit ? null : (rows.at(-1)?.work_id ?? null);
    return { items: rows.map((row) => openItem(row).item), next };
  }

  /** Out of a closed slot, with its lease: where it is then, whoever moved it. Null where it is done. */
  async #move(from: WorkPlace): Promise<WorkPlace | null> {
    const to = this.#slots.newPlace(from.workId, from.dueAtMs, 0);
    await this.#slots.addEntries([to]);
    const params = [to.dueAtMs, to.slot, to.entry, from.workId, from.entry];
    if ((await decide(this.#session, [{ cql: MOVE, params }])) === 'applied') return to;
    // Somebody else has moved it, and may have died before they saw whether that slot is open.
    return this.#placeNow(from.workId);
  }

  /** Null where it is done. */
  async #placeNow(workId: string): Promise<WorkPlace | null> {
    const [row] = await this.#session.readSerial<ItemRow>(BY_ID, [workId]);
    return row === undefined ? null : openItem(row).place;
  }

  async #isAt({ workId, entry }: WorkPlace): Promise<boolean> {
    return (await this.#placeNow(workId))?.entry === entry;
  }
}

function openItem(row: ItemRow): OpenItem {
  const { work_id: workId, due_at_ms: dueAtMs, slot, entry, attempts } = row;
  return {
    item: { workId, dueAtMs, task: JSON.parse(row.task) as WorkTask },
    place: { workId, slot, dueAtMs, entry },
    attempts,
    leasedUntilMs: row.leased_until_ms,
  };
}

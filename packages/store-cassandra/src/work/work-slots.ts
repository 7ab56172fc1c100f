import { mapBounded } from '../bounded.ts';
import { chunksOf } from '../chunks.ts';
import type { CqlSession, CqlStatement } from '../cql-session.ts';

/** Where an item of work is to be looked for: `entry` is unique, and never used again once the item has moved on. */
export interface WorkPlace {
  readonly workId: string;
  readonly slot: number;
  readonly dueAtMs: number;
  readonly entry: string;
}

interface EntryRow {
  readonly due_at_ms: number;
  readonly entry: string;
  readonly work_id: string;
}

/** How much due time is one slot. */
export const SLOT_MS_DEFAULT = 5_000;

/** There is one queue; the column leaves room for more of them. */
const QUEUE = 0;
const SLOTS_AT_ONCE_MAX = 32;
const ENTRIES_PER_BATCH_MAX = 100;
const ENTRIES_PER_PAGE = 200;
/** Open slots looked at by one call. There are a few, but for a backlog of hours. */
const OPEN_SLOTS_MAX = 1_000;
/** A slot is dropped once and never used again: what was written to it is older, whatever a node's clock says. */
const WRITTEN_AT = 1;
const DROPPED_AT = 2;

const MARKS = 'SELECT lowest_slot, swept_slot FROM work_marks WHERE queue = ?';
const RAISE_LOWEST = 'INSERT INTO work_marks (queue, lowest_slot) VALUES (?, ?) USING TIMESTAMP ?';
const RAISE_SWEPT = 'INSERT INTO work_marks (queue, swept_slot) VALUES (?, ?) USING TIMESTAMP ?';
const OPEN = `SELECT slot FROM work_slots WHERE queue = ? AND slot >= ? AND slot <= ? LIMIT ${OPEN_SLOTS_MAX}`;
const OPEN_ONE = `INSERT INTO work_slots (queue, slot) VALUES (?, ?) USING TIMESTAMP ${WRITTEN_AT}`;
const CLOSE_ONE = `DELETE FROM work_slots USING TIMESTAMP ${DROPPED_AT} WHERE queue = ? AND slot = ?`;
const ADD = `INSERT INTO work_entries (slot, due_at_ms, entry, work_id) VALUES (?, ?, ?, ?)
  USING TIMESTAMP ${WRITTEN_AT}`;
const PAGE = `SELECT due_at_ms, entry, work_id FROM work_entries
  WHERE slot = ? AND (due_at_ms, entry) > (?, ?) AND (due_at_ms) <= (?) LIMIT ${ENTRIES_PER_PAGE}`;
const DROP = `DELETE FROM work_entries USING TIMESTAMP ${DROPPED_AT} WHERE slot = ?`;

interface MarksRow {
  readonly lowest_slot: number | null;
  readonly swept_slot: number | null;
}

/** Closed slots that may still hold work: those with entries, ascending, all below `end`. */
export interface UnsweptSlots {
  readonly slots: readonly number[];
  /** Once the slots are swept, everything below this is. */
  readonly end: number;
}

/** The slots of due time, their entries, and which slot is the lowest that is still open. */
export class WorkSlots {
  readonly #session: CqlSession;
  readonly #slotMs: number;
  /** As far as known here; both only rise. */
  #lowest = 0;
  #swept = 0;
  #isLowestKnown = false;

  constructor(session: CqlSession, slotMs: number) {
    this.#session = session;
    this.#slotMs = slotMs;
  }

  slotOf(timeMs: number): number {
    return Math.floor(timeMs / this.#slotMs);
  }

  /** A new place for an item: in the slot of its time, or the lowest open one, but not below `slotMin`. */
  newPlace(workId: string, dueAtMs: number, slotMin: number): WorkPlace {
    const slot = Math.max(this.slotOf(dueAtMs), this.#lowest, slotMin);
    return { workId, slot, dueAtMs, entry: crypto.randomUUID() };
  }

  async lowest(): Promise<number> {
    const [row] = await this.#session.read<MarksRow>(MARKS, [QUEUE]);
    this.#lowest = Math.max(this.#lowest, row?.lowest_slot ?? 0);
    this.#swept = Math.max(this.#swept, row?.swept_slot ?? 0);
    this.#isLowestKnown = true;
    return this.#lowest;
  }

  async addEntries(places: readonly WorkPlace[]): Promise<void> {
    const bySlot = [...Map.groupBy(places, ({ slot }) => slot)];
    await mapBounded(bySlot, SLOTS_AT_ONCE_MAX, async ([slot, inSlot]) => {
      await this.#session.write(OPEN_ONE, [QUEUE, slot]);
      for (const chunk of chunksOf(inSlot, ENTRIES_PER_BATCH_MAX)) {
        await this.#session.batch(chunk.map(addStatement));
      }
    });
  }

  /** The open slots that may have something due, ascending. */
  async open(nowMs: number): Promise<readonly number[]> {
    // Never from further below: all slots that were ever dropped left their tombstones there.
    const known = this.#isLowestKnown ? this.#lowest : await this.lowest();
    const upTo = Math.max(this.slotOf(nowMs), known);
    const [lowest, slots] = await Promise.all([this.lowest(), this.#slotsWithin(known, upTo)]);
    if (lowest <= upTo) return slots.filter((slot) => slot >= lowest);
    // A node whose clock is ahead of ours has gone on to a later slot, and what is due now goes there.
    return this.#slotsWithin(lowest, lowest);
  }

  /** A slot's entries due by a time, in order, page by page for as long as they are asked for. */
  async *entries(slot: number, dueAtMsMax: number): AsyncGenerator<readonly WorkPlace[]> {
    let [dueAtMs, entry] = [-1, ''];
    for (;;) {
      const rows = await this.#session.read<EntryRow>(PAGE, [slot, dueAtMs, entry, dueAtMsMax]);
      yield rows.map((row) => ({
        workId: row.work_id,
        slot,
        dueAtMs: row.due_at_ms,
        entry: row.entry,
      }));
      const last = rows.at(-1);
      if (last === undefined || rows.length < ENTRIES_PER_PAGE) return;
      ({ due_at_ms: dueAtMs, entry } = last);
    }
  }

  /** From here on nobody looks for work in the slots up to this one: they are to be swept. */
  async close(through: number): Promise<void> {
    await this.#session.write(RAISE_LOWEST, [QUEUE, through + 1, through + 1]);
    this.#lowest = Math.max(this.#lowest, through + 1);
  }

  /** As of the marks read last; null where all closed slots were swept. */
  async unswept(): Promise<UnsweptSlots | null> {
    const [from, end] = [this.#swept, this.#lowest];
    if (from >= end) return null;
    const slots = await this.#slotsWithin(from, end - 1);
    const last = slots.at(-1) ?? from;
    return { slots, end: slots.length < OPEN_SLOTS_MAX ? end : last + 1 };
  }

  /** That nothing is left below `end`: not before all of it was settled and dropped. */
  async noteSwept(end: number): Promise<void> {
    await this.#session.write(RAISE_SWEPT, [QUEUE, end, end]);
    this.#swept = Math.max(this.#swept, end);
  }

  async drop(slot: number): Promise<void> {
    await this.#session.write(DROP, [slot]);
    await this.#session.write(CLOSE_ONE, [QUEUE, slot]);
  }

  async #slotsWithin(from: number, through: number): Promise<readonly number[]> {
    const rows = await this.#session.read<{ slot: number }>(OPEN, [QUEUE, from, through]);
    return rows.map(({ slot }) => slot);
  }
}

function addStatement({ slot, dueAtMs, entry, workId }: WorkPlace): CqlStatement {
  return { cql: ADD, params: [slot, dueAtMs, entry, workId] };
}

import type { ClaimedWork, WorkQueue } from '@confab/contracts';
import { mapBounded, readEach } from '../bounded.ts';
import { Turns } from '../turns.ts';
import type { OpenItem, WorkItems } from './work-items.ts';
import type { WorkPlace, WorkSlots } from './work-slots.ts';

type ClaimRequest = Parameters<WorkQueue['claim']>[0];

/** A claim on its way. */
interface Claim extends ClaimRequest {
  readonly claimed: ClaimedWork[];
}

/** What an entry led to: null where that is done. */
interface FoundItem {
  readonly place: WorkPlace;
  readonly open: OpenItem | null;
}

/** An open item that an entry of its slot led to; only one entry of an item is current. */
interface EntryOfOpen {
  readonly open: OpenItem;
  readonly isCurrent: boolean;
}

/** An item that a claim here has leased. */
interface HeldItem {
  readonly place: WorkPlace;
  readonly untilMs: number;
}

/** Whether anything in a slot is, or may be, still open. */
type SlotState = 'finished' | 'unfinished';

const CHANGES_AT_ONCE_MAX = 32;
/** Entries whose items are known to be done, so that they are not asked for again while their slot is open. */
const DONE_ENTRIES_MAX = 100_000;
/** So many slots that are over stay open, so that who is about to write to them need not move on. */
const SLOTS_KEPT_OPEN = 1;

/**
 * Work, found by the entries of open slots in order of due time, and leased item by item. A slot that is over and has
 * nothing open is closed and dropped whole, after all before it.
 */
export class CassandraWorkQueue implements WorkQueue {
  readonly #slots: WorkSlots;
  readonly #items: WorkItems;
  readonly #turns = new Turns();
  readonly #doneBySlot = new Map<number, Set<string>>();
  #doneEntries = 0;
  /** Leased here and neither completed nor given back: nothing is to be asked about those. */
  readonly #held = new Map<string, HeldItem>();

  constructor(slots: WorkSlots, items: WorkItems) {
    this.#slots = slots;
    this.#items = items;
  }

  /** One at a time in this process; other processes are held off by the condition of each lease. */
  claim(request: ClaimRequest): Promise<readonly ClaimedWork[]> {
    return this.#turns.run('claim', () => this.#claim({ ...request, claimed: [] }));
  }

  async complete(workIds: readonly string[]): Promise<void> {
    await mapBounded(workIds, CHANGES_AT_ONCE_MAX, async (workId) => {
      const held = this.#letGo(workId);
      await this.#items.remove(workId);
      if (held !== undefined) this.#noteDone(held.place);
    });
  }

  async retry(workIds: readonly string[], dueAtMs: number): Promise<void> {
    await mapBounded(workIds, CHANGES_AT_ONCE_MAX, async (workId) => {
      this.#letGo(workId);
      await this.#items.giveBack(workId, dueAtMs);
    });
  }

  async #claim(claim: Claim): Promise<readonly ClaimedWork[]> {
    this.#forgetEndedLeases(claim.nowMs);
    const slots = await this.#slots.open(claim.nowMs);
    await this.#sweep();
    const slotsOver = this.#slots.slotOf(claim.nowMs) - SLOTS_KEPT_OPEN;
    let closable: number | null = null;
    let isAllFinished = true;
    for (const slot of slots) {
      if (claim.claimed.length >= claim.limit) break;
      const state = await this.#claimFrom(slot, claim);
      isAllFinished &&= state === 'finished' && slot < slotsOver;
      if (isAllFinished) closable = slot;
    }
    if (closable !== null) {
      await this.#slots.close(closable);
      await this.#sweep();
    }
    return claim.claimed;
  }

  async #claimFrom(slot: number, claim: Claim): Promise<SlotState> {
    let state: SlotState = 'finished';
    for await (const page of this.#slots.entries(slot, claim.nowMs)) {
      const others = page.filter(({ workId, entry }) => this.#held.get(workId)?.place.entry !== entry);
      const found = await this.#openAmong(others);
      if (found.length > 0 || others.length < page.length) state = 'unfinished';
      const free = found.filter(({ open, isCurrent }) => isCurrent && open.leasedUntilMs <= claim.nowMs);
      await this.#leaseInOrder(
        free.map(({ open }) => open),
        claim,
      );
      if (claim.claimed.length >= claim.limit) return 'unfinished';
    }
    return state;
  }

  async #leaseInOrder(free: readonly OpenItem[], claim: Claim): Promise<void> {
    const { claimed, limit, nowMs, leaseMs } = claim;
    for (let at = 0; at < free.length && claimed.length < limit;) {
      const some = free.slice(at, at + Math.min(limit - claimed.length, CHANGES_AT_ONCE_MAX));
      at += some.length;
      const untilMs = nowMs + leaseMs;
      const leases = await Promise.all(some.map((open) => this.#items.lease(open, untilMs)));
      const leased = some.filter((_, index) => leases[index]);
      for (const { place } of leased) this.#held.set(place.workId, { place, untilMs });
      claimed.push(...leased.map(({ item, attempts }) => ({ ...item, attempts: attempts + 1 })));
    }
  }

  /** The open items that the entries of a slot lead to and that are still in it. */
  async #openAmong(entries: readonly WorkPlace[]): Promise<readonly EntryOfOpen[]> {
    const found = await this.#openItems(entries);
    return found.flatMap(({ place, open }) => {
      if (open?.place.slot !== place.slot) return [];
      return [{ open, isCurrent: open.place.entry === place.entry }];
    });
  }

  /**
   * What entries lead to. An entry is written after its item, so one without an item is done for good; one whose item
   * names another entry may be of an item that is just moving, and is asked for again.
   */
  async #openItems(entries: readonly WorkPlace[]): Promise<readonly FoundItem[]> {
    const asked = entries.filter(({ slot, entry }) => this.#doneBySlot.get(slot)?.has(entry) !== true);
    const items = await readEach(asked, ({ workId }) => this.#items.read(workId));
    return asked.map((place, index) => {
      const open = items[index] ?? null;
      if (open === null) this.#noteDone(place);
      return { place, open };
    });
  }

  /**
   * What came into slots until they were closed goes on in an open one, and the slots are dropped. Several nodes may do
   * it at once, and any of them may die of it, so all that is found still open is seen to, wherever it is by now.
   */
  async #sweep(): Promise<void> {
    const unswept = await this.#slots.unswept();
    if (unswept === null) return;
    for (const slot of unswept.slots) {
      for await (const page of this.#slots.entries(slot, Number.MAX_SAFE_INTEGER)) {
        const found = await this.#openItems(page);
        await this.#items.settle(found.flatMap(({ open }) => (open === null ? [] : [open.place])));
      }
      await this.#slots.drop(slot);
    }
    await this.#slots.noteSwept(unswept.end);
    this.#forgetDone(unswept.end);
  }

  #forgetDone(end: number): void {
    for (const [slot, done] of this.#doneBySlot) {
      if (slot >= end) continue;
      this.#doneEntries -= done.size;
      this.#doneBySlot.delete(slot);
    }
  }

  #letGo(workId: string): HeldItem | undefined {
    const held = this.#held.get(workId);
    this.#held.delete(workId);
    return held;
  }

  #forgetEndedLeases(nowMs: number): void {
    for (const [workId, { untilMs }] of this.#held) if (untilMs <= nowMs) this.#held.delete(workId);
  }

  #noteDone({ slot, entry }: WorkPlace): void {
    if (this.#doneEntries >= DONE_ENTRIES_MAX) return;
    const done = this.#doneBySlot.get(slot) ?? new Set<string>();
    if (done.has(entry)) return;
    this.#doneBySlot.set(slot, done.add(entry));
    this.#doneEntries += 1;
  }
}

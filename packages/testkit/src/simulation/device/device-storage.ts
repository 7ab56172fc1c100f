import type { ClientStorage, StorageChange, StorageTable } from '@confab/client';
import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import type { SimulatedRun } from '../infrastructure/simulated-run.ts';

/** What a write does to one table: a row put as it is now, one removed, or all of them. */
type Change =
  | { readonly kind: 'put'; readonly table: StorageTable; readonly key: string; readonly json: string }
  | { readonly kind: 'remove'; readonly table: StorageTable; readonly key: string }
  | { readonly kind: 'clear'; readonly table: StorageTable };

/**
 * The disk of a device. It outlives the runs of its app: writes take a while, and where the app dies meanwhile, the
 * first of them may have been carried out and the others not.
 */
export class DeviceStorage {
  readonly #clock: DrivenClock;
  readonly #random: SeededRandom;
  readonly #tables = new Map<StorageTable, Map<string, string>>();
  /** Writes that were called and have not reached the disk. */
  #underWay: (readonly Change[])[] = [];
  #lastDueMs = 0;

  constructor(clock: DrivenClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The disk as one run of the app sees it. Locks, which the SDK names after it, end with the run. */
  openFor(run: SimulatedRun): ClientStorage {
    const later = <T>(action: () => T): Promise<T> =>
      new Promise((resolve) => {
        this.#after(() => run.reach(() => resolve(action())));
      });
    return {
      name: run.runId,
      read: (table, key) => later(() => this.#read(table, key)),
      readAll: (table) =>
        later(() =>
          [...this.#table(table)].map(([key, json]) => [key, JSON.parse(json) as unknown] as const),
        ),
      write: (changes) => this.#write(changes.map(changeOf), run),
      clear: (tables) =>
        this.#write(
          tables.map((table) => ({ kind: 'clear', table })),
          run,
        ),
      close: () => later(() => undefined),
    };
  }

  /** The app died: of its writes the first ones, as the seed decides, are there. */
  crash(): void {
    const done = this.#random.below(this.#underWay.length + 1);
    for (const changes of this.#underWay.slice(0, done)) this.#apply(changes);
    this.#underWay = [];
  }

  #write(changes: readonly Change[], run: SimulatedRun): Promise<void> {
    this.#underWay.push(changes);
    return new Promise((resolve) => {
      this.#after(() => {
        if (this.#underWay[0] !== changes) return;
        this.#underWay.shift();
        this.#apply(changes);
        run.reach(resolve);
      });
    });
  }

  /** In the order called, each after a few milliseconds. */
  #after(action: () => void): void {
    const nowMs = this.#clock.nowMs();
    this.#lastDueMs = Math.max(this.#lastDueMs, nowMs + this.#random.below(4));
    this.#clock.after(this.#lastDueMs - nowMs, action);
  }

  #apply(changes: readonly Change[]): void {
    for (const change of changes) {
      const rows = this.#table(change.table);
      switch (change.kind) {
        case 'put':
          rows.set(change.key, change.json);
          break;
        case 'remove':
          rows.delete(change.key);
          break;
        case 'clear':
          rows.clear();
      }
    }
  }

  #read(table: StorageTable, key: string): unknown {
    const json = this.#table(table).get(key);
    return json === undefined ? undefined : (JSON.parse(json) as unknown);
  }

  #table(table: StorageTable): Map<string, string> {
    const rows = this.#tables.get(table) ?? new Map<string, string>();
    this.#tables.set(table, rows);
    return rows;
  }
}

/** Taken as it is now: nobody may change a row by keeping hold of what was written. */
function changeOf({ table, key, value }: StorageChange): Change {
  if (value === undefined) return { kind: 'remove', table, key };
  return { kind: 'put', table, key, json: JSON.stringify(value) };
}

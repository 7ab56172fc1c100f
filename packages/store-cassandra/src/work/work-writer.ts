import type { WorkItem } from '@confab/contracts';
import { mapBounded } from '../bounded.ts';
import type { WorkItems } from './work-items.ts';

const ITEMS_AT_ONCE_MAX = 32;

/** Adds the work of commits. */
export class WorkWriter {
  readonly #items: WorkItems;

  constructor(items: WorkItems) {
    this.#items = items;
  }

  /**
   * Durable and offered when it ends; an item with the id of an open one leaves that one as it is. May be repeated by
   * whoever completes what another began. Throws `CqlFailure` where some of it may be missing.
   */
  async add(items: readonly WorkItem[]): Promise<void> {
    if (items.length === 0) return;
    const places = await mapBounded(firstOfEach(items), ITEMS_AT_ONCE_MAX, (item) =>
      this.#items.insert(item),
    );
    await this.#items.settle(places.filter((place) => place !== null));
  }
}

function firstOfEach(items: readonly WorkItem[]): readonly WorkItem[] {
  const first = new Map<string, WorkItem>();
  for (const item of items) if (!first.has(item.workId)) first.set(item.workId, item);
  return [...first.values()];
}

import type { ClaimedWork, WorkItem, WorkQueue } from '@confab/contracts';

interface OpenItem {
  readonly item: WorkItem;
  readonly attempts: number;
  readonly leasedUntilMs: number;
}

export class MemoryWork implements WorkQueue {
  readonly #open = new Map<string, OpenItem>();

  get size(): number {
    return this.#open.size;
  }

  add(item: WorkItem): void {
    if (this.#open.has(item.workId)) return;
    this.#open.set(item.workId, { item: structuredClone(item), attempts: 0, leasedUntilMs: 0 });
  }

  async claim(request: {
    readonly nowMs: number;
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<readonly ClaimedWork[]> {
    const { nowMs, limit, leaseMs } = request;
    const due = [...this.#open.values()]
      .filter(({ item, leasedUntilMs }) => item.dueAtMs <= nowMs && leasedUntilMs <= nowMs)
      .sort((one, other) => one.item.dueAtMs - other.item.dueAtMs)
      .slice(0, limit);
    return due.map(({ item, attempts }) => {
      this.#open.set(item.workId, { item, attempts: attempts + 1, leasedUntilMs: nowMs + leaseMs });
      return { ...item, attempts: attempts + 1 };
    });
  }

  async complete(workIds: readonly string[]): Promise<void> {
    for (const workId of workIds) this.#open.delete(workId);
  }

  async retry(workIds: readonly string[], dueAtMs: number): Promise<void> {
    for (const workId of workIds) {
      const open = this.#open.get(workId);
      if (open === undefined) continue;
      this.#open.set(workId, { item: { ...open.item, dueAtMs }, attempts: open.attempts, leasedUntilMs: 0 });
    }
  }
}

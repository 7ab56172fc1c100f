import type { ClusterFault } from '../cluster-fault.ts';

/** Tells listeners of losses [BUS4]: once for what happened, and again and again for what lasts. */
export class LossBell {
  readonly #everyMs: number;
  readonly #onFault: (fault: ClusterFault) => void;
  readonly #listeners = new Set<() => void>();
  readonly #lasting = new Set<string>();
  #isDue = false;
  #rungAtMs = -Infinity;

  constructor(everyMs: number, onFault: (fault: ClusterFault) => void) {
    this.#everyMs = everyMs;
    this.#onFault = onFault;
  }

  listen(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Something may be lost. Told with the next tick: many holes are one loss. */
  ring(): void {
    this.#isDue = true;
  }

  /** From here on things may be lost. */
  begin(cause: string): void {
    if (this.#lasting.has(cause)) return;
    this.#lasting.add(cause);
    this.#isDue = true;
  }

  /** True where it lasted until now. */
  end(cause: string): boolean {
    return this.#lasting.delete(cause);
  }

  tick(nowMs: number): void {
    if (this.#lasting.size > 0 && nowMs - this.#rungAtMs >= this.#everyMs) this.#isDue = true;
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#rungAtMs = nowMs;
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#onFault({ where: 'cluster-redis/bus/loss', error });
      }
    }
  }
}

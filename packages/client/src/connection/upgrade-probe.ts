import type { Timers } from '../client-types.ts';
import type { Transport } from '../transport/transport.ts';

const FIRST_AFTER_MS = 60_000;
const INTERVAL_MAX_MS = 60 * 60 * 1000;
const OPEN_TIMEOUT_MS = 15_000;

/**
 * Finds out, beside a connection that had to take a lesser way, whether the best one is open by now. The working
 * connection is touched only once the better one has been seen to work.
 */
export class UpgradeProbe {
  readonly #timers: Timers;
  readonly #found: () => void;
  #intervalMs = FIRST_AFTER_MS;
  #end: (() => void) | null = null;

  constructor(timers: Timers, found: () => void) {
    this.#timers = timers;
    this.#found = found;
  }

  /** Tries `transport` now and then until it opens or `stop` is called. */
  start(transport: Transport): void {
    this.stop();
    this.#end = this.#timers.after(this.#intervalMs, () => this.#try(transport));
  }

  stop(): void {
    this.#end?.();
    this.#end = null;
  }

  #try(transport: Transport): void {
    const link = transport.open({
      opened: () => {
        this.stop();
        this.#intervalMs = FIRST_AFTER_MS;
        this.#found();
      },
      frame: () => undefined,
      answer: () => undefined,
      heard: () => undefined,
      closed: () => this.#failed(transport),
    });
    const cancel = this.#timers.after(OPEN_TIMEOUT_MS, () => this.#failed(transport));
    this.#end = () => {
      cancel();
      link.close(1000, '');
    };
  }

  #failed(transport: Transport): void {
    this.#intervalMs = Math.min(INTERVAL_MAX_MS, this.#intervalMs * 2);
    this.start(transport);
  }
}

import { limits } from '@confab/protocol';
import type { Timers } from '../client-types.ts';

interface HeartbeatOptions {
  readonly timers: Timers;
  readonly sendPing: () => void;
  readonly dead: () => void;
}

/**
 * Notices a link that died without a word. Silence for one interval is answered with a ping, silence after that for
 * `heartbeatTimeoutMs` is death. Anything heard counts. A frame costs one clock reading and no timer.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #intervalMs: number = limits.heartbeatIntervalMs;
  #heardAtMs = 0;
  #heardSincePing = false;
  #cancel: (() => void) | null = null;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Begins anew for a new link; nothing is inherited from the last one. */
  start(): void {
    this.stop();
    this.heard();
    this.#watch(this.#intervalMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** What `hello` says about the interval. */
  setInterval(intervalMs: number): void {
    if (intervalMs > 0) this.#intervalMs = intervalMs;
  }

  heard(): void {
    this.#heardSincePing = true;
    this.#heardAtMs = this.#options.timers.now();
  }

  /** Asks at once: after a sleep or a change of network nobody wants to wait for an interval. */
  probe(): void {
    if (this.#cancel === null) return;
    this.#cancel();
    this.#ping();
  }

  #watch(delayMs: number): void {
    this.#cancel = this.#options.timers.after(delayMs, () => {
      const silenceMs = this.#options.timers.now() - this.#heardAtMs;
      // A clock that was set back gives a negative silence; then the wait begins anew.
      if (silenceMs < 0) this.heard();
      if (silenceMs >= this.#intervalMs) this.#ping();
      else this.#watch(this.#intervalMs - Math.max(0, silenceMs));
    });
  }

  #ping(): void {
    const { timers, sendPing, dead } = this.#options;
    this.#heardSincePing = false;
    sendPing();
    this.#cancel = timers.after(limits.heartbeatTimeoutMs, () => {
      if (this.#heardSincePing) this.#watch(this.#intervalMs);
      else dead();
    });
  }
}

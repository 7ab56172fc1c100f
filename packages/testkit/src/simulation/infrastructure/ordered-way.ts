import type { DrivenClock } from '../../driven-clock.ts';

interface Sent {
  readonly dueMs: number;
  readonly arrive: () => void;
}

/** One direction of a connection: what is sent arrives later and in order; while it is blocked, nothing does. */
export class OrderedWay {
  readonly #clock: DrivenClock;
  #sent: Sent[] = [];
  #isBlocked: boolean;
  #isClosed = false;
  #isArmed = false;

  constructor(clock: DrivenClock, isBlocked: boolean) {
    this.#clock = clock;
    this.#isBlocked = isBlocked;
  }

  /** Nothing arrives in the same step in which it is sent. */
  send(latencyMs: number, arrive: () => void): void {
    if (this.#isClosed) return;
    const lastDueMs = this.#sent.at(-1)?.dueMs ?? 0;
    this.#sent.push({ dueMs: Math.max(this.#clock.nowMs() + latencyMs, lastDueMs), arrive });
    this.#arm();
  }

  /** What was sent meanwhile arrives when it is no more. */
  block(isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    this.#arm();
  }

  /** What is on its way is lost. */
  close(): void {
    this.#isClosed = true;
    this.#sent = [];
  }

  #arm(): void {
    const next = this.#sent[0];
    if (next === undefined || this.#isArmed || this.#isBlocked) return;
    this.#isArmed = true;
    const delayMs = next.dueMs - this.#clock.nowMs();
    if (delayMs <= 0) queueMicrotask(() => this.#run());
    else this.#clock.after(delayMs, () => this.#run());
  }

  #run(): void {
    this.#isArmed = false;
    const nowMs = this.#clock.nowMs();
    for (let next = this.#sent[0]; next !== undefined && next.dueMs <= nowMs; next = this.#sent[0]) {
      if (this.#isBlocked) return;
      this.#sent.shift();
      next.arrive();
    }
    this.#arm();
  }
}

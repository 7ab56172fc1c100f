import { DrivenClock } from '../driven-clock.ts';
import { turn } from '../schedule.ts';

/**
 * Drives everything there is: one timer fires, all that follows of it without waiting is done, then what was put off to
 * the end of the turn; only then comes the next timer.
 */
export class Clockwork {
  readonly clock: DrivenClock;
  #atEndOfTurn: (() => void)[] = [];

  constructor(startMs: number) {
    this.clock = new DrivenClock(startMs);
  }

  /** Calls back once nothing of this turn is left to do. */
  soon(action: () => void): void {
    this.#atEndOfTurn.push(action);
  }

  /** Lets time pass. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.clock.nowMs() + durationMs;
    await this.settle();
    while (this.clock.fireNext(untilMs)) await this.settle();
  }

  /** Lets time pass until something is so, or a time is over; whether it is so. */
  async until(isSo: () => boolean, atMostMs: number): Promise<boolean> {
    const untilMs = this.clock.nowMs() + atMostMs;
    await this.settle();
    while (!isSo()) {
      if (!this.clock.fireNext(untilMs)) return isSo();
      await this.settle();
    }
    return true;
  }

  /** Lets time pass until a promise is settled; throws where that takes too long. */
  async finish<T>(promise: Promise<T>, atMostMs: number): Promise<T> {
    let isSettled = false;
    const noted = promise.finally(() => (isSettled = true));
    noted.catch(() => undefined);
    if (!(await this.until(() => isSettled, atMostMs))) throw new Error('what was to finish does not');
    return await promise;
  }

  async settle(): Promise<void> {
    await turn();
    while (this.#atEndOfTurn.length > 0) {
      for (const action of this.#atEndOfTurn.splice(0)) action();
      await turn();
    }
  }
}

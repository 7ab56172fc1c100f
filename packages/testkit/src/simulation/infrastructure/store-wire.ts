import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import type { SimulatedRun } from './simulated-run.ts';
import { CALM_STORE, type CallKind, type Fate, fateOf, type StoreWeather } from './store-weather.ts';

/** A call of a port on its way. */
export interface StoreCall<Answer> {
  readonly kind: CallKind;
  /** Calls of one run in one lane arrive in the order they were made; null: in any. */
  readonly lane: string | null;
  readonly carryOut: () => Promise<Answer>;
  /** What the caller gets where the call failed: it was certainly not carried out, or nobody knows. */
  readonly fail: (effect: 'none' | 'unknown') => Promise<Answer>;
}

interface CallUnderWay {
  readonly line: StoreLine;
  readonly sentAtMs: number;
  /** Gives the caller what came of it, once. */
  readonly settle: (answer: () => unknown) => void;
}

/** The way of one run of a node to the store. */
export interface StoreLine {
  readonly run: SimulatedRun;
  /** Since when nothing gets through; null: it does. */
  cutSinceMs: number | null;
  /** When the last call of each lane arrives. */
  readonly lanes: Map<string, number>;
}

/** The network between nodes and the store, and the moods of the store itself. */
export class StoreWire {
  weather: StoreWeather = CALM_STORE;
  readonly #clock: DrivenClock;
  readonly #random: SeededRandom;
  #stalledUntilMs = -Infinity;
  /** Counts crashes: what is under way belongs to the life of the store in which it began. */
  #life = 0;

  constructor(clock: DrivenClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  stall(durationMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#clock.nowMs() + durationMs);
  }

  crash(): void {
    this.#life += 1;
    this.#stalledUntilMs = -Infinity;
  }

  cutOff(line: StoreLine, isCut: boolean): void {
    line.cutSinceMs = isCut ? (line.cutSinceMs ?? this.#clock.nowMs()) : null;
  }

  /** Whether something that has this chance happens; asks the seed only where it can. */
  happens(chance: number): boolean {
    return chance > 0 && this.#random.chance(chance);
  }

  send<Answer>(line: StoreLine, call: StoreCall<Answer>): Promise<Answer> {
    const { run, cutSinceMs } = line;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const nowMs = this.#clock.nowMs();
    const life = this.#life;
    let isSettled = false;
    const settle = (answer: () => unknown): void =>
      run.reach(() => {
        if (isSettled || life !== this.#life) return;
        isSettled = true;
        resolve(answer() as Promise<Answer>);
      });
    const underWay = { line, sentAtMs: nowMs, settle };
    if (run.isCrashed) return promise;
    if (cutSinceMs !== null && nowMs - cutSinceMs >= this.weather.answerMsMax) {
      // The driver has noticed that there is no connection: nothing is sent.
      settle(() => call.fail('none'));
      return promise;
    }
    const fate = fateOf(call.kind, this.weather, this.#random);
    if (cutSinceMs !== null) this.#giveUpInTime(underWay, call);
    else this.#after(this.#travelMs(line, call.lane), () => this.#arrive(underWay, call, fate));
    return promise;
  }

  #arrive<Answer>(underWay: CallUnderWay, call: StoreCall<Answer>, fate: Fate): void {
    const { line, sentAtMs } = underWay;
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#stalledUntilMs) {
      if (this.#stalledUntilMs > sentAtMs + this.weather.answerMsMax) this.#giveUpInTime(underWay, call);
      this.#after(this.#stalledUntilMs - nowMs, () => this.#arrive(underWay, call, fate));
      return;
    }
    if (line.run.isCrashed) {
      this.#outlive(call);
      return;
    }
    switch (fate) {
      case 'carried_out': {
        const carriedOut = call.carryOut();
        this.#answer(underWay, call, () => carriedOut);
        // A caller that has crashed or given up does not hear of a fault.
        carriedOut.catch(() => undefined);
        return;
      }
      case 'refused':
        this.#answer(underWay, call, () => call.fail('none'));
        return;
      case 'unknown_applied':
        this.#carryOutUnheard(call);
        break;
      case 'unknown_late':
        this.#later(call);
        break;
      case 'unknown_not_applied':
        break;
    }
    this.#answer(underWay, call, () => call.fail('unknown'));
  }

  #answer<Answer>(underWay: CallUnderWay, call: StoreCall<Answer>, answer: () => Promise<Answer>): void {
    const { line, settle, sentAtMs } = underWay;
    const travelMs = this.#latencyMs();
    if (this.#clock.nowMs() + travelMs - sentAtMs > this.weather.answerMsMax) {
      this.#giveUpInTime(underWay, call);
      return;
    }
    this.#after(travelMs, () => {
      if (line.cutSinceMs === null) settle(answer);
      else this.#giveUpInTime(underWay, call);
    });
  }

  #giveUpInTime<Answer>({ sentAtMs, settle }: CallUnderWay, call: StoreCall<Answer>): void {
    const leftMs = sentAtMs + this.weather.answerMsMax - this.#clock.nowMs();
    if (leftMs !== Infinity) this.#after(leftMs, () => settle(() => call.fail('unknown')));
  }

  /** Its caller died: what was on its way may be lost, or arrive when the next run has long begun. */
  #outlive<Answer>(call: StoreCall<Answer>): void {
    if (call.kind === 'write' && this.#random.chance(0.5)) this.#later(call);
  }

  #later<Answer>(call: StoreCall<Answer>): void {
    this.#after(this.#random.below(this.weather.lateMs + 1), () => this.#carryOutUnheard(call));
  }

  #carryOutUnheard<Answer>(call: StoreCall<Answer>): void {
    call.carryOut().catch(() => undefined);
  }

  #travelMs({ lanes }: StoreLine, lane: string | null): number {
    const latencyMs = this.#latencyMs();
    if (lane === null) return latencyMs;
    const nowMs = this.#clock.nowMs();
    const arrivesAtMs = Math.max(nowMs + latencyMs, lanes.get(lane) ?? 0);
    lanes.set(lane, arrivesAtMs);
    return arrivesAtMs - nowMs;
  }

  #latencyMs(): number {
    const { from, to } = this.weather.latencyMs;
    return to === 0 ? 0 : from + this.#random.below(to - from + 1);
  }

  /** Nothing that is under way outlives the store. */
  #after(delayMs: number, action: () => void): void {
    if (delayMs <= 0) {
      action();
      return;
    }
    const life = this.#life;
    this.#clock.after(delayMs, () => {
      if (life === this.#life) action();
    });
  }
}

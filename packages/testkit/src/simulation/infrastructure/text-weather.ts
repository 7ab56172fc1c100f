import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import type { RedisWeather } from './redis-weather.ts';

/** A frame that no other follows for so long is the last of its burst. */
const BURST_MS = 30;

/** What becomes of the texts on their way to one subscriber. */
export class TextWeather {
  readonly #clock: DrivenClock;
  readonly #random: SeededRandom;
  /** The last frame, which waits for another one to follow it. */
  #last: (() => void) | null = null;

  constructor(clock: DrivenClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Calls `arrive` as often as the text arrives, now or later. */
  pass(text: string, weather: RedisWeather, arrive: () => void): void {
    if (this.#happens(weather.lost)) return;
    if (this.#happens(weather.doubled)) this.#hold(weather.heldBackMs, arrive);
    const isHeldBack = this.#happens(weather.heldBack);
    if (isHeldBack) this.#hold(weather.heldBackMs, arrive);
    else if (isFrame(text)) this.#passFrame(weather.lastLost, arrive);
    else arrive();
  }

  #passFrame(lastLost: number, arrive: () => void): void {
    const before = this.#last;
    this.#last = null;
    before?.();
    if (lastLost === 0) {
      arrive();
      return;
    }
    this.#last = arrive;
    this.#clock.after(BURST_MS, () => {
      if (this.#last !== arrive) return;
      this.#last = null;
      if (!this.#happens(lastLost)) arrive();
    });
  }

  #hold(msMax: number, arrive: () => void): void {
    this.#clock.after(1 + this.#random.below(msMax), arrive);
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#random.chance(chance);
  }
}

/** Whether it is a numbered frame with envelopes, of which a loss has to be noticed. */
function isFrame(text: string): boolean {
  return text.startsWith('1 data ');
}

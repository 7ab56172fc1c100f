import { CqlFailure } from './cql-failure.ts';

/** What a gate lets through. */
export interface GateLimits {
  /** Requests under way at once. */
  readonly underWayMax: number;
  /** Requests that wait for one of those to end; one more is refused. */
  readonly waitingMax: number;
}

/** Lets so many requests through at once, the others in the order they came. */
export class Gate {
  readonly #limits: GateLimits;
  readonly #waiting: (() => void)[] = [];
  /** Where the first one waits in `#waiting`: shifting a long array costs more than what it holds back. */
  #first = 0;
  #underWay = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /** Rejects with a `CqlFailure` of what was certainly not sent where too many wait. */
  async run<T>(request: () => Promise<T>): Promise<T> {
    if (this.#underWay < this.#limits.underWayMax) this.#underWay += 1;
    else await this.#turn();
    try {
      return await request();
    } finally {
      this.#next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length - this.#first >= this.#limits.waitingMax) {
      throw new CqlFailure('not_applied', 'too many requests wait for Cassandra');
    }
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  /** Whoever ends hands its place to the first that waits. */
  #next(): void {
    const next = this.#waiting[this.#first];
    if (next === undefined) {
      this.#underWay -= 1;
      this.#waiting.length = 0;
      this.#first = 0;
      return;
    }
    this.#first += 1;
    if (this.#first * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    next();
  }
}

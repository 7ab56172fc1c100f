import { CqlFailure } from './cql-failure.ts';

/** What a gate lets through. */
export interface GateLimits {
  /** Requests under way at once. */
  readonly underWayMax: number;
  /** Requests that wait for one of those to end; one more is refused. */
  readonly waitingMax: number;
  /** How long a request waits; then it is refused. */
  readonly waitMsMax: number;
}

interface WaitingRequest {
  readonly untilMs: number;
  readonly enter: () => void;
  readonly refuse: (failure: CqlFailure) => void;
}

/** Lets so many requests through at once, the others in the order they came. */
export class Gate {
  readonly #limits: GateLimits;
  readonly #waiting: WaitingRequest[] = [];
  /** Where the first one waits in `#waiting`: shifting a long array costs more than what it holds back. */
  #first = 0;
  #underWay = 0;
  /** One for all, because who came first has waited longest. Runs only while somebody waits. */
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /** Rejects with a `CqlFailure` of what was certainly not sent where too many wait, or it has waited too long. */
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
    const { waitingMax, waitMsMax } = this.#limits;
    if (this.#waiting.length - this.#first >= waitingMax) {
      throw new CqlFailure('not_applied', 'too many requests wait for Cassandra');
    }
    return new Promise((resolve, reject) => {
      const untilMs = performance.now() + waitMsMax;
      this.#waiting.push({ untilMs, enter: resolve, refuse: reject });
      this.#timer ??= setTimeout(() => this.#refuseLate(), waitMsMax);
    });
  }

  /** Whoever ends hands its place to the first that waits. */
  #next(): void {
    const next = this.#takeFirst();
    if (next === undefined) this.#underWay -= 1;
    else next.enter();
  }

  #refuseLate(): void {
    this.#timer = null;
    const nowMs = performance.now();
    for (let first = this.#waiting[this.#first]; first !== undefined; first = this.#waiting[this.#first]) {
      if (first.untilMs > nowMs) {
        this.#timer = setTimeout(() => this.#refuseLate(), first.untilMs - nowMs);
        return;
      }
      this.#takeFirst();
      first.refuse(
        new CqlFailure('not_applied', `no request to Cassandra could begin for ${this.#limits.waitMsMax} ms`),
      );
    }
  }

  #takeFirst(): WaitingRequest | undefined {
    const first = this.#waiting[this.#first];
    if (first === undefined) return undefined;
    this.#first += 1;
    if (this.#first * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    if (this.#waiting.length === 0 && this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    return first;
  }
}

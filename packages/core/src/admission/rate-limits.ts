import type { Clock } from '@confab/contracts';

/** Token buckets, as data: how many at once, and how many a second after that. */
export const rateTable = {
  /** Registrations from one address. */
  register: { burst: 200, perSecond: 2 },
  /** Log-ins and refreshes from one address. */
  log_in: { burst: 200, perSecond: 5 },
  /** Failed log-ins of one username. */
  failed_log_in: { burst: 10, perSecond: 0.1 },
  /** Durable requests (messages, membership) of one user. */
  send: { burst: 2_000, perSecond: 200 },
  /** Conversations one user starts. */
  create_conversation: { burst: 500, perSecond: 5 },
  /** Reads of one user over HTTP. */
  read: { burst: 2_000, perSecond: 200 },
  /** Searches of one user: they scan. */
  search: { burst: 60, perSecond: 5 },
  /** Frames of one connection, of any kind. */
  frame: { burst: 10_000, perSecond: 1_000 },
  /** Typing notes of one user in one conversation. */
  typing: { burst: 3, perSecond: 0.5 },
  /** New connections from one address. */
  connect: { burst: 25_000, perSecond: 2_000 },
} as const satisfies Record<string, Rate>;

interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export type RateName = keyof typeof rateTable;

/** Buckets kept; beyond it the one used longest ago is forgotten, which can only be in its owner's favour. */
const BUCKETS_MAX = 100_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets by name and key. Of one process: a user on several nodes has a bucket on each. */
export class RateLimits {
  readonly #clock: Clock;
  readonly #enabled: boolean;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, enabled: boolean) {
    this.#clock = clock;
    this.#enabled = enabled;
  }

  /** Takes one; 0 where there was one, else the milliseconds until there will be. */
  take(name: RateName, key: string): number {
    if (!this.#enabled) return 0;
    const { burst, perSecond } = rateTable[name];
    const nowMs = this.#clock.nowMs();
    const id = `${name} ${key}`;
    const bucket = this.#buckets.get(id) ?? { tokens: burst, atMs: nowMs };
    this.#buckets.delete(id);
    this.#buckets.set(id, bucket);
    if (this.#buckets.size > BUCKETS_MAX) this.#forgetOldest();
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs * perSecond) / 1_000);
    bucket.atMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - bucket.tokens) * 1_000) / perSecond);
  }

  #forgetOldest(): void {
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

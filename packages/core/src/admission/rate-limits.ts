import type { Clock } from '@confab/contracts';

/** Token buckets, as data: how many at once, and how many a second after that. */
export const rateTable = {
  register: { of: 'Registrations from one address', burst: 1_000, perSecond: 5 },
  log_in: { of: 'Log-ins and refreshes from one address', burst: 1_000, perSecond: 20 },
  failed_log_in: { of: 'Failed log-ins of one username', burst: 10, perSecond: 0.1 },
  send: { of: 'Durable requests (messages, membership) of one user', burst: 5_000, perSecond: 500 },
  create_conversation: { of: 'Conversations one user starts', burst: 5_000, perSecond: 20 },
  read: { of: 'Reads of one user: pages, lists, members', burst: 10_000, perSecond: 2_000 },
  receipt: { of: 'Receipts of one user', burst: 10_000, perSecond: 2_000 },
  search: { of: 'Searches of one user: they scan', burst: 60, perSecond: 5 },
  frame: { of: 'Frames of one connection, of any kind', burst: 10_000, perSecond: 1_000 },
  typing: { of: 'Typing notes of one user in one conversation', burst: 3, perSecond: 0.5 },
  connect: { of: 'New connections from one address', burst: 25_000, perSecond: 2_000 },
  admit: { of: 'New connections of the whole node', burst: 10_000, perSecond: 3_000 },
} as const satisfies Record<string, Rate>;

interface Rate {
  /** What is counted, and of whom. */
  readonly of: string;
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

  /** Gives one back that was taken for something that turned out well. */
  giveBack(name: RateName, key: string): void {
    const bucket = this.#buckets.get(`${name} ${key}`);
    if (bucket !== undefined) bucket.tokens = Math.min(rateTable[name].burst, bucket.tokens + 1);
  }

  #forgetOldest(): void {
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

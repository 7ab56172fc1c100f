interface Entry {
  readonly value: string | Set<string> | Map<string, string>;
  readonly expiresAtMs: number;
}

/** The keys of a Redis, as far as this room asks for them. Every call says what time it is. */
export class RedisMemory {
  /** Which Redis it is: another one after a restart or a fail-over. */
  readonly runId: string;
  readonly #entries = new Map<string, Entry>();

  constructor(runId: string) {
    this.runId = runId;
  }

  /** The keys there are. */
  keys(nowMs: number): string[] {
    return [...this.#entries.keys()].filter((key) => this.#live(key, nowMs) !== null);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The same keys in another Redis. */
  copy(runId: string): RedisMemory {
    const copied = new RedisMemory(runId);
    for (const [key, { value, expiresAtMs }] of this.#entries) {
      copied.#entries.set(key, { value: copyOf(value), expiresAtMs });
    }
    return copied;
  }

  text(key: string, nowMs: number): string | null {
    const value = this.#live(key, nowMs)?.value;
    return typeof value === 'string' ? value : null;
  }

  setText(key: string, text: string, expiresAtMs: number): void {
    this.#entries.set(key, { value: text, expiresAtMs });
  }

  increment(key: string, nowMs: number): number {
    const entry = this.#live(key, nowMs);
    const number = Number(typeof entry?.value === 'string' ? entry.value : 0) + 1;
    this.setText(key, String(number), entry?.expiresAtMs ?? Infinity);
    return number;
  }

  remove(key: string): void {
    this.#entries.delete(key);
  }

  expire(key: string, expiresAtMs: number, nowMs: number): number {
    const entry = this.#live(key, nowMs);
    if (entry === null) return 0;
    this.#entries.set(key, { ...entry, expiresAtMs });
    return 1;
  }

  set(key: string, nowMs: number): Set<string> {
    const value = this.#live(key, nowMs)?.value;
    if (value instanceof Set) return value;
    const empty = new Set<string>();
    this.#entries.set(key, { value: empty, expiresAtMs: Infinity });
    return empty;
  }

  hash(key: string, nowMs: number): Map<string, string> {
    const value = this.#live(key, nowMs)?.value;
    if (value instanceof Map) return value;
    const empty = new Map<string, string>();
    this.#entries.set(key, { value: empty, expiresAtMs: Infinity });
    return empty;
  }

  /** A hash or set that has lost its last member is no more, and with it the time at which it would have ended. */
  removeIfEmpty(key: string): void {
    const value = this.#entries.get(key)?.value;
    if (value !== undefined && typeof value !== 'string' && value.size === 0) this.#entries.delete(key);
  }

  #live(key: string, nowMs: number): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (entry.expiresAtMs > nowMs) return entry;
    this.#entries.delete(key);
    return null;
  }
}

function copyOf(value: Entry['value']): Entry['value'] {
  if (typeof value === 'string') return value;
  return value instanceof Set ? new Set(value) : new Map(value);
}

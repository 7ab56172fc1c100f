import type { Digest, Principal } from '@confab/contracts';

interface Entry {
  readonly principal: Principal;
  readonly untilMs: number;
}

/**
 * Tokens that were verified, by their hash, until they run out: 10,000 devices that reconnect at once bring tokens we
 * know. The least recently used goes first. Only what was accepted is kept, so that forgeries cannot fill it.
 */
export class VerifiedTokens {
  readonly #digest: Digest;
  readonly #entriesMax: number;
  readonly #entries = new Map<string, Entry>();

  constructor(digest: Digest, entriesMax: number) {
    this.#digest = digest;
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Null where the token is not known or its time is over. */
  get(token: string, nowMs: number): Principal | null {
    const hash = this.#digest.sha256Hex(token);
    const entry = this.#entries.get(hash);
    if (entry === undefined) return null;
    this.#entries.delete(hash);
    if (nowMs >= entry.untilMs) return null;
    this.#entries.set(hash, entry);
    return entry.principal;
  }

  put(token: string, principal: Principal, untilMs: number): void {
    const hash = this.#digest.sha256Hex(token);
    this.#entries.delete(hash);
    this.#entries.set(hash, { principal, untilMs });
    if (this.#entries.size <= this.#entriesMax) return;
    const oldest = this.#entries.keys().next();
    if (oldest.done !== true) this.#entries.delete(oldest.value);
  }
}

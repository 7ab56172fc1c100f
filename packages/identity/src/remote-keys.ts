import type { Clock } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { IdentityFault } from './identity-fault.ts';

/** Keys older than this are fetched again behind the tokens that come; nobody waits for it. */
const KEYS_FRESH_MS = 600_000;
/** Keys older than this are not used: so long an issuer's key endpoint may be down. */
const KEYS_STALE_MS_MAX = 3_600_000;
/** A token that names an unknown key makes us fetch at most so often. */
const UNKNOWN_KEY_COOLDOWN_MS = 30_000;
/** After a failed fetch the next one waits. */
const FAILURE_COOLDOWN_MS = 1_000;
const FETCH_TIMEOUT_MS = 3_000;

/**
 * The public keys of one issuer, from its JWKS URL. Where they cannot be had it throws ConfabError `unavailable`: the
 * token may be good, so that the client shall come again with it.
 */
export class RemoteKeys {
  readonly #clock: Clock;
  readonly #onFault: (fault: IdentityFault) => void;
  readonly #remote: ReturnType<typeof createRemoteJWKSet>;
  #fetchedAtMs = -Infinity;
  #failedAtMs = -Infinity;
  #pending: Promise<void> | null = null;

  constructor(url: URL, clock: Clock, onFault: (fault: IdentityFault) => void) {
    this.#clock = clock;
    this.#onFault = onFault;
    // When to fetch is decided here, under our own clock; jose fetches, parses and chooses the key.
    this.#remote = createRemoteJWKSet(url, {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cacheMaxAge: Infinity,
      cooldownDuration: Infinity,
    });
  }

  /** The key for a token, chosen among the issuer's own by the header's `kid` and `alg`. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const ageMs = this.#clock.nowMs() - this.#fetchedAtMs;
    if (ageMs >= KEYS_STALE_MS_MAX) await this.#reload();
    else if (ageMs >= KEYS_FRESH_MS) this.#reload().catch(() => undefined);
    try {
      return await this.#remote(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (this.#clock.nowMs() - this.#fetchedAtMs < UNKNOWN_KEY_COOLDOWN_MS) throw error;
      await this.#reload();
      return this.#remote(header, token);
    }
  };

  #reload(): Promise<void> {
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #fetch(): Promise<void> {
    if (this.#clock.nowMs() - this.#failedAtMs < FAILURE_COOLDOWN_MS) throw keysMissing();
    try {
      await this.#remote.reload();
      this.#fetchedAtMs = this.#clock.nowMs();
    } catch (error) {
      this.#failedAtMs = this.#clock.nowMs();
      this.#onFault({ where: 'identity/remote-keys', error });
      throw keysMissing();
    }
  }
}

function keysMissing(): ConfabError {
  return new ConfabError('unavailable', "The keys of the token's issuer cannot be fetched now.", {
    afterMs: FAILURE_COOLDOWN_MS,
  });
}

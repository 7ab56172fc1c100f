import type { ClientLogger, Timers } from '../client-types.ts';
import { toChatError } from '../errors.ts';
import type { AccessToken, TokenSource } from '../session/token-source.ts';

const RETRY_AFTER_MS = 5_000;
/** Platforms' timers overflow at 24 days; looking once a day is often enough. */
const TIMER_MAX_MS = 24 * 60 * 60 * 1000;

interface TokenRenewalOptions {
  readonly tokens: TokenSource;
  readonly timers: Timers;
  readonly logger: ClientLogger;
}

/** The token of one connection: which it is, which was refused, and that a live link gets a new one in time. */
export class TokenRenewal {
  readonly #options: TokenRenewalOptions;
  readonly #say: (token: string) => void;
  #current: AccessToken | null = null;
  #refused: string | null = null;
  #cancel: (() => void) | null = null;
  /** Tells a renewal under way from one whose link has gone. */
  #round = 0;

  /** `say` gives a new token to the live link. */
  constructor(options: TokenRenewalOptions, say: (token: string) => void) {
    this.#options = options;
    this.#say = say;
  }

  /** A token for a new link; never the one that was refused. */
  async token(): Promise<string> {
    this.#current = await this.#options.tokens.token(this.#refused);
    return this.#current.value;
  }

  refused(): void {
    this.#refused = this.#current?.value ?? null;
  }

  /** The link is ready with the token; from now on it is kept fresh. */
  accepted(): void {
    this.#refused = null;
    this.#later();
  }

  renewNow(): void {
    this.stop();
    void this.#renew(this.#round);
  }

  stop(): void {
    this.#round += 1;
    this.#cancel?.();
    this.#cancel = null;
  }

  #later(): void {
    const renewAtMs = this.#current?.renewAtMs ?? null;
    if (renewAtMs === null || !Number.isFinite(renewAtMs)) return;
    const delayMs = Math.min(Math.max(1000, renewAtMs - this.#options.timers.now()), TIMER_MAX_MS);
    this.#cancel = this.#options.timers.after(delayMs, () => this.renewNow());
  }

  async #renew(round: number): Promise<void> {
    const before = this.#current?.value;
    try {
      const token = await this.#options.tokens.token(this.#refused);
      if (round !== this.#round) return;
      this.#current = token;
      if (token.value !== before) this.#say(token.value);
      this.#later();
    } catch (thrown) {
      // A token that cannot be renewed works until the server says otherwise, and then the close code decides.
      this.#options.logger.warn('token not renewed', { code: toChatError(thrown).code });
      if (round === this.#round)
        this.#cancel = this.#options.timers.after(RETRY_AFTER_MS, () => this.renewNow());
    }
  }
}

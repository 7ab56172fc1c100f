import type { RequestOf, Session } from '@confab/protocol';
import { Cell } from '../cell.ts';
import type { SessionState, Timers } from '../client-types.ts';
import { ChatError } from '../errors.ts';
import type { HttpCaller } from '../http/http-caller.ts';
import type { Locks } from '../platform/locks.ts';
import type { ClientStorage } from '../storage/client-storage.ts';
import type { AccessToken, TokenSource } from './token-source.ts';

/** A token is renewed when this little, or a tenth of its life, is left. */
const RENEW_BEFORE_MS = 60_000;

/** The row `session/current`. */
interface StoredSession {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** By this device's clock. */
  readonly obtainedAtMs: number;
  readonly expiresAtMs: number;
}

interface AccountSessionOptions {
  readonly http: HttpCaller;
  readonly storage: ClientStorage;
  readonly locks: Locks;
  readonly timers: Timers;
}

/**
 * The session of this device: its tokens, in storage, shared by all tabs. Guards: one refresh at a time across tabs;
 * what another tab refreshed is taken over, because refresh tokens rotate and an old one ends the session.
 */
export class AccountSession implements TokenSource {
  readonly state = new Cell<SessionState>({ kind: 'loading' });
  readonly #options: AccountSessionOptions;
  #current: StoredSession | null = null;
  #refreshing: Promise<StoredSession> | null = null;

  constructor(options: AccountSessionOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    this.#current = await this.#stored();
    this.state.set(signedIn(this.#current) ?? { kind: 'signed_out', reason: 'never' });
  }

  async logIn(request: RequestOf<'create_session'>): Promise<void> {
    const deviceId = (await this.#options.storage.read('session', 'device')) as string | undefined;
    const known = deviceId === undefined ? {} : { deviceId };
    const session = await this.#options.http.call('create_session', { ...known, ...request });
    await this.#keep(session);
    await this.#options.storage.write([{ table: 'session', key: 'device', value: session.deviceId }]);
  }

  /** Tells the server as well as it can, and forgets the tokens in any case. */
  async logOut(): Promise<void> {
    try {
      if (this.#current !== null) await this.#options.http.call('delete_session', {});
    } catch {
      // Without the server the session ends here all the same; it can be revoked from another device.
    }
    await this.forget('logged_out');
  }

  /** The session is over. */
  async forget(reason: 'logged_out' | 'ended'): Promise<void> {
    this.#current = null;
    this.state.set({ kind: 'signed_out', reason });
    await this.#options.storage.write([{ table: 'session', key: 'current', value: undefined }]);
  }

  readonly token = async (stale: string | null): Promise<AccessToken> => {
    const current = this.#current;
    if (current === null) throw new ChatError('signed_out');
    const isRefused = stale === current.accessToken;
    if (!isRefused && this.#options.timers.now() < renewAtMs(current)) return accessToken(current);
    try {
      return accessToken(await this.#refreshed(current));
    } catch (error) {
      // The server cannot be asked just now, and the token still has some life left.
      if (!isRefused && error instanceof ChatError && error.retry === 'later') return accessToken(current);
      throw error;
    }
  };

  async #refreshed(from: StoredSession): Promise<StoredSession> {
    this.#refreshing ??= this.#refresh(from).finally(() => (this.#refreshing = null));
    return await this.#refreshing;
  }

  async #refresh(from: StoredSession): Promise<StoredSession> {
    const { locks, storage } = this.#options;
    return await locks.exclusively(`confab-refresh-${storage.name}`, async () => {
      const stored = await this.#stored();
      if (stored !== null && stored.accessToken !== from.accessToken) return this.#adopt(stored);
      try {
        return await this.#keep(
          await this.#options.http.call('refresh_session', { refreshToken: from.refreshToken }),
        );
      } catch (error) {
        if (!(error instanceof ChatError) || !isOver(error)) throw error;
        return await this.#afterRefusal(from, error);
      }
    });
  }

  /** Another tab without locks may have been first; only where it was not, the session is over. */
  async #afterRefusal(from: StoredSession, error: ChatError): Promise<StoredSession> {
    const stored = await this.#stored();
    if (stored !== null && stored.accessToken !== from.accessToken) return this.#adopt(stored);
    await this.forget('ended');
    throw error;
  }

  async #keep(session: Session): Promise<StoredSession> {
    const stored: StoredSession = {
      userId: session.userId,
      deviceId: session.deviceId,
      accessToken: session.accessToken,
      refreshToken: session.refreshToken,
      obtainedAtMs: this.#options.timers.now(),
      expiresAtMs: Date.parse(session.accessTokenExpiresAt),
    };
    await this.#options.storage.write([{ table: 'session', key: 'current', value: stored }]);
    return this.#adopt(stored);
  }

  #adopt(stored: StoredSession): StoredSession {
    this.#current = stored;
    const before = this.state.get();
    if (
      before.kind !== 'signed_in' ||
      before.userId !== stored.userId ||
      before.deviceId !== stored.deviceId
    ) {
      this.state.set(signedIn(stored) ?? before);
    }
    return stored;
  }

  async #stored(): Promise<StoredSession | null> {
    return ((await this.#options.storage.read('session', 'current')) as StoredSession | undefined) ?? null;
  }
}

function signedIn(session: StoredSession | null): SessionState | null {
  return session === null ? null : { kind: 'signed_in', userId: session.userId, deviceId: session.deviceId };
}

/** A refusal to refresh that no waiting mends. */
function isOver(error: ChatError): boolean {
  return error.code === 'session_ended' || error.code === 'unauthenticated' || error.code === 'token_expired';
}

function accessToken(session: StoredSession): AccessToken {
  return { value: session.accessToken, renewAtMs: renewAtMs(session) };
}

/**
 * When to renew. A device whose clock is ahead by hours sees every token as expired at birth; it then trusts the token
 * until the server refuses it, rather than refresh without end.
 */
function renewAtMs({ obtainedAtMs, expiresAtMs }: StoredSession): number {
  const lifeMs = expiresAtMs - obtainedAtMs;
  if (!(lifeMs > 0)) return Number.POSITIVE_INFINITY;
  return expiresAtMs - Math.min(RENEW_BEFORE_MS, lifeMs / 10);
}

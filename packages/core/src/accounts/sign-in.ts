import type {
  Accounts,
  Clock,
  DeviceRecord,
  Devices,
  Digest,
  PasswordHasher,
  Principal,
  Random,
  Tokens,
} from '@confab/contracts';
import { ConfabError, type Device, limits, type RequestOf, type Session, foldName } from '@confab/protocol';
import type { RateLimits } from '../admission/rate-limits.ts';
import type { Authenticated } from '../face/chat.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { timeText } from '../log/time-text.ts';
import type { Registration } from './accounts.ts';
import { formatRefreshToken, parseRefreshToken } from './refresh-token.ts';

/** How long the token before the newest still gives the newest, for an answer that was lost. */
const REFRESH_GRACE_MS = 60_000;
/** Tries to make room for one more device while others sign in at the same time. */
const SIGN_IN_ATTEMPTS_MAX = 4;
/** A device's last-seen time is written no more often than this. */
const TOUCH_EVERY_MS = 3_600_000;

interface SignInOptions {
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly passwords: PasswordHasher;
  readonly tokens: Tokens;
  readonly registration: Registration;
  readonly delivery: Delivery;
  readonly rateLimits: RateLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly digest: Digest;
  readonly accessTokenMs: number;
}

/** Sessions of devices: logging in, renewing, ending, and proving who a token belongs to. */
export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  async logIn(request: RequestOf<'create_session'>): Promise<Session> {
    const { accounts, passwords, rateLimits, random } = this.#options;
    const folded = foldName(request.username);
    const credentials = await accounts.credentials(folded);
    const isCounted = await this.#countGuess(folded, credentials?.userId ?? null, request.deviceId ?? null);
    const fits = await passwords.verify(request.password, credentials?.passwordHash ?? null);
    if (credentials === null || !fits) throw new ConfabError('invalid_credentials');
    if (isCounted) rateLimits.giveBack('failed_log_in', folded);
    const { userId } = credentials;
    const deviceId = request.deviceId ?? `v${random.urlSafe(22)}`;
    const device = this.#newDevice(
      userId,
      deviceId,
      request.deviceName ?? 'Unnamed device',
      random.urlSafe(16),
    );
    await this.#makeRoom(device);
    return await this.#session(device);
  }

  /** Signs a device in. Where the account has its most devices, the one that was seen longest ago is signed out. */
  async #makeRoom(device: DeviceRecord): Promise<void> {
    const { devices } = this.#options;
    for (let attempt = 0; attempt < SIGN_IN_ATTEMPTS_MAX; attempt++) {
      if (await devices.signIn(device, limits.devicesPerUserMax)) return;
      const others = (await devices.list(device.userId)).filter((other) => !other.revoked);
      const [oldest] = others.toSorted((one, other) => (one.lastSeenAt < other.lastSeenAt ? -1 : 1));
      if (oldest !== undefined) await this.#end(oldest.userId, oldest.deviceId);
    }
    throw new ConfabError('too_many_devices');
  }

  /**
   * Each try costs a token, which a right password gives back. After too many failures nobody may try the name for a
   * while, but a device that has been signed in to it: whoever guesses passwords must not keep the owner out. True where
   * a token was taken.
   */
  async #countGuess(folded: string, userId: string | null, deviceId: string | null): Promise<boolean> {
    const afterMs = this.#options.rateLimits.take('failed_log_in', folded);
    if (afterMs === 0) return true;
    const isKnown =
      userId !== null && deviceId !== null && (await this.#options.devices.get(userId, deviceId)) !== null;
    if (!isKnown) throw new ConfabError('rate_limited', 'Too many failed log-ins of this name.', { afterMs });
    return false;
  }

  #newDevice(userId: string, deviceId: string, name: string, refreshNonce: string | null): DeviceRecord {
    const nowMs = this.#options.clock.nowMs();
    const at = timeText(nowMs);
    return {
      userId,
      deviceId,
      name,
      createdAt: at,
      lastSeenAt: at,
      revoked: false,
      refreshNonce,
      refreshGeneration: 0,
      rotatedAtMs: nowMs,
      revokedAtMs: 0,
    };
  }

  async #session(device: DeviceRecord): Promise<Session> {
    const { accessTokenMs, clock, digest, tokens } = this.#options;
    const { userId, deviceId, refreshNonce, refreshGeneration } = device;
    const expiresAtMs = Math.floor((clock.nowMs() + accessTokenMs) / 1_000) * 1_000;
    const accessToken = await tokens.sign({ userId, deviceId, expiresAtMs });
    const nonce = refreshNonce ?? '';
    return {
      userId,
      deviceId,
      accessToken,
      accessTokenExpiresAt: timeText(expiresAtMs),
      refreshToken: formatRefreshToken(digest, { userId, deviceId, nonce, generation: refreshGeneration }),
    };
  }

  /**
   * Renews. The token before the newest gives the newest again, for a while; anything older was copied, and ends the
   * session of whoever holds it.
   */
  async refresh(refreshToken: string): Promise<Session> {
    const { clock, devices, digest } = this.#options;
    const token = parseRefreshToken(digest, refreshToken);
    if (token === null) throw new ConfabError('unauthenticated', 'This is no refresh token of this server.');
    const { userId, deviceId, nonce, generation } = token;
    const rotatedAtMs = clock.nowMs();
    const rotated = await devices.rotate({
      userId,
      deviceId,
      nonce,
      expectedGeneration: generation,
      rotatedAtMs,
    });
    const device = await devices.get(userId, deviceId);
    if (device === null || device.revoked || device.refreshNonce !== nonce)
      throw new ConfabError('session_ended');
    if (rotated) return await this.#session({ ...device, refreshGeneration: generation + 1 });
    const isPrevious = generation === device.refreshGeneration - 1;
    if (isPrevious && rotatedAtMs - device.rotatedAtMs <= REFRESH_GRACE_MS)
      return await this.#session(device);
    // Another reuse may have ended it in this moment, which is as well.
    await this.#end(userId, deviceId);
    throw new ConfabError('session_ended', 'An old refresh token was used again, so this session was ended.');
  }

  async list(userId: string, currentDeviceId: string): Promise<readonly Device[]> {
    const records = await this.#options.devices.list(userId);
    return records
      .filter((record) => !record.revoked)
      .map(({ deviceId, name, createdAt, lastSeenAt }) => ({
        deviceId,
        name,
        createdAt,
        lastSeenAt,
        current: deviceId === currentDeviceId,
      }));
  }

  /** Ends a device's session; its sockets close, on whatever node they are. */
  async revoke(userId: string, deviceId: string): Promise<void> {
    if (!(await this.#end(userId, deviceId))) throw new ConfabError('not_found');
  }

  async #end(userId: string, deviceId: string): Promise<boolean> {
    const { clock, delivery, devices } = this.#options;
    const hasEnded = await devices.revoke(userId, deviceId, clock.nowMs());
    if (hasEnded) await delivery.deliverRevocation(userId, deviceId);
    return hasEnded;
  }

  /** Whether a device is the user's own and not signed out. */
  async isSignedIn(userId: string, deviceId: string): Promise<boolean> {
    const device = await this.#options.devices.get(userId, deviceId);
    return device !== null && !device.revoked;
  }

  /** Whom a token speaks for, on which device; refuses tokens of revoked devices. */
  async authenticate(token: string, namedDeviceId: string | null): Promise<Authenticated> {
    const principal = await this.#options.tokens.verify(token);
    const { userId, expiresAtMs } = principal;
    if (principal.deviceId === null) return await this.#authenticateExternal(principal, namedDeviceId);
    const { deviceId } = principal;
    if (namedDeviceId !== null && namedDeviceId !== deviceId) {
      throw new ConfabError('unauthenticated', 'The token belongs to another device.');
    }
    const device = await this.#options.devices.get(userId, deviceId);
    // A token from before the device was revoked stays void when the device signs in anew.
    if (device === null || device.revoked || principal.issuedAtMs < device.revokedAtMs) {
      throw new ConfabError('session_ended');
    }
    await this.#touch(device);
    return { userId, deviceId, expiresAtMs };
  }

  /** Users of an embedding product and the devices they name are noted at first sight. */
  async #authenticateExternal(principal: Principal, namedDeviceId: string | null): Promise<Authenticated> {
    const { devices, registration } = this.#options;
    const { userId, expiresAtMs } = principal;
    const deviceId = namedDeviceId ?? 'default';
    await registration.seeExternal(userId, principal.external);
    const device = await devices.get(userId, deviceId);
    // The product signs its users in; a token it made since the device was signed out signs it in anew.
    if (device !== null && principal.issuedAtMs < device.revokedAtMs) throw new ConfabError('session_ended');
    if (device === null || device.revoked)
      await this.#makeRoom(this.#newDevice(userId, deviceId, deviceId, null));
    else await this.#touch(device);
    return { userId, deviceId, expiresAtMs };
  }

  async #touch(device: DeviceRecord): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    const at = timeText(nowMs);
    if (device.lastSeenAt > timeText(nowMs - TOUCH_EVERY_MS)) return;
    try {
      await this.#options.devices.touch(device.userId, device.deviceId, at);
    } catch (error) {
      // A store with no room for a note of when a device was seen can still be read: nobody is kept out for it.
      if (!(error instanceof ConfabError)) throw error;
    }
  }
}

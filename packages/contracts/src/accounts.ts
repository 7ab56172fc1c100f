/**
 * Users and their devices.
 *
 * - `[ACC1]` A username belongs to one account; of two that claim it at once one wins and the other is told.
 * - `[ACC2]` `putExternal` creates or updates by user id; it never touches an account with a password.
 * - `[ACC3]` A refresh rotation applies only where the stored nonce and generation are the expected ones.
 * - `[ACC4]` A revoked device stays revoked until it signs in anew; its nonce is gone, and `revokedAtMs` never goes back.
 */
export interface Accounts {
  create(account: NewAccount): Promise<'created' | 'username_taken'>;
  putExternal(user: UserRecord): Promise<void>;
  byIds(userIds: readonly string[]): Promise<ReadonlyMap<string, UserRecord>>;
  /** By folded username. */
  credentials(foldedUsername: string): Promise<Credentials | null>;
  /** Users whose folded username or folded display name begins with `prefix`, in order of that name. */
  search(foldedPrefix: string, limit: number): Promise<readonly UserRecord[]>;
}

/** A user as the store keeps them. */
export interface UserRecord {
  readonly userId: string;
  /** As written at registration; null for users of an embedding product. */
  readonly username: string | null;
  readonly displayName: string;
  readonly picture: string | null;
  readonly createdAt: string;
}

/** A user with a password; names are compared by `foldedUsername`. */
export interface NewAccount extends UserRecord {
  readonly username: string;
  readonly foldedUsername: string;
  readonly passwordHash: string;
}

/** What logging in needs of an account. */
export interface Credentials {
  readonly userId: string;
  readonly passwordHash: string;
}

/** The devices of users, and the sign-in of each. */
export interface Devices {
  /** Creates a device or signs it in anew (then not revoked, with the new nonce). False where the user has `devicesMax` others. */
  signIn(device: DeviceRecord, devicesMax: number): Promise<boolean>;
  get(userId: string, deviceId: string): Promise<DeviceRecord | null>;
  list(userId: string): Promise<readonly DeviceRecord[]>;
  /** Raises the refresh generation by one; false where nonce or generation are not the expected ones, or revoked. */
  rotate(request: RotateRequest): Promise<boolean>;
  /** True where there was a device to revoke. */
  revoke(userId: string, deviceId: string, atMs: number): Promise<boolean>;
  touch(userId: string, deviceId: string, lastSeenAt: string): Promise<void>;
  /** Which of these are revoked or unknown. */
  revokedAmong(devices: readonly DeviceKey[]): Promise<readonly DeviceKey[]>;
}

/** One device of one user. */
export interface DeviceKey {
  readonly userId: string;
  readonly deviceId: string;
}

/** A device as the store keeps it. Times are RFC 3339 in UTC, `rotatedAtMs` milliseconds since the epoch. */
export interface DeviceRecord extends DeviceKey {
  readonly name: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly revoked: boolean;
  /** Marks one sign-in; the refresh tokens of an earlier one are not valid. Null where there are none (embedded use). */
  readonly refreshNonce: string | null;
  /** The generation of the refresh token that is valid now. */
  readonly refreshGeneration: number;
  readonly rotatedAtMs: number;
  /** When the device was last revoked, 0 where never: access tokens from before are void, also after a new sign-in. */
  readonly revokedAtMs: number;
}

/** Raise the refresh generation where it is still the expected one. */
export interface RotateRequest extends DeviceKey {
  readonly nonce: string;
  readonly expectedGeneration: number;
  readonly rotatedAtMs: number;
}

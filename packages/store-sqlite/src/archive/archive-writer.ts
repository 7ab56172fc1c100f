import type { Database, Statement } from 'bun:sqlite';
import type { ArchivedAccount, DeviceRecord } from '@confab/contracts';
import { foldName } from '@confab/protocol';

type AccountParameters = [
  userId: string,
  username: string | null,
  foldedUsername: string | null,
  displayName: string,
  picture: string | null,
  createdAt: string,
  passwordHash: string | null,
];

type DeviceParameters = [
  userId: string,
  deviceId: string,
  name: string,
  createdAt: string,
  lastSeenAt: string,
  revoked: number,
  refreshNonce: string | null,
  refreshGeneration: number,
  rotatedAtMs: number,
  revokedAtMs: number,
];

/** Puts back what an archive gave, as it was: no rule of signing in or registering applies. */
export class ArchiveWriter {
  readonly #putAccount: Statement<unknown, AccountParameters>;
  readonly #addName: Statement<unknown, [string, string]>;
  readonly #putDevice: Statement<unknown, DeviceParameters>;

  constructor(db: Database) {
    this.#putAccount = db.query(
      `INSERT INTO accounts (user_id, username, folded_username, display_name, picture, created_at, password_hash)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET
         username = excluded.username, folded_username = excluded.folded_username,
         display_name = excluded.display_name, picture = excluded.picture, created_at = excluded.created_at,
         password_hash = excluded.password_hash`,
    );
    this.#addName = db.query(
      'INSERT INTO account_names (name, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
    );
    this.#putDevice = db.query(
      `INSERT OR REPLACE INTO devices (user_id, device_id, name, created_at, last_seen_at, revoked, refresh_nonce,
         refresh_generation, rotated_at_ms, revoked_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** The index of the table refuses a name that another user has. */
  putAccount({ account, devices }: ArchivedAccount): null {
    const { userId, username, foldedUsername, displayName, picture, createdAt, passwordHash } = account;
    this.#putAccount.run(userId, username, foldedUsername, displayName, picture, createdAt, passwordHash);
    if (foldedUsername !== null) this.#addName.run(foldedUsername, userId);
    this.#addName.run(foldName(displayName), userId);
    for (const device of devices) this.#putOneDevice(device);
    return null;
  }

  #putOneDevice(device: DeviceRecord): void {
    this.#putDevice.run(
      device.userId,
      device.deviceId,
      device.name,
      device.createdAt,
      device.lastSeenAt,
      device.revoked ? 1 : 0,
      device.refreshNonce,
      device.refreshGeneration,
      device.rotatedAtMs,
      device.revokedAtMs,
    );
  }
}

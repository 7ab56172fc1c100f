import type { Database, Statement } from 'bun:sqlite';
import type { DeviceRecord, NewAccount, RotateRequest, UserRecord } from '@confab/contracts';
import { foldName } from '@confab/protocol';
import type { WriteRequests, WriteResults } from '../write-requests.ts';

type AccountParameters = [
  userId: string,
  username: string | null,
  foldedUsername: string | null,
  displayName: string,
  picture: string | null,
  createdAt: string,
  passwordHash: string | null,
];

export class AccountWriter {
  readonly #byUsername: Statement<unknown, [string]>;
  readonly #add: Statement<unknown, AccountParameters>;
  readonly #external: Statement<{ display_name: string; password_hash: string | null }, [string]>;
  readonly #update: Statement<unknown, [string | null, string, string | null, string]>;
  readonly #addName: Statement<unknown, [string, string]>;
  readonly #removeName: Statement<unknown, [string, string]>;

  constructor(db: Database) {
    this.#byUsername = db.query('SELECT 1 FROM accounts WHERE folded_username = ?');
    this.#add = db.query(
      `INSERT INTO accounts (user_id, username, folded_username, display_name, picture, created_at, password_hash)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#external = db.query('SELECT display_name, password_hash FROM accounts WHERE user_id = ?');
    this.#update = db.query(
      'UPDATE accounts SET username = ?, display_name = ?, picture = ? WHERE user_id = ?',
    );
    this.#addName = db.query(
      'INSERT INTO account_names (name, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
    );
    this.#removeName = db.query('DELETE FROM account_names WHERE name = ? AND user_id = ?');
  }

  create(account: NewAccount): WriteResults['create_account'] {
    const { userId, username, foldedUsername, displayName, picture, createdAt, passwordHash } = account;
    if (this.#byUsername.get(foldedUsername) !== null) return 'username_taken';
    this.#add.run(userId, username, foldedUsername, displayName, picture, createdAt, passwordHash);
    this.#addName.run(foldedUsername, userId);
    this.#addName.run(foldName(displayName), userId);
    return 'created';
  }

  /** Whoever was seen first keeps the time of it. */
  putExternal({ userId, username, displayName, picture, createdAt }: UserRecord): null {
    const known = this.#external.get(userId);
    if (known === null) {
      this.#add.run(userId, username, null, displayName, picture, createdAt, null);
    } else if (known.password_hash === null) {
      this.#update.run(username, displayName, picture, userId);
      this.#removeName.run(foldName(known.display_name), userId);
    } else {
      return null;
    }
    this.#addName.run(foldName(displayName), userId);
    return null;
  }
}

type DeviceParameters = [
  userId: string,
  deviceId: string,
  name: string,
  createdAt: string,
  lastSeenAt: string,
  refreshNonce: string | null,
  refreshGeneration: number,
  rotatedAtMs: number,
  revokedAtMs: number,
];

export class DeviceWriter {
  readonly #others: Statement<{ count: number }, [string, string]>;
  readonly #put: Statement<unknown, DeviceParameters>;
  readonly #rotate: Statement<unknown, [number, string, string, string, number]>;
  readonly #revoke: Statement<unknown, [number, string, string]>;
  readonly #touch: Statement<unknown, [string, string, string]>;

  constructor(db: Database) {
    this.#others = db.query(
      'SELECT count(*) AS count FROM devices WHERE user_id = ? AND device_id <> ? AND revoked = 0',
    );
    this.#put = db.query(
      `INSERT OR REPLACE INTO devices (user_id, device_id, name, created_at, last_seen_at, revoked, refresh_nonce,
         refresh_generation, rotated_at_ms, revoked_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, max(?9, coalesce(
         (SELECT revoked_at_ms FROM devices WHERE user_id = ?1 AND device_id = ?2), 0)))`,
    );
    this.#rotate = db.query(
      `UPDATE devices SET refresh_generation = refresh_generation + 1, rotated_at_ms = ?
       WHERE user_id = ? AND device_id = ? AND refresh_nonce = ? AND refresh_generation = ? AND revoked = 0`,
    );
    this.#revoke = db.query(
      `UPDATE devices SET revoked = 1, refresh_nonce = NULL, revoked_at_ms = max(revoked_at_ms, ?)
       WHERE user_id = ? AND device_id = ? AND revoked = 0`,
    );
    this.#touch = db.query('UPDATE devices SET last_seen_at = ? WHERE user_id = ? AND device_id = ?');
  }

  signIn(device: DeviceRecord, devicesMax: number): boolean {
    const { userId, deviceId, name, createdAt, lastSeenAt, refreshNonce, refreshGeneration, rotatedAtMs } =
      device;
    const others = this.#others.get(userId, deviceId)?.count ?? 0;
    if (others >= devicesMax) return false;
    this.#put.run(
      userId,
      deviceId,
      name,
      createdAt,
      lastSeenAt,
      refreshNonce,
      refreshGeneration,
      rotatedAtMs,
      device.revokedAtMs,
    );
    return true;
  }

  rotate({ userId, deviceId, nonce, expectedGeneration, rotatedAtMs }: RotateRequest): boolean {
    return this.#rotate.run(rotatedAtMs, userId, deviceId, nonce, expectedGeneration).changes > 0;
  }

  revoke({ userId, deviceId, atMs }: WriteRequests['revoke']): boolean {
    return this.#revoke.run(atMs, userId, deviceId).changes > 0;
  }

  touch({ userId, deviceId, lastSeenAt }: WriteRequests['touch']): null {
    this.#touch.run(lastSeenAt, userId, deviceId);
    return null;
  }
}

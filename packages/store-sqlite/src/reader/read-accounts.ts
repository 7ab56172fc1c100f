import type { Database, Statement } from 'bun:sqlite';
import type { Credentials, DeviceKey, DeviceRecord, UserRecord } from '@confab/contracts';
import { ReadTogether } from './read-together.ts';

interface AccountRow {
  readonly user_id: string;
  readonly username: string | null;
  readonly display_name: string;
  readonly picture: string | null;
  readonly created_at: string;
}

const ACCOUNT_COLUMNS = 'a.user_id, a.username, a.display_name, a.picture, a.created_at';
/** A user has two names at most, so twice the limit of names holds enough users. */
const NAMES_PER_USER_MAX = 2;
/** Above every character that a name can have. */
const HIGHEST_CHARACTER = '\u{10ffff}';

export class AccountReader {
  readonly #together: ReadTogether;
  readonly #byId: Statement<AccountRow, [string]>;
  readonly #credentials: Statement<{ user_id: string; password_hash: string }, [string]>;
  readonly #search: Statement<AccountRow, [string, string, number]>;

  constructor(db: Database) {
    this.#together = new ReadTogether(db);
    this.#byId = db.query(`SELECT ${ACCOUNT_COLUMNS} FROM accounts a WHERE a.user_id = ?`);
    this.#credentials = db.query(
      'SELECT user_id, password_hash FROM accounts WHERE folded_username = ? AND password_hash IS NOT NULL',
    );
    this.#search = db.query(
      `SELECT ${ACCOUNT_COLUMNS} FROM account_names n CROSS JOIN accounts a ON a.user_id = n.user_id
       WHERE n.name >= ? AND n.name < ? ORDER BY n.name, n.user_id LIMIT ?`,
    );
  }

  byIds(userIds: readonly string[]): ReadonlyMap<string, UserRecord> {
    const rows = this.#together.each(userIds, (userId) => this.#byId.get(userId));
    return new Map(rows.flatMap((row) => (row === null ? [] : [[row.user_id, userRecord(row)]])));
  }

  credentials(foldedUsername: string): Credentials | null {
    const row = this.#credentials.get(foldedUsername);
    return row === null ? null : { userId: row.user_id, passwordHash: row.password_hash };
  }

  search(foldedPrefix: string, limit: number): readonly UserRecord[] {
    const found = new Map<string, UserRecord>();
    const namesMax = limit * NAMES_PER_USER_MAX;
    for (const row of this.#search.all(foldedPrefix, foldedPrefix + HIGHEST_CHARACTER, namesMax)) {
      if (found.size < limit && !found.has(row.user_id)) found.set(row.user_id, userRecord(row));
    }
    return [...found.values()];
  }
}

function userRecord(row: AccountRow): UserRecord {
  return {
    userId: row.user_id,
    username: row.username,
    displayName: row.display_name,
    picture: row.picture,
    createdAt: row.created_at,
  };
}

interface DeviceRow {
  readonly user_id: string;
  readonly device_id: string;
  readonly name: string;
  readonly created_at: string;
  readonly last_seen_at: string;
  readonly revoked: number;
  readonly refresh_nonce: string | null;
  readonly refresh_generation: number;
  readonly rotated_at_ms: number;
  readonly revoked_at_ms: number;
}

const DEVICE_COLUMNS =
  'user_id, device_id, name, created_at, last_seen_at, revoked, refresh_nonce, refresh_generation, rotated_at_ms, revoked_at_ms';

export class DeviceReader {
  readonly #together: ReadTogether;
  readonly #get: Statement<DeviceRow, [string, string]>;
  readonly #list: Statement<DeviceRow, [string]>;
  readonly #signedIn: Statement<unknown, [string, string]>;

  constructor(db: Database) {
    this.#together = new ReadTogether(db);
    this.#get = db.query(`SELECT ${DEVICE_COLUMNS} FROM devices WHERE user_id = ? AND device_id = ?`);
    this.#list = db.query(
      `SELECT ${DEVICE_COLUMNS} FROM devices WHERE user_id = ? ORDER BY created_at, device_id`,
    );
    this.#signedIn = db.query('SELECT 1 FROM devices WHERE user_id = ? AND device_id = ? AND revoked = 0');
  }

  get(userId: string, deviceId: string): DeviceRecord | null {
    const row = this.#get.get(userId, deviceId);
    return row === null ? null : deviceRecord(row);
  }

  list(userId: string): readonly DeviceRecord[] {
    return this.#list.all(userId).map(deviceRecord);
  }

  revokedAmong(devices: readonly DeviceKey[]): readonly DeviceKey[] {
    const found = this.#together.each(devices, ({ userId, deviceId }) =>
      this.#signedIn.get(userId, deviceId),
    );
    return devices.filter((_, place) => found[place] === null);
  }
}

function deviceRecord(row: DeviceRow): DeviceRecord {
  return {
    userId: row.user_id,
    deviceId: row.device_id,
    name: row.name,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    revoked: row.revoked === 1,
    refreshNonce: row.refresh_nonce,
    refreshGeneration: row.refresh_generation,
    rotatedAtMs: row.rotated_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}

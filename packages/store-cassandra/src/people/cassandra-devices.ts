import type { DeviceKey, DeviceRecord, Devices, RotateRequest } from '@confab/contracts';
import { readEach } from '../bounded.ts';
import type { CqlSession, CqlStatement } from '../cql-session.ts';
import { CqlFailure } from '../cql-failure.ts';
import { decide } from '../decide.ts';
import { retryPause } from '../retry-pause.ts';
import { Turns } from '../turns.ts';

interface DeviceRow {
  readonly device_id: string;
  readonly revision: string | null;
  readonly name: string;
  /** Null where the row was only touched, and there is no device; or where there is nothing but the revision. */
  readonly created_at: string | null;
  readonly last_seen_at: string;
  readonly revoked: boolean | null;
  readonly refresh_nonce: string;
  readonly refresh_generation: number;
  readonly rotated_at_ms: number;
  readonly revoked_at_ms: number;
  readonly changed_by: string;
  readonly touched_at: string | null;
}

interface StoredDevice {
  readonly record: DeviceRecord;
  readonly changedBy: string;
}

/** What to write of a device, or null where nothing is to be written. */
type Choice = (devices: ReadonlyMap<string, StoredDevice>) => DeviceRecord | null;

/** How often a change begins anew where others changed devices of the user meanwhile. */
const ROUNDS_MAX = 20;
/** Stands for no nonce, which no request matches. */
const NO_NONCE = '';
const MICROSECONDS_PER_MS = 1_000;

const COLUMNS = `device_id, revision, name, created_at, last_seen_at, revoked, refresh_nonce, refresh_generation,
  rotated_at_ms, revoked_at_ms, changed_by, touched_at`;
const OF_USER = `SELECT ${COLUMNS} FROM devices WHERE user_id = ?`;
const ONE = `SELECT ${COLUMNS} FROM devices WHERE user_id = ? AND device_id = ?`;
const SIGNED_IN = 'SELECT device_id, revoked FROM devices WHERE user_id = ? AND device_id IN ?';
const REVISE = 'UPDATE devices SET revision = ? WHERE user_id = ? IF revision = ?';
const PUT = `UPDATE devices SET name = ?, created_at = ?, last_seen_at = ?, revoked = ?, refresh_nonce = ?,
  refresh_generation = ?, rotated_at_ms = ?, revoked_at_ms = ?, changed_by = ? WHERE user_id = ? AND device_id = ?`;
const ROTATE = `UPDATE devices SET refresh_generation = ?, rotated_at_ms = ?, changed_by = ?
  WHERE user_id = ? AND device_id = ? IF refresh_nonce = ? AND refresh_generation = ? AND revoked = false`;
const TOUCH = 'UPDATE devices USING TIMESTAMP ? SET touched_at = ? WHERE user_id = ? AND device_id = ?';

/**
 * Devices, in one partition a user. Sign-ins and revocations read all of a user's devices, decide, and write only where
 * none has changed meanwhile, so that the bound on devices holds whoever signs in at once.
 */
export class CassandraDevices implements Devices {
  readonly #session: CqlSession;
  readonly #turns = new Turns();

  constructor(session: CqlSession) {
    this.#session = session;
  }

  signIn(device: DeviceRecord, devicesMax: number): Promise<boolean> {
    return this.#change(device, (devices) => {
      const others = [...devices.values()].filter(
        ({ record }) => !record.revoked && record.deviceId !== device.deviceId,
      );
      if (others.length >= devicesMax) return null;
      const known = devices.get(device.deviceId)?.record;
      const revokedAtMs = Math.max(device.revokedAtMs, known?.revokedAtMs ?? 0);
      return { ...device, revoked: false, revokedAtMs };
    });
  }

  async get(userId: string, deviceId: string): Promise<DeviceRecord | null> {
    const rows = await this.#session.read<DeviceRow>(ONE, [userId, deviceId]);
    return storedDevices(userId, rows).get(deviceId)?.record ?? null;
  }

  async list(userId: string): Promise<readonly DeviceRecord[]> {
    const rows = await this.#session.read<DeviceRow>(OF_USER, [userId]);
    // They come in the order of their ids, which stays where they are as old.
    return [...storedDevices(userId, rows).values()]
      .map(({ record }) => record)
      .sort((one, other) => compareText(one.createdAt, other.createdAt));
  }

  /** A refusal is final; but after a lost answer what refuses may be the rotation itself, which has our mark. */
  async rotate(request: RotateRequest): Promise<boolean> {
    const { userId, deviceId, nonce, expectedGeneration, rotatedAtMs } = request;
    if (nonce === NO_NONCE) return false;
    const changeId = crypto.randomUUID();
    const params = [
      expectedGeneration + 1,
      rotatedAtMs,
      changeId,
      userId,
      deviceId,
      nonce,
      expectedGeneration,
    ];
    const decision = await decide(this.#session, [{ cql: ROTATE, params }]);
    if (decision !== 'refused_or_ours') return decision === 'applied';
    const rows = await this.#session.readSerial<DeviceRow>(ONE, [userId, deviceId]);
    return storedDevices(userId, rows).get(deviceId)?.changedBy === changeId;
  }

  revoke(userId: string, deviceId: string, atMs: number): Promise<boolean> {
    return this.#change({ userId, deviceId }, (devices) => {
      const known = devices.get(deviceId)?.record;
      if (known === undefined || known.revoked) return null;
      return { ...known, revoked: true, refreshNonce: null, revokedAtMs: Math.max(atMs, known.revokedAtMs) };
    });
  }

  async touch(userId: string, deviceId: string, lastSeenAt: string): Promise<void> {
    const writtenAtMicros = Date.parse(lastSeenAt) * MICROSECONDS_PER_MS;
    await this.#session.write(TOUCH, [writtenAtMicros, lastSeenAt, userId, deviceId]);
  }

  async revokedAmong(devices: readonly DeviceKey[]): Promise<readonly DeviceKey[]> {
    const byUser = Map.groupBy(devices, ({ userId }) => userId);
    const signedIn = new Map<string, ReadonlySet<string>>();
    await readEach([...byUser], async ([userId, keys]) => {
      const deviceIds = [...new Set(keys.map(({ deviceId }) => deviceId))];
      const rows = await this.#session.read<DeviceRow>(SIGNED_IN, [userId, deviceIds]);
      const live = rows.filter(({ revoked }) => revoked === false);
      signedIn.set(userId, new Set(live.map((row) => row.device_id)));
    });
    return devices.filter(({ userId, deviceId }) => signedIn.get(userId)?.has(deviceId) !== true);
  }

  /** For the archive: the device as it was, without the rules of signing in. */
  async put(device: DeviceRecord): Promise<void> {
    await this.#change(device, () => device);
  }

  /**
   * Writes what is chosen and says whether it was, also where the answer of the write was lost: then the device has the
   * mark of this change, or the choice is made again.
   */
  #change({ userId, deviceId }: DeviceKey, choose: Choice): Promise<boolean> {
    return this.#turns.run(userId, async () => {
      const changeId = crypto.randomUUID();
      for (let round = 1; round <= ROUNDS_MAX; round += 1) {
        const rows = await this.#session.readSerial<DeviceRow>(OF_USER, [userId]);
        const devices = storedDevices(userId, rows);
        if (devices.get(deviceId)?.changedBy === changeId) return true;
        const chosen = choose(devices);
        if (chosen === null) return false;
        const revise = { cql: REVISE, params: [changeId, userId, rows[0]?.revision ?? null] };
        const decision = await decide(this.#session, [revise, putStatement(chosen, changeId)]);
        if (decision === 'applied') return true;
        await retryPause(round);
      }
      throw new CqlFailure('not_applied', `devices of one user changed ${ROUNDS_MAX} times meanwhile`);
    });
  }
}

function putStatement(device: DeviceRecord, changeId: string): CqlStatement {
  const params = [
    device.name,
    device.createdAt,
    device.lastSeenAt,
    device.revoked,
    device.refreshNonce ?? NO_NONCE,
    device.refreshGeneration,
    device.rotatedAtMs,
    device.revokedAtMs,
    changeId,
    device.userId,
    device.deviceId,
  ];
  return { cql: PUT, params };
}

function storedDevices(userId: string, rows: readonly DeviceRow[]): ReadonlyMap<string, StoredDevice> {
  const devices = new Map<string, StoredDevice>();
  for (const row of rows) {
    const createdAt = row.created_at;
    if (createdAt === null) continue;
    devices.set(row.device_id, {
      changedBy: row.changed_by,
      record: {
        userId,
        deviceId: row.device_id,
        name: row.name,
        createdAt,
        lastSeenAt: laterOf(row.last_seen_at, row.touched_at),
        revoked: row.revoked === true,
        refreshNonce: row.refresh_nonce === NO_NONCE ? null : row.refresh_nonce,
        refreshGeneration: row.refresh_generation,
        rotatedAtMs: row.rotated_at_ms,
        revokedAtMs: row.revoked_at_ms,
      },
    });
  }
  return devices;
}

/** Times in RFC 3339 and UTC are in the order of their text. */
function laterOf(signedInAt: string, touchedAt: string | null): string {
  return touchedAt !== null && touchedAt > signedInAt ? touchedAt : signedInAt;
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

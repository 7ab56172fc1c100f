import type {
  Accounts,
  Credentials,
  DeviceKey,
  DeviceRecord,
  Devices,
  NewAccount,
  RotateRequest,
  UserRecord,
} from '@confab/contracts';
import { foldName } from '@confab/protocol';

interface StoredUser {
  readonly user: UserRecord;
  readonly foldedUsername: string | null;
  readonly passwordHash: string | null;
}

export class MemoryAccounts implements Accounts {
  readonly #users = new Map<string, StoredUser>();
  readonly #byUsername = new Map<string, string>();

  async create(account: NewAccount): Promise<'created' | 'username_taken'> {
    const { foldedUsername, passwordHash, ...user } = account;
    if (this.#byUsername.has(foldedUsername)) return 'username_taken';
    if (this.#users.has(user.userId)) throw new Error(`a second account with the id ${user.userId}`);
    this.#byUsername.set(foldedUsername, user.userId);
    this.#users.set(user.userId, { user, foldedUsername, passwordHash });
    return 'created';
  }

  async putExternal(user: UserRecord): Promise<void> {
    const known = this.#users.get(user.userId);
    if (known !== undefined && known.passwordHash !== null) return;
    // Whoever was seen first keeps the time of it.
    const createdAt = known?.user.createdAt ?? user.createdAt;
    this.#users.set(user.userId, { user: { ...user, createdAt }, foldedUsername: null, passwordHash: null });
  }

  async byIds(userIds: readonly string[]): Promise<ReadonlyMap<string, UserRecord>> {
    const found = new Map<string, UserRecord>();
    for (const userId of userIds) {
      const known = this.#users.get(userId);
      if (known !== undefined) found.set(userId, known.user);
    }
    return found;
  }

  async credentials(foldedUsername: string): Promise<Credentials | null> {
    const userId = this.#byUsername.get(foldedUsername);
    const known = userId === undefined ? undefined : this.#users.get(userId);
    if (known === undefined || known.passwordHash === null) return null;
    return { userId: known.user.userId, passwordHash: known.passwordHash };
  }

  async search(foldedPrefix: string, limit: number): Promise<readonly UserRecord[]> {
    return [...this.#users.values()]
      .flatMap((known) => {
        const names = foldedNames(known).filter((name) => name.startsWith(foldedPrefix));
        const [name] = names.sort();
        return name === undefined ? [] : [{ name, user: known.user }];
      })
      .sort(
        (one, other) => compareText(one.name, other.name) || compareText(one.user.userId, other.user.userId),
      )
      .slice(0, limit)
      .map(({ user }) => user);
  }
}

function foldedNames({ user, foldedUsername }: StoredUser): string[] {
  const displayName = foldName(user.displayName);
  return foldedUsername === null ? [displayName] : [foldedUsername, displayName];
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

export class MemoryDevices implements Devices {
  readonly #byUser = new Map<string, Map<string, DeviceRecord>>();

  async signIn(device: DeviceRecord, devicesMax: number): Promise<boolean> {
    const devices = this.#devicesOf(device.userId);
    const others = [...devices.values()].filter(
      (other) => !other.revoked && other.deviceId !== device.deviceId,
    );
    if (others.length >= devicesMax) return false;
    const revokedAtMs = Math.max(device.revokedAtMs, devices.get(device.deviceId)?.revokedAtMs ?? 0);
    devices.set(device.deviceId, { ...device, revoked: false, revokedAtMs });
    return true;
  }

  async get(userId: string, deviceId: string): Promise<DeviceRecord | null> {
    return this.#byUser.get(userId)?.get(deviceId) ?? null;
  }

  async list(userId: string): Promise<readonly DeviceRecord[]> {
    return [...(this.#byUser.get(userId)?.values() ?? [])].sort(
      (one, other) =>
        compareText(one.createdAt, other.createdAt) || compareText(one.deviceId, other.deviceId),
    );
  }

  async rotate({
    userId,
    deviceId,
    nonce,
    expectedGeneration,
    rotatedAtMs,
  }: RotateRequest): Promise<boolean> {
    const device = this.#byUser.get(userId)?.get(deviceId);
    if (device === undefined || device.revoked) return false;
    if (device.refreshNonce !== nonce || device.refreshGeneration !== expectedGeneration) return false;
    const rotated = { ...device, refreshGeneration: expectedGeneration + 1, rotatedAtMs };
    this.#devicesOf(userId).set(deviceId, rotated);
    return true;
  }

  async revoke(userId: string, deviceId: string, atMs: number): Promise<boolean> {
    const device = this.#byUser.get(userId)?.get(deviceId);
    if (device === undefined || device.revoked) return false;
    const revoked = {
      ...device,
      revoked: true,
      refreshNonce: null,
      revokedAtMs: Math.max(atMs, device.revokedAtMs),
    };
    this.#devicesOf(userId).set(deviceId, revoked);
    return true;
  }

  async touch(userId: string, deviceId: string, lastSeenAt: string): Promise<void> {
    const device = this.#byUser.get(userId)?.get(deviceId);
    if (device !== undefined) this.#devicesOf(userId).set(deviceId, { ...device, lastSeenAt });
  }

  async revokedAmong(devices: readonly DeviceKey[]): Promise<readonly DeviceKey[]> {
    return devices.filter(
      ({ userId, deviceId }) => this.#byUser.get(userId)?.get(deviceId)?.revoked !== false,
    );
  }

  #devicesOf(userId: string): Map<string, DeviceRecord> {
    const devices = this.#byUser.get(userId) ?? new Map<string, DeviceRecord>();
    this.#byUser.set(userId, devices);
    return devices;
  }
}

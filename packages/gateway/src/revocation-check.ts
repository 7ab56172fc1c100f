import type { Clock, DeviceKey, Observer } from '@confab/contracts';
import type { Connection } from './connection.ts';

/** A revocation that the bus lost is found within this time. */
const revocationCheckMs = 30_000;
/** Devices asked for at once. */
const DEVICES_PER_QUESTION = 500;

/** What the check needs of the node. */
export interface RevocationCheckOptions {
  readonly clock: Clock;
  readonly observer: Observer;
  readonly revokedAmong: (devices: readonly DeviceKey[]) => Promise<readonly DeviceKey[]>;
}

/** Asks again and again whether the devices of open connections are still signed in. */
export class RevocationCheck {
  readonly #options: RevocationCheckOptions;
  readonly #connections: ReadonlySet<Connection>;
  #cancel: () => void;
  #isStopped = false;

  constructor(options: RevocationCheckOptions, connections: ReadonlySet<Connection>) {
    this.#options = options;
    this.#connections = connections;
    this.#cancel = options.clock.after(revocationCheckMs, this.#run);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  readonly #run = (): void => {
    void this.#check()
      .catch((error: unknown) => this.#options.observer.fault({ where: 'gateway revocation check', error }))
      .then(() => {
        if (!this.#isStopped) this.#cancel = this.#options.clock.after(revocationCheckMs, this.#run);
      });
  };

  async #check(): Promise<void> {
    const byDevice = new Map<string, Connection[]>();
    for (const connection of this.#connections) {
      const { session } = connection;
      if (session === null) continue;
      const known = byDevice.get(keyOf(session));
      if (known === undefined) byDevice.set(keyOf(session), [connection]);
      else known.push(connection);
    }
    const devices = [...byDevice.values()].flatMap(([connection]) => connection?.session ?? []);
    for (let from = 0; from < devices.length; from += DEVICES_PER_QUESTION) {
      const asked = devices
        .slice(from, from + DEVICES_PER_QUESTION)
        .map(({ userId, deviceId }) => ({ userId, deviceId }));
      for (const revoked of await this.#options.revokedAmong(asked)) {
        for (const connection of byDevice.get(keyOf(revoked)) ?? []) connection.session?.deviceRevoked();
      }
    }
  }
}

function keyOf({ userId, deviceId }: DeviceKey): string {
  return `${userId} ${deviceId}`;
}

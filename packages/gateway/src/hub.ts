import { limits } from '@confab/protocol';

/** An authenticated connection, as its neighbours of the same user see it. */
export interface Seated {
  readonly userId: string;
  readonly deviceId: string;
  readonly instanceId: string;
  /** Another connection takes its place: it ends at once, whether or not its peer still answers. */
  replaced(): void;
  /** The next of the same user; a chain, because nearly every user has one. */
  nextOfUser: Seated | null;
}

/** Who is connected here, by user. Holds the rules between connections of one device. */
export class Hub<S extends Seated> {
  readonly #first = new Map<string, Seated>();

  /** Seats a newcomer: its own earlier self goes, and the oldest where the device has too many. */
  seat(newcomer: S): void {
    let ofDevice = 0;
    let oldest: Seated | null = null;
    let earlierSelf: Seated | null = null;
    for (const other of this.of(newcomer.userId)) {
      if (other.deviceId !== newcomer.deviceId) continue;
      if (other.instanceId === newcomer.instanceId) earlierSelf = other;
      else {
        ofDevice += 1;
        oldest = other;
      }
    }
    newcomer.nextOfUser = this.#first.get(newcomer.userId) ?? null;
    this.#first.set(newcomer.userId, newcomer);
    earlierSelf?.replaced();
    if (ofDevice >= limits.connectionsPerDeviceMax) oldest?.replaced();
  }

  leave(seated: S): void {
    const first = this.#first.get(seated.userId) ?? null;
    if (first === seated) {
      if (seated.nextOfUser === null) this.#first.delete(seated.userId);
      else this.#first.set(seated.userId, seated.nextOfUser);
    } else {
      for (let one = first; one !== null; one = one.nextOfUser) {
        if (one.nextOfUser === seated) one.nextOfUser = seated.nextOfUser;
      }
    }
    seated.nextOfUser = null;
  }

  /** The newest first. */
  *of(userId: string): Generator<S> {
    for (let one = this.#first.get(userId) ?? null; one !== null; one = one.nextOfUser) yield one as S;
  }
}

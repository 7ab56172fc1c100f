import type { Keys } from '../connection/keys.ts';
import type { Connection } from '../connection/connection.ts';
import type { Environment } from '../environment.ts';
import type { ClusterSettings } from '../settings.ts';
import { formatLease, type Lease, runOf } from './lease.ts';

export type LeaseState =
  /** It has not joined, or left. */
  | 'out'
  /** It wants its lease and does not have it (yet). */
  | 'wanted'
  | 'held'
  /** A later process runs under the same node id. It keeps the place until this one joins again. */
  | 'taken';

export interface OwnLeaseOptions {
  readonly nodeId: string;
  readonly bootId: string;
  readonly environment: Environment;
  readonly keys: Keys;
  readonly settings: ClusterSettings;
}

/** The lease of this node: what it should say, and what of it is said in Redis. */
export class OwnLease {
  readonly #options: OwnLeaseOptions;
  #runNumber = 1;
  #state: LeaseState = 'out';
  #isRetired = false;
  #epoch: string | null = null;
  #renewedAtMs = -Infinity;
  /** Something of it changed that Redis does not know. */
  #isChanged = false;
  /** Whoever holds it gives way. */
  #isTaking = false;

  constructor(options: OwnLeaseOptions) {
    this.#options = options;
  }

  get state(): LeaseState {
    return this.#state;
  }

  get lease(): Lease {
    return { run: this.run, epoch: this.#epoch, isRetired: this.#isRetired };
  }

  get run(): string {
    return runOf(this.#options.bootId, this.#runNumber);
  }

  /** Whether others may still take it for alive, for all this node knows. */
  isValid(nowMs: number): boolean {
    return this.#state === 'held' && nowMs - this.#renewedAtMs < this.#options.settings.leaseMs;
  }

  isDue(nowMs: number): boolean {
    if (this.#state === 'wanted') return true;
    if (this.#state !== 'held') return false;
    return this.#isChanged || nowMs - this.#renewedAtMs >= this.#options.settings.renewEveryMs;
  }

  want(): void {
    if (this.#isRetired) this.#isChanged = true;
    this.#isRetired = false;
    if (this.#state === 'held') return;
    if (this.#state !== 'wanted') this.#renewRun();
    this.#state = 'wanted';
    this.#isTaking = true;
  }

  retire(): void {
    if (this.#state === 'out' || this.#isRetired) return;
    this.#isRetired = true;
    this.#isChanged = true;
  }

  /** All rows are written in this epoch; null: some may be missing. */
  register(epoch: string | null): void {
    if (this.#epoch === epoch) return;
    this.#epoch = epoch;
    this.#isChanged = true;
  }

  /** Its rows are outdated: it goes on under a new run, with none. */
  lapse(): void {
    if (this.#state !== 'held') return;
    this.#renewRun();
    this.#state = 'wanted';
  }

  /** Says it to Redis. True where that changed what other nodes have to know. Rejects where Redis does not answer. */
  async write(connection: Connection): Promise<boolean> {
    const { environment, keys, nodeId, bootId, settings } = this.#options;
    const way = this.#state === 'held' ? 'keep' : this.#isTaking ? 'take' : 'fresh';
    const isChange = this.#isChanged || way !== 'keep';
    this.#isChanged = false;
    const sentAtMs = environment.nowMs();
    try {
      const { lease } = this;
      const said = [nodeId, bootId, lease.run, formatLease(lease), String(settings.leaseMs)];
      const changed = isChange ? 'changed' : '';
      const answer = await connection.confabLease(...leaseKeys(keys, nodeId), ...said, way, changed);
      if (this.#state === 'out' || lease.run !== this.run) return false;
      if (answer === 'held') this.#hold(sentAtMs);
      else if (answer === 'taken') this.#state = 'taken';
      else this.lapse();
    } catch (error) {
      this.#isChanged ||= isChange;
      throw error;
    }
    return isChange;
  }

  /** Gives it up. True where it had it. Rejects where Redis does not answer: it ends by itself then. */
  async giveUp(connection: Connection): Promise<boolean> {
    const { keys, nodeId, bootId } = this.#options;
    const wasOut = this.#state === 'out';
    this.#state = 'out';
    this.#epoch = null;
    return !wasOut && (await connection.confabLeave(...leaseKeys(keys, nodeId), nodeId, bootId)) === 1;
  }

  #hold(sentAtMs: number): void {
    this.#state = 'held';
    this.#isTaking = false;
    this.#renewedAtMs = sentAtMs;
  }

  #renewRun(): void {
    this.#runNumber += 1;
    this.#epoch = null;
  }
}

function leaseKeys(keys: Keys, nodeId: string): [string, string, string] {
  return [keys.lease(nodeId), keys.nodes, keys.changes];
}

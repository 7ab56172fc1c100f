import type { NodeDirectory, NodeRecord } from '@confab/contracts';
import type { ClusterFault } from '../cluster-fault.ts';
import type { Keys } from '../connection/keys.ts';
import type { RedisPath } from '../connection/redis-path.ts';
import type { Environment } from '../environment.ts';
import type { ClusterSettings } from '../settings.ts';
import { type ClusterView, nextView } from './cluster-view.ts';
import { bootIdOf } from './lease.ts';
import { OwnLease } from './own-lease.ts';

/** Runs that said good-bye, kept to tell a leave from a death. */
const LEFT_MAX = 1_000;
/** Leases that change while they are written are written again at once, but not for ever. */
const ROUNDS_MAX = 4;

export interface DirectoryOptions {
  readonly node: NodeRecord;
  readonly environment: Environment;
  readonly path: RedisPath;
  readonly keys: Keys;
  readonly settings: ClusterSettings;
  readonly onFault: (fault: ClusterFault) => void;
}

export interface DirectoryListener {
  /** The nodes were read anew. */
  viewed(): void;
  /** It died, or another process took its place: what it had not published is lost. */
  lost(nodeId: string): void;
  left(nodeId: string): void;
  /** Another process has the place of this one, or this one has it (again). */
  placed(isTaken: boolean): void;
}

/** The nodes as this one knows them, and its own place among them. */
export class RedisDirectory implements NodeDirectory {
  readonly own: OwnLease;
  readonly #options: DirectoryOptions;
  readonly #leftRuns = new Set<string>();
  #listener: DirectoryListener | null = null;
  #view: ClusterView | null = null;
  #viewedAtMs = -Infinity;
  /** Since the way to Redis opened, the nodes were read. */
  #isCurrent = false;
  #live: readonly string[] = [];
  #owners: readonly string[] = [];
  #step: Promise<void> | null = null;
  #nextStep: Promise<void> | null = null;
  #toldFault = '';

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.own = new OwnLease({ ...options, ...options.node });
  }

  listen(listener: DirectoryListener): void {
    this.#listener = listener;
  }

  async join(node: NodeRecord): Promise<void> {
    this.#assertOwn(node);
    this.own.want();
    await this.refresh();
  }

  async retire(node: NodeRecord): Promise<void> {
    this.#assertOwn(node);
    this.own.retire();
    this.#list();
    await this.refresh();
  }

  async leave(node: NodeRecord): Promise<void> {
    this.#assertOwn(node);
    const { path, keys } = this.#options;
    const { run } = this.own;
    try {
      const hadLease = await this.own.giveUp(path.commands);
      if (hadLease) await path.publish([[keys.news, `leave ${run}`]]);
    } catch (error) {
      // The lease ends by itself, and who waits for news reads the leases every second.
      this.#fault(error);
    }
    this.#list();
    await this.refresh();
  }

  live(): readonly string[] {
    return this.#live;
  }

  owners(): readonly string[] {
    return this.#owners;
  }

  /** The nodes as Redis has them; null while it cannot be asked. */
  get current(): ClusterView | null {
    return this.#isCurrent ? this.#view : null;
  }

  /** Whether this run of a node was the one that lives when the leases were last read. */
  hasPlace(nodeId: string, bootId: string): boolean {
    const known = this.#view?.nodes.get(nodeId);
    return known !== undefined && bootIdOf(known.run) === bootId;
  }

  /** Every other node that may live, as far as it was ever known. */
  get others(): readonly string[] {
    const { nodeId } = this.#options.node;
    return [...(this.#view?.nodes.keys() ?? [])].filter((other) => other !== nodeId);
  }

  /** Looks at what is due, and forgets leases that nobody could have seen renewed. */
  tick(nowMs: number): void {
    const { path, settings } = this.#options;
    const isPollDue = nowMs - this.#viewedAtMs >= settings.pollEveryMs || !this.#isCurrent;
    if (path.isUp && this.#step === null && (isPollDue || this.own.isDue(nowMs))) void this.refresh();
    this.#list();
  }

  pathDown(): void {
    this.#isCurrent = false;
  }

  hear(news: string): void {
    const [word, run] = news.split(' ');
    if (word === 'leave' && run !== undefined) {
      this.#leftRuns.add(run);
      for (const oldest of this.#leftRuns) {
        if (this.#leftRuns.size <= LEFT_MAX) break;
        this.#leftRuns.delete(oldest);
      }
    }
    void this.refresh();
  }

  /** Resolves when the own lease is written and all leases were read, both begun after this call; or could not be. */
  refresh(): Promise<void> {
    this.#nextStep ??= (this.#step ?? Promise.resolve()).then(() => {
      const step = this.#run().finally(() => {
        if (this.#step === step) this.#step = null;
      });
      this.#step = step;
      this.#nextStep = null;
      return step;
    });
    return this.#nextStep;
  }

  async #run(): Promise<void> {
    try {
      for (let round = 0; round < ROUNDS_MAX && this.#options.path.isUp; round += 1) {
        await this.#write();
        await this.#read();
        if (!this.own.isDue(this.#options.environment.nowMs())) break;
      }
      this.#toldFault = '';
    } catch (error) {
      this.#fault(error);
    }
  }

  async #write(): Promise<void> {
    const { environment, path, keys, onFault, node } = this.#options;
    if (!this.own.isDue(environment.nowMs())) return;
    const isChange = await this.own.write(path.commands);
    const isTaken = this.own.state === 'taken';
    path.serveInbox(!isTaken);
    this.#listener?.placed(isTaken);
    if (isTaken) {
      const error = new Error(`Another process runs as node ${node.nodeId}; this one has lost its place.`);
      onFault({ where: 'cluster-redis/lease', error });
    }
    if (isChange) await path.publish([[keys.news, 'change']]);
  }

  async #read(): Promise<void> {
    const { environment, path, keys, node, settings } = this.#options;
    const asked = [keys.generation, keys.nodes, keys.changes, environment.uniqueId(), keys.lease('')];
    // What is read is as old as the question: this process may stand still until it gets to the answer.
    const nowMs = environment.nowMs();
    const polled = await path.commands.confabPoll(...asked);
    if (!path.isUp) return;
    const before = this.#view;
    const { view, lost, left } = nextView({
      before,
      polled,
      nowMs,
      leaseMs: settings.leaseMs,
      hasLeft: (run) => this.#leftRuns.has(run),
    });
    this.#view = view;
    this.#viewedAtMs = nowMs;
    this.#isCurrent = true;
    const own = view.nodes.get(node.nodeId);
    // In another registry rows may be back that this run had removed.
    const isOther = before !== null && before.epoch !== view.epoch;
    if (isOther || own?.run !== this.own.run || own.missingSinceMs !== null) this.own.lapse();
    this.#list();
    for (const nodeId of left) this.#listener?.left(nodeId);
    for (const nodeId of lost) if (nodeId !== node.nodeId) this.#listener?.lost(nodeId);
    this.#listener?.viewed();
  }

  /** An array is replaced only where it differs, so that whoever keeps it sees at a glance that nothing changed. */
  #list(): void {
    const { environment, node, settings } = this.#options;
    const nowMs = environment.nowMs();
    const live: string[] = [];
    const owners: string[] = [];
    const add = (nodeId: string, isRetired: boolean): void => {
      live.push(nodeId);
      if (!isRetired) owners.push(nodeId);
    };
    // With Redis away for so long every lease has ended, for all that is known here.
    if (nowMs - this.#viewedAtMs < settings.leaseMs) {
      for (const [nodeId, known] of this.#view?.nodes ?? []) {
        const isOwn = nodeId === node.nodeId && bootIdOf(known.run) === node.bootId;
        if (!isOwn) add(nodeId, known.isRetired);
      }
    }
    const isOwnListed = live.includes(node.nodeId);
    if (this.#isOwnLive(nowMs) && !isOwnListed) add(node.nodeId, this.own.lease.isRetired);
    this.#live = kept(this.#live, live.sort());
    this.#owners = kept(this.#owners, owners.sort());
  }

  /** Between two runs of one process it goes on living: it is only its rows that are written anew. */
  #isOwnLive(nowMs: number): boolean {
    const { node, settings } = this.#options;
    if (this.own.state !== 'wanted') return this.own.isValid(nowMs);
    return this.#live.includes(node.nodeId) && nowMs - this.#viewedAtMs < settings.leaseMs;
  }

  #assertOwn({ nodeId, bootId }: NodeRecord): void {
    const { node } = this.#options;
    if (nodeId !== node.nodeId || bootId !== node.bootId) {
      throw new Error(`This is the place of node ${node.nodeId}, run ${node.bootId}.`);
    }
  }

  /** Once for each kind of fault until all is well again; that Redis is away is told as a fault of the connection. */
  #fault(error: unknown): void {
    const text = String(error);
    if (text === this.#toldFault || !this.#options.path.isUp) return;
    this.#toldFault = text;
    this.#options.onFault({ where: 'cluster-redis/directory', error });
  }
}

function kept(before: readonly string[], now: readonly string[]): readonly string[] {
  const isSame = now.length === before.length && now.every((nodeId, at) => nodeId === before[at]);
  return isSame ? before : now;
}

import type {
  FollowerRecord,
  NodeDirectory,
  NodeRecord,
  SessionRecord,
  SessionRegistry,
} from '@confab/contracts';

/**
 * The sessions of one run of a node: user -> its connections. Nearly every user has one, which is kept without an array
 * around it, so that a session costs a map entry and nothing else.
 */
type Sessions = Map<string, string | string[]>;

/** What stands under one run of a node, and is gone with it. */
interface Run {
  readonly sessions: Sessions;
  /** The conversations it follows. */
  readonly followed: Set<string>;
}

interface NodeSeat {
  /** The run that is alive; null after it left or its lease ended. */
  bootId: string | null;
  isRetired: boolean;
  /** At most the live run, or those that claim before they join. */
  readonly runs: Map<string, Run>;
}

const done = Promise.resolve();

/**
 * Who is alive and who is where. Sessions stand under their run of a node: when the run ends they are gone with it at
 * once, without a search, and none of a later run can be hit by a release of an earlier one.
 */
export class Membership implements SessionRegistry, NodeDirectory {
  readonly #seats = new Map<string, NodeSeat>();
  #live: readonly string[] = [];
  #owners: readonly string[] = [];

  join({ nodeId, bootId }: NodeRecord): Promise<void> {
    const seat = this.#seat(nodeId);
    seat.bootId = bootId;
    seat.isRetired = false;
    for (const run of seat.runs.keys()) if (run !== bootId) seat.runs.delete(run);
    this.#list();
    return done;
  }

  retire({ nodeId, bootId }: NodeRecord): Promise<void> {
    const seat = this.#seats.get(nodeId);
    if (seat?.bootId !== bootId) return done;
    seat.isRetired = true;
    this.#list();
    return done;
  }

  leave(node: NodeRecord): Promise<void> {
    this.end(node);
    return done;
  }

  /** The run is over, by its own word or by its lease. False where it was not alive. */
  end({ nodeId, bootId }: NodeRecord): boolean {
    const seat = this.#seats.get(nodeId);
    if (seat?.bootId !== bootId) return false;
    seat.bootId = null;
    seat.runs.delete(bootId);
    this.#list();
    return true;
  }

  live(): readonly string[] {
    return this.#live;
  }

  owners(): readonly string[] {
    return this.#owners;
  }

  claim({ userId, connectionId, nodeId, bootId }: SessionRecord): Promise<void> {
    const sessions = this.#runOf({ nodeId, bootId })?.sessions;
    if (sessions === undefined) return done;
    const before = sessions.get(userId);
    if (before === undefined) sessions.set(userId, connectionId);
    else if (typeof before !== 'string') {
      if (!before.includes(connectionId)) before.push(connectionId);
    } else if (before !== connectionId) sessions.set(userId, [before, connectionId]);
    return done;
  }

  release({ userId, connectionId, nodeId, bootId }: SessionRecord): Promise<void> {
    const sessions = this.#seats.get(nodeId)?.runs.get(bootId)?.sessions;
    const before = sessions?.get(userId);
    if (sessions === undefined || before === undefined) return done;
    if (typeof before === 'string') {
      if (before === connectionId) sessions.delete(userId);
      return done;
    }
    const [first, ...others] = before.filter((one) => one !== connectionId);
    if (first === undefined) sessions.delete(userId);
    else sessions.set(userId, others.length === 0 ? first : [first, ...others]);
    return done;
  }

  locate(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = new Map<string, readonly string[]>();
    for (const nodeId of this.#live) {
      const sessions = this.#liveRun(nodeId)?.sessions;
      if (sessions === undefined) continue;
      const here = userIds.filter((userId) => sessions.has(userId));
      if (here.length > 0) found.set(nodeId, here);
    }
    return Promise.resolve(found);
  }

  follow({ conversationId, ...node }: FollowerRecord): Promise<void> {
    this.#runOf(node)?.followed.add(conversationId);
    return done;
  }

  unfollow({ conversationId, nodeId, bootId }: FollowerRecord): Promise<void> {
    this.#seats.get(nodeId)?.runs.get(bootId)?.followed.delete(conversationId);
    return done;
  }

  followers(conversationId: string): Promise<readonly string[]> {
    return Promise.resolve(
      this.#live.filter((nodeId) => this.#liveRun(nodeId)?.followed.has(conversationId) === true),
    );
  }

  #liveRun(nodeId: string): Run | undefined {
    const seat = this.#seats.get(nodeId);
    return seat === undefined || seat.bootId === null ? undefined : seat.runs.get(seat.bootId);
  }

  /** The run to note something under; undefined where another one is alive: this one could never be given. */
  #runOf({ nodeId, bootId }: NodeRecord): Run | undefined {
    const seat = this.#seat(nodeId);
    if (seat.bootId !== null && seat.bootId !== bootId) return undefined;
    let run = seat.runs.get(bootId);
    if (run === undefined) {
      run = { sessions: new Map(), followed: new Set() };
      seat.runs.set(bootId, run);
    }
    return run;
  }

  #seat(nodeId: string): NodeSeat {
    let seat = this.#seats.get(nodeId);
    if (seat === undefined) {
      seat = { bootId: null, isRetired: false, runs: new Map() };
      this.#seats.set(nodeId, seat);
    }
    return seat;
  }

  /** An array is replaced only where it differs, so that whoever keeps it sees at a glance that nothing changed. */
  #list(): void {
    const live = [...this.#seats].filter(([, seat]) => seat.bootId !== null);
    this.#live = kept(this.#live, live);
    this.#owners = kept(
      this.#owners,
      live.filter(([, seat]) => !seat.isRetired),
    );
  }
}

function kept(before: readonly string[], seats: readonly (readonly [string, NodeSeat])[]): readonly string[] {
  const now = seats.map(([nodeId]) => nodeId).sort();
  const isSame = now.length === before.length && now.every((nodeId, at) => nodeId === before[at]);
  return isSame ? before : now;
}

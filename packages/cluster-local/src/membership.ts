import type { NodeDirectory, NodeRecord, SessionRecord, SessionRegistry } from '@confab/contracts';

/**
 * The sessions of one run of a node: user -> its connections. Nearly every user has one, which is kept without an array
 * around it, so that a session costs a map entry and nothing else.
 */
type Sessions = Map<string, string | string[]>;

interface NodeSeat {
  /** The run that is alive; null after it left or its lease ended. */
  bootId: string | null;
  /** At most those of the live run, or of runs that claim before they join. */
  readonly runs: Map<string, Sessions>;
}

const done = Promise.resolve();

/**
 * Who is alive and who is where. Sessions stand under their run of a node: when the run ends they are gone with it at
 * once, without a search, and none of a later run can be hit by a release of an earlier one.
 */
export class Membership implements SessionRegistry, NodeDirectory {
  readonly #seats = new Map<string, NodeSeat>();
  #live: readonly string[] = [];

  join({ nodeId, bootId }: NodeRecord): Promise<void> {
    const seat = this.#seat(nodeId);
    seat.bootId = bootId;
    for (const run of seat.runs.keys()) if (run !== bootId) seat.runs.delete(run);
    this.#list();
    return done;
  }

  leave(node: NodeRecord): Promise<void> {
    this.end(node);
    return done;
  }

  /** The run is over, by its own word or by its lease. */
  end({ nodeId, bootId }: NodeRecord): void {
    const seat = this.#seats.get(nodeId);
    if (seat?.bootId !== bootId) return;
    seat.bootId = null;
    seat.runs.delete(bootId);
    this.#list();
  }

  live(): readonly string[] {
    return this.#live;
  }

  claim({ userId, connectionId, nodeId, bootId }: SessionRecord): Promise<void> {
    const seat = this.#seat(nodeId);
    // Another run is alive: this one could never be given.
    if (seat.bootId !== null && seat.bootId !== bootId) return done;
    let sessions = seat.runs.get(bootId);
    if (sessions === undefined) {
      sessions = new Map();
      seat.runs.set(bootId, sessions);
    }
    const before = sessions.get(userId);
    if (before === undefined) sessions.set(userId, connectionId);
    else if (typeof before !== 'string') {
      if (!before.includes(connectionId)) before.push(connectionId);
    } else if (before !== connectionId) sessions.set(userId, [before, connectionId]);
    return done;
  }

  release({ userId, connectionId, nodeId, bootId }: SessionRecord): Promise<void> {
    const sessions = this.#seats.get(nodeId)?.runs.get(bootId);
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
      const sessions = this.#liveSessions(nodeId);
      if (sessions === undefined) continue;
      const here = userIds.filter((userId) => sessions.has(userId));
      if (here.length > 0) found.set(nodeId, here);
    }
    return Promise.resolve(found);
  }

  #liveSessions(nodeId: string): Sessions | undefined {
    const seat = this.#seats.get(nodeId);
    return seat === undefined || seat.bootId === null ? undefined : seat.runs.get(seat.bootId);
  }

  #seat(nodeId: string): NodeSeat {
    let seat = this.#seats.get(nodeId);
    if (seat === undefined) {
      seat = { bootId: null, runs: new Map() };
      this.#seats.set(nodeId, seat);
    }
    return seat;
  }

  #list(): void {
    this.#live = [...this.#seats.entries()]
      .flatMap(([nodeId, seat]) => (seat.bootId === null ? [] : [nodeId]))
      .sort();
  }
}

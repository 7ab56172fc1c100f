import { createLocalCluster, type LocalCluster } from '@confab/cluster-local';
import type { ConversationLog, Digest, NodeDirectory, NodeRecord, Observer } from '@confab/contracts';
import type { ToldFault } from '../../cluster-world.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import type { Clockwork } from '../clockwork.ts';
import { SimulatedRedis } from '../infrastructure/simulated-redis.ts';
import { SimulatedRun } from '../infrastructure/simulated-run.ts';
import { SimulatedStore } from '../infrastructure/simulated-store.ts';
import type { SimulatedNetwork } from '../network/simulated-network.ts';
import type { Trace } from '../trace.ts';
import type { WorldPlan } from '../world/world-plan.ts';
import { type SharedPorts, SimulatedNode } from './simulated-node.ts';

/** A supervisor waits this long before it starts a node that has ended. */
const RESTART_MS = 1_000;
/** A node that has not stopped in good order by then is killed. */
const STOP_MS_MAX = 20_000;

export interface FleetOptions {
  readonly plan: WorldPlan;
  readonly clockwork: Clockwork;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly trace: Trace;
  readonly digest: Digest;
  readonly observer: Observer;
  readonly onFault: (fault: ToldFault) => void;
}

/** The nodes of a world, what they stand on, and the supervisor that starts them again. */
export class Fleet {
  readonly store: SimulatedStore;
  /** Null on one machine. */
  readonly redis: SimulatedRedis | null;
  readonly #options: FleetOptions;
  readonly #nodes = new Map<string, SimulatedNode>();
  /** Whom a node takes for alive, where that is not what it was told. */
  readonly #beliefs = new Map<string, readonly string[]>();
  /** The one machine's registry and bus, which die with it. */
  #local: LocalCluster | null = null;
  #boots = 0;

  constructor(options: FleetOptions) {
    const { plan, clockwork, random, onFault } = options;
    this.#options = options;
    const { clock } = clockwork;
    this.store = new SimulatedStore({ clock, random: random.fork(), bucketEvents: plan.bucketEvents });
    this.redis =
      plan.kind === 'machine' ? null : new SimulatedRedis({ clock, random: random.fork(), onFault });
  }

  /** The present run of each node that is up. */
  get nodes(): readonly SimulatedNode[] {
    return [...this.#nodes.values()].filter(({ state }) => state !== 'dead');
  }

  /** Runs that are up and take devices. */
  get serving(): readonly SimulatedNode[] {
    return this.nodes.filter(({ state }) => state === 'serving');
  }

  async start(nodeId: string): Promise<void> {
    this.#boots += 1;
    const record = { nodeId, bootId: `boot-${this.#boots}` };
    const { plan, clockwork, random, network, trace, observer } = this.#options;
    const run = new SimulatedRun(`${nodeId}/${record.bootId}`, clockwork.clock);
    trace.note(`${run.runId} starts`);
    const node = new SimulatedNode({
      record,
      run,
      clockwork,
      random: random.fork(),
      ...this.#surroundings(record, run),
      tiers: plan.tiers,
      hasRateLimits: plan.hasRateLimits,
      accessTokenMs: plan.accessTokenMs,
      observer,
    });
    this.#nodes.set(nodeId, node);
    await node.start();
    if (node.state === 'serving') network.openDoor(nodeId, node);
  }

  /** Dies between two steps: nothing it had under way goes on. The supervisor starts it again. */
  crash(node: SimulatedNode, isTold: boolean): void {
    if (node.state === 'dead') return;
    this.#end(node, isTold);
    this.#restart(node.nodeId);
  }

  /** Stops in good order, and is started again: one step of a rolling restart. */
  stop(node: SimulatedNode): void {
    if (node.state !== 'serving') return;
    this.#options.trace.note(`${node.run.runId} leaves`);
    let isDone = false;
    const end = (): void => {
      if (isDone || node.state === 'dead') return;
      isDone = true;
      this.#end(node, true);
      this.#restart(node.nodeId);
    };
    node.leave().then(end, end);
    this.#options.clockwork.clock.after(STOP_MS_MAX, end);
  }

  /** Nothing of it runs: its lease may end meanwhile. */
  pause(node: SimulatedNode, isPaused: boolean): void {
    this.#options.trace.note(`${node.run.runId} ${isPaused ? 'halts' : 'goes on'}`);
    node.run.pause(isPaused);
  }

  believe(nodeId: string, live: readonly string[] | null): void {
    if (live === null) this.#beliefs.delete(nodeId);
    else this.#beliefs.set(nodeId, live);
  }

  #end(node: SimulatedNode, isTold: boolean): void {
    const { network, trace } = this.#options;
    trace.note(`${node.run.runId} dies`);
    node.state = 'dead';
    network.closeDoor(node.nodeId, node);
    network.nodeDied(node.run, isTold);
    node.run.crash();
    if (this.redis !== null) return;
    // The store is in the same process.
    this.store.crash();
    this.#local = null;
  }

  #restart(nodeId: string): void {
    const { clockwork, onFault } = this.#options;
    clockwork.clock.after(RESTART_MS, () => {
      if (this.#nodes.get(nodeId)?.state !== 'dead') return;
      this.start(nodeId).catch((error: unknown) => {
        onFault({ where: 'start', error });
        const node = this.#nodes.get(nodeId);
        if (node !== undefined) this.crash(node, true);
      });
    });
  }

  #surroundings(
    record: NodeRecord,
    run: SimulatedRun,
  ): { readonly ports: SharedPorts; readonly leaveCluster: () => Promise<void> } {
    const { digest, onFault } = this.#options;
    const stored = this.store.portsFor(run);
    if (this.redis === null) this.#local ??= createLocalCluster({ onFault });
    const inRedis = this.redis?.join(record, run);
    const met = inRedis ?? this.#local?.node(record);
    if (met === undefined) throw new Error('a node has no place to meet others');
    const { registry, bus } = met;
    const directory = this.#directory(met.directory, record.nodeId);
    return {
      ports: { ...stored, log: this.#traced(stored.log, run), registry, bus, directory, digest },
      leaveCluster: async () => await inRedis?.close(),
    };
  }

  #traced(log: ConversationLog, { runId }: SimulatedRun): ConversationLog {
    const { trace } = this.#options;
    return {
      ...log,
      commit: async (request) => {
        const { conversationId, expectedHead, events } = request;
        trace.note(`${runId} commits ${conversationId} ${expectedHead}+${events.length}`);
        const outcome = await log.commit(request);
        trace.note(`${runId} committed ${conversationId} ${expectedHead}: ${outcome.kind}`);
        return outcome;
      },
    };
  }

  #directory(directory: NodeDirectory, nodeId: string): NodeDirectory {
    return {
      join: (node) => directory.join(node),
      retire: (node) => directory.retire(node),
      leave: (node) => directory.leave(node),
      live: () => this.#beliefs.get(nodeId) ?? directory.live(),
      owners: () => this.#beliefs.get(nodeId) ?? directory.owners(),
    };
  }
}

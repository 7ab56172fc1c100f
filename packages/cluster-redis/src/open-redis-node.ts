import type { NodeBus, NodeDirectory, NodeRecord, SessionRegistry } from '@confab/contracts';
import { type BusStats, RedisBus } from './bus/redis-bus.ts';
import type { ClusterFault } from './cluster-fault.ts';
import { CommandBatch } from './connection/command-batch.ts';
import { keysOf } from './connection/keys.ts';
import { RedisPath } from './connection/redis-path.ts';
import type { Environment } from './environment.ts';
import type { LeaseState } from './node/own-lease.ts';
import { RedisDirectory } from './node/redis-directory.ts';
import { LocalRows } from './registry/local-rows.ts';
import { RedisRegistry } from './registry/redis-registry.ts';
import { RowWriter } from './registry/row-writer.ts';
import { type ClusterSettings } from './settings.ts';

/** Ids stand in texts between spaces. */
const ID = /^[\w.:-]{1,64}$/;

export interface RedisNodeOptions {
  readonly environment: Environment;
  readonly node: NodeRecord;
  /** What every key and channel of this cluster begins with. */
  readonly prefix: string;
  readonly settings: ClusterSettings;
  readonly onFault: (fault: ClusterFault) => void;
  /** What becomes of a text that arrives, for tests: dropped, doubled or held back. */
  readonly tamper: (text: string) => readonly string[];
}

/** The ports of one node, and its end. */
export interface RedisNode {
  readonly registry: SessionRegistry;
  readonly directory: NodeDirectory;
  readonly bus: NodeBus;
  /** How it stands with Redis at this moment. */
  readonly health: () => RedisHealth;
  /** Leaves, and ends both connections and every timer; bounded, however Redis is. */
  readonly close: () => Promise<void>;
}

export interface RedisHealth {
  /** Redis answers, and what it publishes arrives. */
  readonly isUp: boolean;
  readonly lease: LeaseState;
  /** Every session of this node is in the registry, and the other nodes know it. */
  readonly isRegistered: boolean;
  /** Which registry it is, another one after each loss; null while Redis cannot be asked. */
  readonly epoch: string | null;
  /** Changes of leases that this node knows of; null while Redis cannot be asked. */
  readonly changes: string | null;
  readonly bus: BusStats;
}

/** Puts a node together and starts it; resolves once Redis answers, or has not within the time for a command. */
export async function openRedisNode(options: RedisNodeOptions): Promise<RedisNode> {
  const { opened, node } = startRedisNode(options);
  await opened;
  return node;
}

/** The same at once: `opened` resolves when Redis answered or did not, and the ports can be used meanwhile. */
export function startRedisNode(options: RedisNodeOptions): {
  readonly node: RedisNode;
  readonly opened: Promise<void>;
} {
  const { node, settings, tamper, environment } = options;
  for (const id of [node.nodeId, node.bootId])
    if (!ID.test(id)) throw new Error(`Not an id of a node: ${id}`);
  const parts = makeParts(options);
  const { path, directory, bus, registry, writer } = parts;
  const firstView = listen(parts, environment, tamper);
  const endTicks = environment.every(settings.tickMs, () => {
    const nowMs = environment.nowMs();
    path.tick(nowMs);
    directory.tick(nowMs);
    writer.look(nowMs);
    bus.tick(nowMs);
  });
  const within = (promise: Promise<void>): Promise<void> =>
    inTime(promise, settings.commandMsMax, environment);
  const open = async (): Promise<void> => {
    await within(firstView);
    if (path.isUp) return;
    path.tellAway('Redis does not answer at the start.');
    bus.pathDown();
  };
  const close = async (): Promise<void> => {
    writer.close();
    bus.close();
    await within(directory.leave(node));
    endTicks();
    path.close();
  };
  const health = (): RedisHealth => healthOf(parts);
  return { node: { registry, directory, bus, health, close }, opened: open() };
}

interface Parts {
  readonly path: RedisPath;
  readonly directory: RedisDirectory;
  readonly bus: RedisBus;
  readonly registry: RedisRegistry;
  readonly writer: RowWriter;
}

function makeParts({ node, prefix, settings, onFault, environment }: RedisNodeOptions): Parts {
  const keys = keysOf(prefix);
  const { nodeId, bootId } = node;
  const processId = environment.uniqueId().slice(0, 13);
  const path = new RedisPath({ environment, keys, nodeId, processId, settings, onFault });
  const directory = new RedisDirectory({ node, environment, path, keys, settings, onFault });
  const bus = new RedisBus({
    nodeId,
    bootId,
    path,
    directory,
    keys,
    settings,
    onFault,
    environment,
  });
  const batch = new CommandBatch(path.commands, environment, settings.commandsPerWrite);
  const shared = { node, environment, path, keys, settings, directory, batch, rows: new LocalRows() };
  const writer = new RowWriter({ ...shared, onFault, onRebuilt: () => bus.rebuilt() });
  return { path, directory, bus, writer, registry: new RedisRegistry({ ...shared, writer }) };
}

/** What each part tells the others. Resolves once the nodes were read for the first time. */
function listen(
  { path, directory, bus, registry, writer }: Parts,
  environment: Environment,
  tamper: RedisNodeOptions['tamper'],
): Promise<void> {
  const firstView = Promise.withResolvers<void>();
  directory.listen({
    viewed() {
      firstView.resolve();
      writer.look(environment.nowMs());
    },
    lost: (nodeId) => bus.nodeLost(nodeId),
    left: (nodeId) => bus.nodeLeft(nodeId),
    placed: (isTaken) => bus.placed(isTaken),
  });
  path.listen({
    up() {
      bus.pathUp();
      void directory.refresh();
      void registry.releaseMissed();
    },
    down() {
      directory.pathDown();
      bus.pathDown();
    },
    subscribed() {
      bus.resubscribed();
      void directory.refresh();
    },
    inbox(text) {
      for (const one of tamper(text)) bus.hear(one);
    },
    news: (text) => directory.hear(text),
  });
  return firstView.promise;
}

function healthOf({ path, directory, bus }: Parts): RedisHealth {
  const { own, current } = directory;
  return {
    isUp: path.isUp,
    lease: own.state,
    isRegistered: own.lease.epoch !== null && own.lease.epoch === current?.epoch,
    epoch: current?.epoch ?? null,
    changes: current?.changes ?? null,
    bus: bus.stats(),
  };
}

/** Resolves with the promise, or after so long without. */
async function inTime(promise: Promise<void>, msMax: number, environment: Environment): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = environment.after(msMax, late.resolve);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    cancel();
  }
}

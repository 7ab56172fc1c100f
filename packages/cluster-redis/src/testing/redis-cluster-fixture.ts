import type { NodeRecord } from '@confab/contracts';
import type { ClusterFixture, ClusterNodePorts } from '@confab/contracts/conformance';
import { Redis } from 'ioredis';
import type { ClusterFault } from '../cluster-fault.ts';
import { keysOf } from '../connection/keys.ts';
import { processEnvironment } from '../environment.ts';
import { openRedisNode, type RedisNode } from '../open-redis-node.ts';
import { type ClusterSettings, defaultSettings } from '../settings.ts';
import type { RedisServer } from './redis-server.ts';
import { TcpLink } from './tcp-link.ts';
import { until } from './until.ts';

/** Times short enough to wait for and long enough for a busy machine. */
export const testSettings: ClusterSettings = {
  ...defaultSettings,
  tickMs: 20,
  leaseMs: 900,
  renewEveryMs: 200,
  pollEveryMs: 100,
  echoEveryMs: 50,
  rebuildSpreadMs: 20,
  chunkPauseMs: 1,
};

export interface TestNodeOptions {
  readonly settings?: ClusterSettings;
  readonly tamper?: (text: string) => readonly string[];
}

/** A node under test, the network between it and Redis, and what it told as faults. */
export interface TestNode extends RedisNode {
  readonly record: NodeRecord;
  readonly link: TcpLink;
  readonly faults: readonly ClusterFault[];
}

let clusters = 0;

/** A cluster of its own in a Redis, of nodes that a test can cut off. */
export class RedisClusterFixture implements ClusterFixture {
  readonly redis: Redis;
  readonly prefix: string;
  readonly nodes: TestNode[] = [];
  readonly #server: RedisServer;

  constructor(server: RedisServer) {
    clusters += 1;
    this.#server = server;
    this.prefix = `test-${clusters}`;
    this.redis = new Redis(server.url);
    this.redis.on('error', () => undefined);
  }

  /** Its link is mended when it joins again. */
  async node(record: NodeRecord): Promise<ClusterNodePorts> {
    const { registry, directory, bus, link } = await this.open(record, {});
    return {
      registry,
      bus,
      directory: {
        async join(node) {
          link.mend();
          await directory.join(node);
        },
        retire: (node) => directory.retire(node),
        leave: (node) => directory.leave(node),
        live: () => directory.live(),
        owners: () => directory.owners(),
      },
    };
  }

  async open(record: NodeRecord, options: TestNodeOptions): Promise<TestNode> {
    const link = await TcpLink.to(this.#server.port);
    const faults: ClusterFault[] = [];
    const { settings = testSettings, tamper = (text: string) => [text] } = options;
    const opened = await openRedisNode({
      environment: processEnvironment({ url: link.url }, settings.commandMsMax),
      node: record,
      prefix: this.prefix,
      settings,
      tamper,
      onFault: (fault) => faults.push(fault),
    });
    const node = { ...opened, record, link, faults };
    this.nodes.push(node);
    return node;
  }

  async endLease({ nodeId, bootId }: NodeRecord): Promise<void> {
    const silent = this.nodes.filter(({ record }) => record.nodeId === nodeId && record.bootId === bootId);
    for (const { link } of silent) link.cut();
    const key = keysOf(this.prefix).lease(nodeId);
    await until(async () => (await this.redis.exists(key)) === 0);
    await until(() => silent.every(({ directory }) => !directory.live().includes(nodeId)));
  }

  async loseRegistry(): Promise<void> {
    const lua = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end`;
    await this.redis.eval(lua, 0, `${this.prefix}:*`);
  }

  /** Every node that is not cut off knows the leases of now, has its rows written, and received what was sent to it. */
  async settle(): Promise<void> {
    const keys = keysOf(this.prefix);
    await until(async () => {
      const connected = this.nodes.filter(({ link }) => !link.isCut);
      const [generation, changes] = await this.redis.mget(keys.generation, keys.changes);
      const now = { generation: generation ?? 'none', changes: changes ?? '0' };
      const leases = await this.#leases();
      return (
        connected.every(
          (node) => isSettled(node, now) && leases.every((id) => node.directory.live().includes(id)),
        ) &&
        connected.every((node) => node.directory.live().every((id) => leases.includes(id))) &&
        this.#hasAllArrived(connected)
      );
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
    for (const { link } of this.nodes) link.close();
    this.redis.disconnect();
  }

  async #leases(): Promise<string[]> {
    const lease = keysOf(this.prefix).lease('');
    return (await this.redis.keys(`${lease}*`)).map((key) => key.slice(lease.length));
  }

  #hasAllArrived(connected: readonly TestNode[]): boolean {
    return connected.every((publisher) =>
      publisher.health().bus.sent.every(({ nodeId, link, counter }) => {
        const receiver = connected.find(
          ({ record, health }) => record.nodeId === nodeId && health().lease === 'held',
        );
        const received = receiver?.health().bus.received.find((one) => one.link === link);
        return receiver === undefined || counter === 0 || received?.counter === counter;
      }),
    );
  }
}

function isSettled(
  { health }: TestNode,
  { generation, changes }: { readonly generation: string; readonly changes: string },
): boolean {
  const now = health();
  if (!now.isUp || now.changes !== changes || now.epoch?.endsWith(`:${generation}`) !== true) return false;
  return now.lease === 'out' || now.lease === 'taken' || (now.lease === 'held' && now.isRegistered);
}

import type { Envelope, NodeRecord, SessionRecord } from '@confab/contracts';
import type { ToldFault } from '../../cluster-world.ts';
import { DrivenClock } from '../../driven-clock.ts';
import { SeededRandom } from '../../seeded-random.ts';
import type { RedisWeather } from './redis-weather.ts';
import { advance, finish } from './scene-time.ts';
import { SimulatedRedis, type SimulatedRedisNode } from './simulated-redis.ts';
import { SimulatedRun } from './simulated-run.ts';

/** One run of a node in a scene, and what it heard. */
export interface SceneNode extends SimulatedRedisNode {
  readonly record: NodeRecord;
  readonly run: SimulatedRun;
  /** The numbers it was told, with their publisher: `node-a 7`. */
  readonly heard: string[];
  /** When it was told that something may be lost. */
  readonly lossesAtMs: number[];
}

/** A fleet that meets in a simulated Redis, and the time in which it lives, for tests. */
export class RedisScene {
  readonly clock = new DrivenClock(0);
  readonly faults: ToldFault[] = [];
  readonly redis: SimulatedRedis;
  readonly #numbers = new Map<string, number>();
  #boots = 0;

  constructor(seed: number) {
    const random = new SeededRandom(seed);
    this.redis = new SimulatedRedis({
      clock: this.clock,
      random,
      onFault: (fault) => this.faults.push(fault),
    });
  }

  setWeather(weather: Partial<RedisWeather>): void {
    this.redis.weather = { ...this.redis.weather, ...weather };
  }

  /** Starts a run of a node, which joins. */
  async start(nodeId: string): Promise<SceneNode> {
    this.#boots += 1;
    const record = { nodeId, bootId: `boot-${this.#boots}` };
    const run = new SimulatedRun(`${nodeId}/${record.bootId}`, this.clock);
    const joined = this.redis.join(record, run);
    const node = { ...joined, record, run, heard: [], lossesAtMs: [] } satisfies SceneNode;
    this.#listen(node);
    await this.finish(joined.opened);
    await this.finish(joined.directory.join(record));
    return node;
  }

  /** Starts several nodes that know each other. */
  async fleet(...nodeIds: readonly string[]): Promise<SceneNode[]> {
    const nodes: SceneNode[] = [];
    for (const nodeId of nodeIds) nodes.push(await this.start(nodeId));
    await this.advance(2_000);
    return nodes;
  }

  async advance(ms: number): Promise<void> {
    await advance(this.clock, ms);
  }

  /** Lets time pass until a promise is settled, at most a minute. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    return await finish(promise, this.clock);
  }

  /** Publishes the next number of a node to another one, and gives it as that one hears it. */
  publish(from: SceneNode, to: SceneNode): string {
    const way = `${from.record.nodeId} ${to.record.nodeId}`;
    const delivered = (this.#numbers.get(way) ?? 0) + 1;
    this.#numbers.set(way, delivered);
    const frame = { conversationId: from.record.nodeId, userId: 'ann', delivered };
    from.bus.publish(to.record.nodeId, { kind: 'receipt', userIds: [], frame });
    return `${from.record.nodeId} ${delivered}`;
  }

  session(node: SceneNode, userId: string): SessionRecord {
    return { ...node.record, userId, deviceId: 'web', connectionId: `${userId} at ${node.record.bootId}` };
  }

  async located(by: SceneNode, ...userIds: readonly string[]): Promise<Record<string, readonly string[]>> {
    return Object.fromEntries(await this.finish(by.registry.locate(userIds)));
  }

  #listen(node: SceneNode): void {
    node.bus.subscribe(node.record.nodeId, (envelope: Envelope) => {
      if (envelope.kind !== 'receipt') return;
      node.heard.push(`${envelope.frame.conversationId} ${envelope.frame.delivered}`);
    });
    node.bus.onLoss(node.record.nodeId, () => node.lossesAtMs.push(this.clock.nowMs()));
  }
}

/** What came of each publisher came once, and in its order. */
export function expectInOrder({ heard }: SceneNode): void {
  const last = new Map<string, number>();
  for (const one of heard) {
    const [publisher = '', number] = one.split(' ');
    if (Number(number) <= (last.get(publisher) ?? 0))
      throw new Error(`${one} came twice or late: ${heard.join(', ')}`);
    last.set(publisher, Number(number));
  }
}

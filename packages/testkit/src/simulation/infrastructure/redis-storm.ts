import { SeededRandom } from '../../seeded-random.ts';
import { expectInOrder, RedisScene, type SceneNode } from './redis-scene.ts';

const NODES = ['node-a', 'node-b', 'node-c'];
const USERS = ['ann', 'ben', 'cyd', 'dan'];
const STEPS = 300;
/** A node that was away is known to all again after this time: its lease may have ended. */
const KNOWN_AGAIN_MS = 14_000;
/** A node whose connections were ended has told what it could not write meanwhile within this time. */
const TOLD_AGAIN_MS = 1_000;
/** A node that is back has read the leases within this time. */
const LOOKED_AGAIN_MS = 3_000;
/** Of what nobody can repair the listeners hear within this time: it is kept for 10 s, then it shows, and is told. */
const TOLD_MS_MAX = 14_000;

interface Sent {
  readonly number: string;
  readonly to: SceneNode;
  readonly atMs: number;
}

/** Three nodes that talk, claim and release while everything goes wrong, and what must hold all the while. */
export class RedisStorm {
  readonly scene: RedisScene;
  nodes: SceneNode[] = [];
  readonly #random: SeededRandom;
  /** Users with a session, and the node that holds it: a claim that was answered and not released. */
  readonly #held = new Map<string, string>();
  /** Users whose session comes or goes at this moment. */
  readonly #moving = new Set<string>();
  readonly #sent: Sent[] = [];
  /** Nodes that are cut off or stand still. */
  readonly #away = new Set<string>();
  readonly #leftAtMs = new Map<string, number>();
  readonly #backAtMs = new Map<string, number>();
  /** From when on the others have to know what a node holds. */
  readonly #knownFromMs = new Map<string, number>();
  readonly #deaf = new Map<SceneNode, number>();

  constructor(seed: number) {
    this.scene = new RedisScene(seed);
    this.#random = new SeededRandom(seed);
  }

  /** Throws where a rule is broken. */
  async run(): Promise<void> {
    this.nodes = await this.scene.fleet(...NODES);
    this.scene.setWeather({
      latencyMs: { from: 0, to: 40 },
      lost: 0.02,
      lastLost: 0.1,
      doubled: 0.02,
      heldBack: 0.1,
    });
    for (let step = 0; step < STEPS; step += 1) {
      await this.#step();
      await this.scene.advance(this.#random.below(400));
    }
    this.#heal();
    this.scene.setWeather({ lost: 0, lastLost: 0, doubled: 0, heldBack: 0 });
    await this.scene.advance(20_000);
    await this.#checkEnd();
  }

  async #step(): Promise<void> {
    const [node, other] = [this.#random.pick(this.nodes), this.#random.pick(this.nodes)];
    if (!node.run.isPaused && node !== other) {
      const number = this.scene.publish(node, other);
      this.#sent.push({ number, to: other, atMs: this.#nowMs });
    }
    if (this.#random.chance(0.3) && !node.run.isPaused) this.#move(node, this.#random.pick(USERS));
    if (this.#random.chance(0.3) && !other.run.isPaused) await this.#checkLocated(other);
    if (this.#random.chance(0.02)) this.#fault();
    if (this.#random.chance(0.02)) this.#heal();
  }

  #fault(): void {
    const { redis } = this.scene;
    const node = this.#random.pick(this.nodes);
    const { nodeId } = node.record;
    const faults: readonly (() => void)[] = [
      () => redis.flush(),
      () => redis.restart(this.#random.below(3_000)),
      () => redis.failOverBackwards(this.#random.below(5_000)),
      () => redis.killSubscribers(),
      () => {
        this.#knownFromMs.set(nodeId, Math.max(this.#knownFrom(nodeId), this.#nowMs + TOLD_AGAIN_MS));
        redis.killConnections(nodeId);
      },
      () => {
        this.#leaves(nodeId);
        redis.cutOff(nodeId, true);
      },
      () => {
        this.#leaves(nodeId);
        node.run.pause(true);
      },
    ];
    this.#random.pick(faults)();
  }

  #leaves(nodeId: string): void {
    if (this.#away.has(nodeId)) return;
    this.#away.add(nodeId);
    this.#leftAtMs.set(nodeId, this.#nowMs);
  }

  #heal(): void {
    const nowMs = this.#nowMs;
    for (const node of this.nodes) {
      const { nodeId } = node.record;
      if (!this.#away.delete(nodeId)) continue;
      if (node.run.isPaused) this.#deaf.set(node, nowMs);
      node.run.pause(false);
      this.scene.redis.cutOff(nodeId, false);
      this.#backAtMs.set(nodeId, nowMs);
      this.#knownFromMs.set(nodeId, nowMs + KNOWN_AGAIN_MS);
    }
  }

  /** A user comes to a node, or leaves the one they are at. */
  #move(node: SceneNode, userId: string): void {
    if (this.#moving.has(userId)) return;
    const holderId = this.#held.get(userId);
    const holder = this.nodes.find(({ record }) => record.nodeId === holderId);
    if (holder?.run.isPaused === true) return;
    this.#moving.add(userId);
    const session = this.scene.session(holder ?? node, userId);
    const moved = holder === undefined ? node.registry.claim(session) : holder.registry.release(session);
    if (holder !== undefined) this.#held.delete(userId);
    void moved.then(() => {
      if (holder === undefined) this.#held.set(userId, node.record.nodeId);
      this.#moving.delete(userId);
    });
  }

  /** [REG4] Whoever had a session before and after the question, on a node that was not away, is in the answer. */
  async #checkLocated(by: SceneNode): Promise<void> {
    const nowMs = this.#nowMs;
    const before = new Map(this.#held);
    const located = await this.scene.located(by, ...USERS);
    const knowsUntilMs = this.#knowsUntilMs(by.record.nodeId);
    for (const [userId, nodeId] of before) {
      const isKnown = knowsUntilMs > this.#knownFrom(nodeId);
      if (this.#away.has(nodeId) || !isKnown || this.#held.get(userId) !== nodeId) continue;
      if (located[nodeId]?.includes(userId) === true) continue;
      throw new Error(`[REG4] ${by.record.nodeId} does not find ${userId} at ${nodeId}, at ${nowMs} ms`);
    }
  }

  get #nowMs(): number {
    return this.scene.clock.nowMs();
  }

  #knownFrom(nodeId: string): number {
    return this.#knownFromMs.get(nodeId) ?? -Infinity;
  }

  /** Until when it can know of others: who is away, or has just come back, knows what there was before. */
  #knowsUntilMs(nodeId: string): number {
    const nowMs = this.#nowMs;
    const isBack =
      !this.#away.has(nodeId) && nowMs - (this.#backAtMs.get(nodeId) ?? -Infinity) > LOOKED_AGAIN_MS;
    return isBack ? nowMs : (this.#leftAtMs.get(nodeId) ?? nowMs);
  }

  async #checkEnd(): Promise<void> {
    for (const node of this.nodes) {
      expectInOrder(node);
      const { isUp, lease, isRegistered } = node.health();
      const owners = node.directory.owners().join(' ');
      if (!isUp || lease !== 'held' || !isRegistered || owners !== NODES.join(' ')) {
        throw new Error(`[NODE1] ${node.record.nodeId} is not whole: ${lease}, ${owners}`);
      }
      const located = await this.scene.located(node, ...USERS);
      for (const userId of USERS) {
        const at = Object.keys(located).filter((nodeId) => located[nodeId]?.includes(userId));
        const expected = this.#held.get(userId);
        if (at.join(' ') !== (expected ?? '')) {
          throw new Error(
            `[REG1] ${node.record.nodeId} finds ${userId} at ${at.join(' ')}, not at ${expected}`,
          );
        }
      }
    }
    for (const sent of this.#sent) this.#checkHeard(sent);
  }

  /** [BUS4] It arrived, or its loss was told. */
  #checkHeard({ number, to, atMs }: Sent): void {
    if (to.heard.includes(number)) return;
    const fromMs = Math.max(atMs, this.#deaf.get(to) ?? 0);
    const isTold = to.lossesAtMs.some((toldAtMs) => toldAtMs >= atMs && toldAtMs <= fromMs + TOLD_MS_MAX);
    if (!isTold) throw new Error(`[BUS4] ${to.record.nodeId} does not hear of ${number} of ${atMs} ms`);
  }
}

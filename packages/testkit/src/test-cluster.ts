import type { Observer, StoredEvent } from '@confab/contracts';
import { createLocalCluster } from '@confab/cluster-local';
import { deliveryTiers, type DeliveryTier } from '@confab/conversation';
import type { Caller, RequestContext } from '@confab/core';
import { createDigest, createTokens } from '@confab/identity';
import type { ConversationSummary, LogEvent, RequestOf, Verb } from '@confab/protocol';
import {
  callerOf,
  fieldOf,
  type ClusterWorld,
  type TestReply,
  type TestUser,
  type ToldFault,
} from './cluster-world.ts';
import { DrivenClock } from './driven-clock.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';
import { plainPasswords } from './plain-passwords.ts';
import { Schedule } from './schedule.ts';
import { SeededRandom } from './seeded-random.ts';
import { TestDevice } from './test-device.ts';
import { createTestNode, type TestNode } from './test-node.ts';

/** 2026-01-01T00:00:00Z. */
const START_MS = 1_767_225_600_000;

/** How a cluster begins. */
export interface TestClusterOptions {
  readonly nodes: number;
  /** The same seed gives the same run. */
  readonly seed: number;
  /** Whether requests are refused for coming too fast. */
  readonly rateLimits: boolean;
  readonly tiers: readonly DeliveryTier[];
  /** Events in one bucket of the store: no commit crosses the end of one. */
  readonly bucketEvents: number;
}

const ALONE: RequestContext = { lane: null, gone: null };
const PASSWORD = 'correct horse';

/**
 * A whole cluster in one process over one store: nodes that speak over a local bus, time that stands still until it is
 * advanced, chance from a seed. Where `schedule.isHolding`, every call of a port waits for its turn.
 */
export class TestCluster {
  readonly store: MemoryStore;
  readonly clock = new DrivenClock(START_MS);
  readonly random: SeededRandom;
  readonly schedule: Schedule;
  readonly faults: ToldFault[] = [];
  readonly nodes: TestNode[] = [];
  readonly devices: TestDevice[] = [];
  readonly #world: ClusterWorld;
  readonly #chance: SeededRandom;
  #boots = 0;

  constructor(options: TestClusterOptions) {
    this.store = createMemoryStore({ bucketEvents: options.bucketEvents });
    this.random = new SeededRandom(options.seed);
    this.#chance = this.random.fork();
    this.schedule = new Schedule(this.random.fork());
    const secret = new Uint8Array(32).fill(7);
    const digest = createDigest(secret);
    const onFault = (fault: ToldFault): void => void this.faults.push(fault);
    this.#world = {
      store: this.store,
      clock: this.clock,
      schedule: this.schedule,
      cluster: createLocalCluster({ onFault }),
      digest,
      passwords: plainPasswords,
      tokens: createTokens({ secret, issuers: [], clock: this.clock, digest, onFault }),
      observer: observerOf(onFault),
      rateLimits: options.rateLimits,
      tiers: options.tiers,
    };
  }

  /** Starts a node; under the id of one that has crashed or stopped it is that one, back again. */
  async start(nodeId: string): Promise<TestNode> {
    this.#boots += 1;
    const bootId = `boot-${this.#boots}`;
    const node = createTestNode({ world: this.#world, nodeId, bootId, random: this.#chance.fork() });
    const index = this.nodes.findIndex((other) => other.nodeId === nodeId);
    if (index === -1) this.nodes.push(node);
    else this.nodes[index] = node;
    await node.chat.start();
    return node;
  }

  /** A node by its place in the order of their first start. */
  node(index: number): TestNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** Runs what can run without the clock moving. */
  async settle(): Promise<void> {
    await this.schedule.settle();
  }

  /** Moves the clock, firing what is due on the way and settling after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    await this.settle();
    while (this.clock.fireNext(untilMs)) await this.settle();
    await this.settle();
  }

  /** Registers users, through the first node. */
  async users(...names: readonly string[]): Promise<TestUser[]> {
    const users: TestUser[] = [];
    for (const username of names) {
      const request = { username, password: PASSWORD };
      const { answer } = await this.ask('create_account', { kind: 'anyone' }, request);
      users.push({ userId: String(answer?.['userId']), username, password: PASSWORD });
    }
    return users;
  }

  /** A group of its owner and these members; gives its id. */
  async group(owner: TestUser, members: readonly TestUser[]): Promise<string> {
    const memberIds = members.map(({ userId }) => userId);
    const clientMessageId = this.random.urlSafe(22);
    return await this.#conversation(owner, { conversationType: 'group', memberIds, clientMessageId });
  }

  /** The direct conversation of two users; gives its id. */
  async direct(one: TestUser, other: TestUser): Promise<string> {
    return await this.#conversation(one, { conversationType: 'direct', memberIds: [other.userId] });
  }

  async #conversation(user: TestUser, request: RequestOf<'create_conversation'>): Promise<string> {
    const reply = await this.ask('create_conversation', callerOf(user), request);
    return fieldOf<ConversationSummary>(reply, 'conversation').conversationId;
  }

  /** A device of a user, signed in and not connected yet. */
  device(user: TestUser, name: string): TestDevice {
    const device = new TestDevice({ cluster: this, user, deviceId: `${user.username}-${name}` });
    this.devices.push(device);
    return device;
  }

  /** Asks a node (the first, where none is named) and settles meanwhile; rejects with the ConfabError that refuses. */
  async ask<V extends Verb>(
    verb: V,
    caller: Caller,
    request: RequestOf<V>,
    node = this.node(0),
  ): Promise<TestReply> {
    return await this.finish(this.begin(verb, caller, request, node));
  }

  /** Asks a node and settles nothing: the answer comes when the test lets it. */
  async begin<V extends Verb>(
    verb: V,
    caller: Caller,
    request: RequestOf<V>,
    node = this.node(0),
  ): Promise<TestReply> {
    const { json, existing } = await node.chat.handle(verb, caller, request, ALONE);
    return { answer: json === null ? null : (JSON.parse(json) as Record<string, unknown>), existing };
  }

  /** Settles until a promise is settled, and gives what it came to. */
  async finish<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => undefined);
    await this.settle();
    return await promise;
  }

  /** The log of a conversation as the store has it. */
  async stored(conversationId: string): Promise<readonly StoredEvent[]> {
    const all = {
      after: 0,
      before: null,
      limit: Number.MAX_SAFE_INTEGER,
      bytesMax: Number.MAX_SAFE_INTEGER,
      type: null,
    };
    return await this.store.log.read({ conversationId, ...all });
  }

  /** The same as frames. */
  async log(conversationId: string): Promise<readonly LogEvent[]> {
    return (await this.stored(conversationId)).map((event) => JSON.parse(event.json) as LogEvent);
  }

  /** The id of a user's own log. */
  ownLogId(userId: string): string {
    return `s${this.#world.digest.sha256Id(`4:self${userId.length}:${userId}`)}`;
  }

  /** Ends devices and nodes that are still up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.schedule.isHolding = false;
    await this.settle();
    for (const device of this.devices) device.vanish();
    for (const node of this.nodes) if (!node.isCrashed) node.crash();
  }
}

/** A started cluster; `await using` ends it. */
export async function createTestCluster(options: Partial<TestClusterOptions> = {}): Promise<TestCluster> {
  const given = {
    nodes: 1,
    seed: 1,
    rateLimits: false,
    tiers: deliveryTiers,
    bucketEvents: 1_000,
    ...options,
  };
  const cluster = new TestCluster(given);
  for (let index = 0; index < given.nodes; index++) await cluster.start(`node-${index}`);
  return cluster;
}

function observerOf(onFault: (fault: ToldFault) => void): Observer {
  return {
    messageCommitted: () => undefined,
    commitRefused: () => undefined,
    delivered: () => undefined,
    lossRepaired: () => undefined,
    requestRefused: () => undefined,
    connectionOpened: () => undefined,
    connectionReady: () => undefined,
    connectionClosed: () => undefined,
    workFailed: () => undefined,
    fault: ({ where, error }) => onFault({ where, error }),
  };
}

import { expect, test } from 'bun:test';
import { deliveryTiers } from '@confab/conversation';
import { ConfabError, type RequestOf, type Verb } from '@confab/protocol';
import {
  callerOf,
  changeOf,
  checkHistory,
  createTestCluster,
  type PendingSend,
  type RecordingSession,
  type TestCluster,
  type TestDevice,
  type TestUser,
} from '@confab/testkit';

const SEEDS = 300;
/** As they are, and with a group of any size delivered to followers, or told of by ticks. */
const TIERS = [
  deliveryTiers,
  ...(['followers', 'ticks'] as const).map((delivery) =>
    deliveryTiers.map((tier) => (tier.type === 'group' ? { ...tier, delivery } : tier)),
  ),
];
const ACTIONS = 60;

/** One random world: everything happens at once, in an order that the seed gives. */
class World {
  readonly cluster: TestCluster;
  readonly users: readonly TestUser[];
  readonly devices: readonly TestDevice[];
  readonly conversationIds: readonly string[];
  readonly unexpected: unknown[] = [];
  /** Client ids whose answer has not come, and the connection it would come on. */
  readonly #inFlight = new Map<string, RecordingSession | null>();
  #messages = 0;
  #changes = 0;
  /** Envelopes were lost, receipts among them, which nothing but the next look at the list makes good. */
  #hasLost = false;

  private constructor(cluster: TestCluster, users: readonly TestUser[], conversationIds: readonly string[]) {
    this.cluster = cluster;
    this.users = users;
    this.conversationIds = conversationIds;
    this.devices = users.flatMap((user) => [cluster.device(user, 'phone'), cluster.device(user, 'web')]);
  }

  static async begin(seed: number): Promise<World> {
    const cluster = await createTestCluster({
      nodes: 2 + (seed % 2),
      seed,
      bucketEvents: seed % 4 === 0 ? 7 : 1_000,
      tiers: TIERS[seed % TIERS.length] ?? deliveryTiers,
    });
    const users = await cluster.users('ann', 'bob', 'cyd', 'dan');
    const [ann, bob] = users as [TestUser, TestUser];
    const ids = [await cluster.group(ann, users), await cluster.direct(ann, bob)];
    await cluster.settle();
    const world = new World(cluster, users, ids);
    for (const device of world.devices) await device.connect(cluster.random.pick(cluster.nodes));
    cluster.schedule.isHolding = true;
    return world;
  }

  async run(): Promise<void> {
    const { cluster } = this;
    const { random } = cluster;
    for (let action = 0; action < ACTIONS; action++) {
      await this.#act();
      for (let steps = random.below(25); steps > 0 && (await cluster.schedule.step()); steps--);
      if (random.chance(0.1)) await cluster.advance(random.below(3_000));
    }
  }

  /** Everybody comes back, nothing fails any more, and all that is left is done. */
  async end(): Promise<void> {
    const { cluster } = this;
    for (const node of cluster.nodes) {
      node.believesLive = null;
      node.isCutOff = false;
      node.isLosing = false;
    }
    await cluster.advance(120_000);
    for (const device of this.devices) {
      // Those that are connected must find by themselves what was lost on its way to them.
      if (device.session?.isLive !== true)
        await cluster.finish(device.connect(cluster.random.pick(cluster.nodes)));
    }
    for (const device of this.devices) {
      for (const send of device.pending.values()) this.#begin(device.resend(send));
    }
    await cluster.advance(60_000);
    for (const device of this.devices) {
      for (const conversationId of this.#hasLost ? [...device.unread.keys()] : []) {
        device.unread.delete(conversationId);
        device.behind.add(conversationId);
      }
      await cluster.finish(device.level());
    }
    await cluster.advance(1_000);
  }

  async #act(): Promise<void> {
    const { random } = this.cluster;
    const device = random.pick(this.devices);
    const dice = random.below(100);
    if (dice < 40) this.#send(device);
    else if (dice < 52) this.#receipt(device);
    else if (dice < 66) this.#reconnect(device);
    else if (dice < 71) this.#begin(device.level());
    else if (dice < 83) this.#changeMembers();
    else if (dice < 91) this.#failCommits();
    else if (dice < 96) this.#disagree();
    else await this.#restart();
  }

  /**
   * First in, first out: what was refused goes again, in order, before anything new; several are sent at once. Once one
   * was refused, all behind it is taken for refused too, whether its answer has come or not.
   */
  #send(device: TestDevice): void {
    if (device.session?.isLive !== true) return;
    const conversationId = this.cluster.random.pick(this.conversationIds);
    const waiting = [...device.pending.values()].filter((send) => send.conversationId === conversationId);
    const refused = waiting.findIndex((send) => this.#inFlight.get(send.clientMessageId) !== device.session);
    if (refused >= 0) for (const send of waiting.slice(refused)) this.#begin(this.#resend(device, send));
    for (let count = 1 + this.cluster.random.below(3); count > 0; count--) {
      this.#messages += 1;
      const clientMessageId = this.cluster.random.urlSafe(22);
      const body = `${device.deviceId} says ${this.#messages}`;
      this.#begin(this.#resend(device, { conversationId, clientMessageId, body }));
    }
  }

  async #resend(device: TestDevice, send: PendingSend): Promise<void> {
    const { clientMessageId } = send;
    const { session } = device;
    this.#inFlight.set(clientMessageId, session);
    try {
      await device.resend(send);
    } finally {
      if (this.#inFlight.get(clientMessageId) === session) this.#inFlight.delete(clientMessageId);
    }
  }

  #receipt(device: TestDevice): void {
    if (device.session?.isLive !== true) return;
    const { random } = this.cluster;
    const conversationId = random.pick(this.conversationIds);
    const reached = device.logs.get(conversationId)?.reached ?? 0;
    const sequence = random.below(reached + 2);
    const kind = random.pick(['read', 'delivered'] as const);
    this.#begin(device.request('receipt', { conversationId, [kind]: sequence }));
  }

  #reconnect(device: TestDevice): void {
    const { random, nodes } = this.cluster;
    if (random.chance(0.3)) this.#begin(device.disconnect());
    else this.#begin(device.connect(random.pick(nodes)));
  }

  #changeMembers(): void {
    const [ann, ...others] = this.users as [TestUser, ...TestUser[]];
    const [conversationId] = this.conversationIds as [string];
    const { random } = this.cluster;
    const { userId } = random.pick(others);
    this.#changes += 1;
    const clientMessageId = `change-of-members-${1_000_000 + this.#changes}`;
    if (random.chance(0.5)) {
      this.#ask('add_members', ann, { conversationId, clientMessageId, userIds: [userId] });
    } else {
      this.#ask('remove_member', ann, { conversationId, clientMessageId, userId });
    }
  }

  #ask<V extends Verb>(verb: V, user: TestUser, request: RequestOf<V>): void {
    const { cluster } = this;
    this.#begin(cluster.begin(verb, callerOf(user), request, cluster.random.pick(cluster.nodes)));
  }

  #failCommits(): void {
    const { random, store } = this.cluster;
    const faults = Array.from({ length: 1 + random.below(2) }, () =>
      random.pick(['unavailable', 'unknown_applied', 'unknown_not_applied'] as const),
    );
    store.failNextCommits(...faults);
  }

  /** Nodes that see the cluster differently write the same conversation. */
  #disagree(): void {
    const { random } = this.cluster;
    const node = random.pick(this.cluster.nodes);
    node.believesLive = random.chance(0.5) ? [node.nodeId] : null;
    node.isCutOff = random.chance(0.2);
    node.isLosing = random.chance(0.3);
    this.#hasLost ||= node.isLosing;
  }

  async #restart(): Promise<void> {
    const { cluster } = this;
    const node = cluster.random.pick(cluster.nodes);
    node.crash();
    for (const device of this.devices) if (device.node === node) device.vanish();
    await cluster.start(node.nodeId);
  }

  /** Does something without waiting for it. What a crashed node still owes never comes. */
  #begin(promise: Promise<unknown>): void {
    void this.#tolerate(promise);
  }

  async #tolerate(promise: Promise<unknown>): Promise<void> {
    try {
      await promise;
    } catch (error) {
      const isEnded = error instanceof Error && error.message === 'the session is closed';
      if (!(error instanceof ConfabError) && !isEnded) this.unexpected.push(error);
    }
  }
}

/**
 * [G2.2]: what a device sent to a conversation stands in the order sent. Not that of a user who was removed: what was
 * refused for good then, with an answer that was lost, may be sent again after a rejoin.
 */
async function outOfOrder(world: World): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const conversationId of world.conversationIds) {
    const last = new Map<string, number>();
    const log = await world.cluster.log(conversationId);
    const removed = world.users.filter(({ userId }) =>
      log.some((event) => changeOf(event, userId) === 'left'),
    );
    for (const event of log) {
      if (event.type !== 'message_event' || removed.some(({ userId }) => userId === event.senderId)) continue;
      const [deviceId, number] = event.body.split(' says ') as [string, string];
      if (Number(number) < (last.get(deviceId) ?? 0)) wrong.push(`${event.body} after ${last.get(deviceId)}`);
      last.set(deviceId, Number(number));
    }
  }
  return wrong;
}

test('[G1.2] [G2.1] [G2.2] [G3.1] [G4.1] [G4.4] [G5.1] [G5.3] [G6.1] random worlds', async () => {
  // To see one world again: bun test packages/core/src/worlds.test.ts with its number here.
  const from = 1;
  let events = 0;
  let changes = 0;
  for (let seed = from; seed < from + SEEDS; seed++) {
    const world = await World.begin(seed);
    await using cluster = world.cluster;
    await world.run();
    await world.end();
    const wrong = [...(await checkHistory(cluster, world.conversationIds)), ...(await outOfOrder(world))];
    const noise = [...world.unexpected, ...cluster.faults];
    if (wrong.length + noise.length > 0) throw new Error(`seed ${seed}: ${[...wrong, ...noise].join('\n')}`);
    const [group] = world.conversationIds as [string];
    const log = await cluster.log(group);
    events += log.length;
    changes += log.filter((event) =>
      world.users.some((user) => changeOf(event, user.userId) !== null),
    ).length;
  }
  // The worlds are not empty ones.
  expect(events / SEEDS).toBeGreaterThan(15);
  expect(changes / SEEDS).toBeGreaterThan(2);
}, 120_000);

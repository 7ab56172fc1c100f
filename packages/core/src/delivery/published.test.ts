import { expect, test } from 'bun:test';
import type { Envelope, EventsEnvelope, NodeBus, Observer, SessionRegistry } from '@confab/contracts';
import { type ConversationState, deliveryTiers } from '@confab/conversation';
import { DrivenClock, turn } from '@confab/testkit';
import type { Planned } from '../log/batch.ts';
import { Delivery } from './delivery.ts';

const GROUP = 'g1';

/** What a node puts on the bus, where the registry says what the test lets it say. */
class PublishingWorld {
  /** The users of each node, of those asked for. */
  locate: SessionRegistry['locate'] = async () => new Map();
  followers: readonly string[] = [];
  readonly published: { readonly nodeId: string; readonly envelope: Envelope }[] = [];
  readonly faults: unknown[] = [];
  readonly clock = new DrivenClock(0);
  readonly delivery: Delivery;
  #sequence = 1;

  constructor(delivery: 'push' | 'followers') {
    this.delivery = new Delivery({
      node: { nodeId: 'n1' },
      registry: {
        locate: async (userIds: readonly string[]) => await this.locate(userIds),
        followers: async () => this.followers,
      } as Partial<SessionRegistry> as SessionRegistry,
      bus: {
        publish: (nodeId: string, envelope: Envelope) => void this.published.push({ nodeId, envelope }),
      } as Partial<NodeBus> as NodeBus,
      clock: this.clock,
      observer: {
        fault: ({ error }: { error: unknown }) => void this.faults.push(error),
      } as Partial<Observer> as Observer,
      tiers: deliveryTiers.map((tier) => ({ ...tier, delivery })),
    });
  }

  /** Delivers the next event of a group of Ann and Bob, and gives the envelopes of all so far. */
  async deliver(conversationId = GROUP): Promise<readonly (readonly [string, EventsEnvelope])[]> {
    this.#sequence += 1;
    const head = { sequence: this.#sequence };
    const members = new Map(['ann', 'bob'].map((userId) => [userId, {}]));
    const state = { conversationId, type: 'group', members, head } as unknown as ConversationState;
    const event = { conversationId, sequence: this.#sequence };
    this.delivery.deliver([{ event, state, joined: [], departed: [] } as unknown as Planned]);
    await turn();
    return this.published.flatMap(({ nodeId, envelope }) =>
      envelope.kind === 'events' ? [[nodeId, envelope] as const] : [],
    );
  }
}

test('[G9.4] a node that follows and holds members is named them while they are looked up, the others are not', async () => {
  const world = new PublishingWorld('followers');
  world.locate = async () => new Map([['n2', ['bob']]]);
  world.followers = ['n2', 'n3'];
  const published = await world.deliver();
  expect(
    published.map(([nodeId, { isFollowed, deliveries }]) => [
      nodeId,
      isFollowed,
      deliveries.map(({ userIds }) => userIds),
    ]),
  ).toEqual([
    ['n2', true, [['bob']]],
    ['n3', true, [null]],
  ]);
});

test('[BUS1] an event waits for all before it, also where the first of them is out meanwhile', async () => {
  const world = new PublishingWorld('push');
  const lookUps: (() => void)[] = [];
  world.locate = async () => {
    await new Promise<void>((resolve) => void lookUps.push(resolve));
    return new Map([['n2', ['bob']]]);
  };
  await world.deliver();
  await world.deliver();
  lookUps[0]?.();
  await turn();
  await world.deliver();
  // The second is looked up, and the third not yet.
  expect(lookUps).toHaveLength(2);
  for (const index of [1, 2]) {
    lookUps[index]?.();
    await turn();
  }
  const sequences = world.published.flatMap(({ envelope }) =>
    envelope.kind === 'events' ? envelope.deliveries.map(({ sequence }) => sequence) : [],
  );
  expect(sequences).toEqual([2, 3, 4]);
});

test('[BUS1] where the members of one event cannot be found, it is said, and those after it go out', async () => {
  const world = new PublishingWorld('push');
  const fault = new Error('told to fail');
  world.locate = async () => await Promise.reject(fault);
  expect(await world.deliver()).toEqual([]);
  world.locate = async () => new Map([['n2', ['ann', 'bob']]]);
  const published = await world.deliver();
  expect(published.map(([, { deliveries }]) => deliveries.map(({ sequence }) => sequence))).toEqual([[3]]);
  expect(world.faults).toEqual([fault]);
  await world.delivery.stop();
});

test('[P8.2] [P8.3] each node is told of a watermark for the users it holds, and for no others', async () => {
  const world = new PublishingWorld('push');
  const byNode: readonly (readonly [string, readonly string[]])[] = [
    ['n1', ['ann']],
    ['n2', ['bob', 'cyd']],
  ];
  world.locate = async () => new Map(byNode);
  const frame = { conversationId: GROUP, userId: 'dan', read: 2 };
  await world.delivery.deliverReceipt(['ann', 'bob', 'cyd', 'eve'], frame);
  await world.delivery.deliverTyping(['ann', 'bob', 'cyd', 'eve'], GROUP, 'dan');
  expect(world.published).toEqual([
    ...byNode.map(([nodeId, userIds]) => ({
      nodeId,
      envelope: { kind: 'receipt', userIds, frame } as const,
    })),
    ...byNode.map(([nodeId, userIds]) => ({
      nodeId,
      envelope: { kind: 'typing', userIds, conversationId: GROUP, userId: 'dan' } as const,
    })),
  ]);
});

test('[G8.1] of conversations with followers a bounded number of look-ups is remembered; the first are forgotten', async () => {
  const world = new PublishingWorld('followers');
  let lookUps = 0;
  world.locate = async () => {
    lookUps += 1;
    return new Map();
  };
  const remembered = 10_000;
  for (let index = 0; index <= remembered; index += 1) await world.deliver(`g${index}`);
  world.clock.fireNext(6_000);
  lookUps = 0;
  await world.deliver(`g${remembered}`);
  expect(lookUps).toBe(0);
  await world.deliver('g0');
  expect(lookUps).toBe(1);
});

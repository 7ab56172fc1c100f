import { expect, test } from 'bun:test';
import type { ConversationLog, SessionRegistry, Views } from '@confab/contracts';
import { turn } from '@confab/testkit';
import { FollowedConversations } from './followed.ts';

const GROUP = 'g1';

/** One group whose members, head and look-ups the test decides, and one node that follows it. */
class FollowedWorld {
  head = 1;
  /** Members in the store, each with the sequence of their join. */
  readonly members = new Map([
    ['bob', 1],
    ['cyd', 1],
  ]);
  readonly here = new Set(['bob', 'cyd']);
  unfollowed = 0;
  /** While true, answers about memberships wait here. */
  isHolding = false;
  readonly held: { readonly resolve: () => void; readonly reject: () => void }[] = [];
  followFaults = 0;
  /** While true, readings of the members wait here; what they give is what stands there in the end. */
  isHoldingRows = false;
  readonly heldRows: (() => void)[] = [];
  readonly told: { readonly sequence: number; readonly userIds: readonly string[] }[] = [];
  readonly followed: FollowedConversations;

  constructor() {
    this.followed = new FollowedConversations({
      registry: {
        follow: async () => {
          if (this.followFaults-- > 0) throw new Error('told to fail');
        },
        unfollow: async () => void (this.unfollowed += 1),
      } as Partial<SessionRegistry> as SessionRegistry,
      log: {
        heads: async () => new Map([[GROUP, { sequence: this.head }]]),
      } as unknown as ConversationLog,
      views: { list: this.#rows, getMany: this.#membership } as unknown as Views,
      node: { nodeId: 'n1', bootId: 'b1' },
      isHere: (userId) => this.here.has(userId),
      tellBehind: (_, sequence, userIds) => void this.told.push({ sequence, userIds: [...userIds] }),
      onFault: () => undefined,
    });
  }

  /** Bob follows, and nobody holds Cyd. */
  static async withBob(): Promise<FollowedWorld> {
    const world = new FollowedWorld();
    world.here.delete('cyd');
    await world.followed.listen(GROUP, 'bob');
    world.here.add('cyd');
    world.isHolding = true;
    return world;
  }

  /** The next event of the log arrives; gives who is handed it. */
  arrive(sequence: number, departed: readonly string[] = []): readonly string[] | null {
    this.head = Math.max(this.head, sequence);
    const delivery = {
      sequence,
      ordinal: 0,
      eventId: '',
      sentAt: '',
      senderId: '',
      clientMessageId: '',
      json: '',
    };
    return this.followed.recipientsOf(GROUP, { ...delivery, userIds: null, joined: [], departed });
  }

  answer(index: number): void {
    this.held[index]?.resolve();
  }

  readonly #rows = async () => {
    if (this.isHoldingRows) await new Promise<void>((resolve) => this.heldRows.push(resolve));
    return [...this.members].map(([key, joinedSequence]) => ({ key, value: { joinedSequence } }));
  };

  readonly #membership = async (_view: string, [place]: readonly { readonly partition: string }[]) => {
    const to = this.members.has(place?.partition ?? '') ? null : this.head;
    if (this.isHolding) {
      await new Promise<void>((resolve, fail) => {
        this.held.push({ resolve, reject: () => fail(new Error('told to fail')) });
      });
    }
    const from = this.members.get(place?.partition ?? '') ?? 1;
    return [{ key: GROUP, value: { from, to } }];
  };
}

test('[G5.1] [G9.4] an answer from before a hole does not bring back who was removed in it', async () => {
  const world = await FollowedWorld.withBob();
  const listening = world.followed.listen(GROUP, 'cyd');
  await turn();
  world.members.delete('cyd');
  world.arrive(3);
  await turn();
  world.answer(0);
  await listening;
  expect(world.arrive(4)).toEqual(['bob']);
});

test('[G5.1] [G9.4] of two sessions that ask, neither answer from before a removal counts after it', async () => {
  const world = await FollowedWorld.withBob();
  const one = world.followed.listen(GROUP, 'cyd');
  await turn();
  world.members.delete('cyd');
  expect(world.arrive(2, ['cyd'])).toEqual(['bob']);
  const two = world.followed.listen(GROUP, 'cyd');
  await turn();
  world.answer(0);
  await one;
  expect(world.arrive(3)).toEqual(['bob']);
  world.answer(1);
  await two;
  expect(world.arrive(4)).toEqual(['bob']);
});

test('[G9.2] a look-up that fails does not make another session of the same member deaf', async () => {
  const world = await FollowedWorld.withBob();
  const one = world.followed.listen(GROUP, 'cyd').catch(() => 'failed');
  const two = world.followed.listen(GROUP, 'cyd');
  await turn();
  world.held[0]?.reject();
  expect(await one).toBe('failed');
  world.answer(1);
  await two;
  expect(world.arrive(2)).toEqual(['bob', 'cyd']);
});

test('[G9.4] a hole in which the only member here left and another joined does not end the following', async () => {
  const world = new FollowedWorld();
  world.members.delete('cyd');
  await world.followed.listen(GROUP, 'bob');
  world.members.delete('bob');
  world.members.set('cyd', 2);
  world.arrive(4);
  await turn();
  expect(world.unfollowed).toBe(0);
  expect(world.arrive(5)).toEqual(['cyd']);
});

test('[G9.4] who goes while members are read is not kept, and the last one ends the following', async () => {
  const world = new FollowedWorld();
  const listening = world.followed.listen(GROUP, 'bob');
  world.here.clear();
  world.followed.leave('bob');
  await listening;
  expect(world.unfollowed).toBe(1);
  expect(world.followed.membersOf(GROUP)).toBeNull();
});

test('[G9.4] a registry that refuses once is no reason to stay unsure for ever', async () => {
  const world = new FollowedWorld();
  world.followFaults = 1;
  await world.followed.listen(GROUP, 'bob');
  world.arrive(2);
  await turn();
  expect(world.arrive(3)).toEqual(['bob', 'cyd']);
});

/** Bob and Cyd follow, and after a hole up to 4 the members are being read. */
async function afterHole(): Promise<FollowedWorld> {
  const world = new FollowedWorld();
  await world.followed.listen(GROUP, 'bob');
  world.isHoldingRows = true;
  world.arrive(4);
  await turn();
  return world;
}

async function release(world: FollowedWorld): Promise<void> {
  world.isHoldingRows = false;
  for (const resolve of world.heldRows.splice(0)) resolve();
  await turn();
}

test('[G5.1] [G9.4] who is removed while the members are read gets nothing after it', async () => {
  const world = await afterHole();
  world.arrive(5, ['cyd']);
  await release(world);
  expect(world.arrive(6)).toEqual(['bob']);
});

test('[G5.1] [G9.4] a hole while the members are read is a reason to read them again', async () => {
  const world = await afterHole();
  world.arrive(7);
  for (const resolve of world.heldRows.splice(0)) resolve();
  await turn();
  world.members.delete('cyd');
  await release(world);
  expect(world.arrive(8)).toEqual(['bob']);
});

test('[G5.3] [G9.4] who joins while the members are read is given nothing from before the join', async () => {
  const world = await afterHole();
  world.here.add('dan');
  world.members.set('dan', 6);
  await release(world);
  expect(world.arrive(5)).toEqual(['bob', 'cyd']);
});

test('[G9.2] [G9.4] after a hole all members here are told how far it reaches', async () => {
  const world = await afterHole();
  world.told.length = 0;
  await release(world);
  expect(world.told).toEqual([{ sequence: 4, userIds: ['bob', 'cyd'] }]);
});

test('[G9.4] an event that comes twice is handed over once, and is no hole', async () => {
  const world = new FollowedWorld();
  await world.followed.listen(GROUP, 'bob');
  expect([world.arrive(2), world.arrive(2), world.arrive(1), world.arrive(3)]).toEqual([
    ['bob', 'cyd'],
    [],
    [],
    ['bob', 'cyd'],
  ]);
});

test('[G5.3] who joined beyond what the node has seen is handed nothing from before', async () => {
  const world = await FollowedWorld.withBob();
  world.members.set('cyd', 4);
  world.head = 4;
  const listening = world.followed.listen(GROUP, 'cyd');
  await turn();
  world.answer(0);
  await listening;
  expect([2, 3, 4].map((sequence) => world.arrive(sequence))).toEqual([['bob'], ['bob'], ['bob', 'cyd']]);
});

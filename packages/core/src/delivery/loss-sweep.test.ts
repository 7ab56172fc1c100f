import { expect, test } from 'bun:test';
import type { ConversationLog, NodeBus, Observer, SessionRegistry, Views } from '@confab/contracts';
import {
  callerOf,
  createTestCluster,
  DrivenClock,
  RecordingSession,
  type TestUser,
  turn,
} from '@confab/testkit';
import { LocalSessions } from './local-sessions.ts';
import { LossSweep } from './loss-sweep.ts';

const GRACE_MS = 250;

function sessionOf(userId: string): RecordingSession {
  const common = { deviceId: 'd', connectionId: 'c', openedAtMs: 0, onTold: () => undefined };
  return new RecordingSession({ userId, ...common });
}

test('[G9.2] a conversation that a session notes while the sweep looks who is here is looked after on', async () => {
  const second = Promise.withResolvers<void>();
  let pages = 0;
  const page = Array.from({ length: 1_000 }, (_, index) => ({ key: `a${index}` }));
  const views = {
    list: async () => {
      pages += 1;
      if (pages === 1) return page;
      await second.promise;
      return [];
    },
  } as unknown as Views;
  const log = { heads: async () => new Map([['d1', { sequence: 2 }]]) } as unknown as ConversationLog;
  const registry = { claim: async () => undefined } as unknown as SessionRegistry;
  const node = { nodeId: 'n', bootId: 'b' };
  const sessions = new LocalSessions({ registry, log, views, node, onFault: () => undefined });
  sessions.handed.note('d1', 1);
  const clock = new DrivenClock(0);
  const bus = { onLoss: () => () => undefined } as unknown as NodeBus;
  const sweep = new LossSweep({ nodeId: 'n', log, views, bus, clock, observer: {} as Observer, sessions });
  sweep.start();
  await turn();
  clock.fireNext(GRACE_MS);
  await turn();
  expect(pages).toBe(2);
  await sessions.attach(sessionOf('a5'));
  sessions.handed.note('d1', 2);
  second.resolve();
  await turn();
  expect([...sessions.handed.conversations()]).toEqual(['d1']);
  await sweep.stop();
});

/** Bob on the second node, in a group whose events the first node writes. */
async function openCluster() {
  const cluster = await createTestCluster({ nodes: 2 });
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  for (const node of cluster.nodes) node.believesLive = ['node-0'];
  const group = await cluster.group(ann, [bob]);
  await cluster.settle();
  const device = cluster.device(bob, 'phone');
  await device.connect(cluster.node(1));
  const say = async (body: string): Promise<void> => {
    const request = { conversationId: group, clientMessageId: body.padEnd(22, '-'), body };
    await cluster.ask('send_message', callerOf(ann), request);
  };
  const told = (): number[] =>
    (device.session?.told ?? []).flatMap((one) =>
      one.kind === 'behind' && one.conversationId === group ? [one.sequence] : [],
    );
  return { cluster, say, told };
}

test('[G9.2] [BUS4] what is lost is found at once where the bus tells of a loss', async () => {
  const { cluster, say, told } = await openCluster();
  await using _ = cluster;
  cluster.node(0).isLosing = true;
  await say('lost');
  await cluster.settle();
  expect(told()).toEqual([]);
  // Its end is the loss of all that it may have committed and not published.
  cluster.node(0).crash();
  await cluster.advance(GRACE_MS + 50);
  expect(told()).toEqual([2]);
});

test('[G9.2] who joined while all was lost is told of what comes, though their device asks this node for nothing', async () => {
  const cluster = await createTestCluster({ nodes: 2 });
  await using _ = cluster;
  const [ann, bob] = (await cluster.users('ann', 'bob')) as [TestUser, TestUser];
  for (const node of cluster.nodes) node.believesLive = ['node-0'];
  const group = await cluster.group(ann, []);
  // So that there is an own log to be asked for.
  await cluster.group(bob, []);
  await cluster.settle();
  const device = cluster.device(bob, 'phone');
  await device.connect(cluster.node(1));
  cluster.node(0).isLosing = true;
  const change = { conversationId: group, clientMessageId: 'add-bob'.padEnd(22, '-'), userIds: [bob.userId] };
  await cluster.ask('add_members', callerOf(ann), change);
  await cluster.advance(12_000);
  const request = { conversationId: group, clientMessageId: 'hello'.padEnd(22, '-'), body: 'hello' };
  await cluster.ask('send_message', callerOf(ann), request);
  await cluster.advance(12_000);
  expect(device.session?.told).toContainEqual({ kind: 'behind', conversationId: group, sequence: 3 });
});

test('[G9.2] a store that fails at times is asked again, and so is a conversation that is lost twice', async () => {
  const { cluster, say, told } = await openCluster();
  await using _ = cluster;
  cluster.node(0).isLosing = true;
  const heads = cluster.store.log.heads.bind(cluster.store.log);
  cluster.store.log.heads = () => Promise.reject(new Error('told to fail'));
  await cluster.advance(12_000);
  cluster.store.log.heads = heads;
  cluster.faults.length = 0;
  await say('lost once');
  await cluster.advance(12_000);
  expect(told()).toEqual([2]);
  await say('lost again');
  await cluster.advance(12_000);
  expect(told()).toEqual([2, 3]);
});

/** A sweep over one conversation noted up to 1, whose head is 2 where nothing else is answered, and Ann's session. */
async function sweepOf(
  members: readonly string[],
  head: () => Promise<{ sequence: number }> = async () => ({ sequence: 2 }),
) {
  const views = { list: async () => members.map((key) => ({ key })) } as unknown as Views;
  const log = { heads: async () => new Map([['d1', await head()]]) } as unknown as ConversationLog;
  const registry = { claim: async () => undefined } as unknown as SessionRegistry;
  const node = { nodeId: 'n', bootId: 'b' };
  const sessions = new LocalSessions({ registry, log, views, node, onFault: () => undefined });
  const session = sessionOf('ann');
  session.isLive = true;
  await sessions.attach(session);
  sessions.handed.note('d1', 1);
  const clock = new DrivenClock(0);
  let listeners = 0;
  const bus = {
    onLoss: () => {
      listeners += 1;
      return () => void (listeners -= 1);
    },
  } as unknown as NodeBus;
  const observer = { lossRepaired: () => undefined } as unknown as Observer;
  const sweep = new LossSweep({ nodeId: 'n', log, views, bus, clock, observer, sessions });
  sweep.start();
  await turn();
  return { sessions, session, clock, sweep, listeners: () => listeners };
}

test('[G9.2] what arrives while it may be on its way is nothing to tell of', async () => {
  const { sessions, session, clock, sweep } = await sweepOf(['ann']);
  sessions.handed.raise('d1', 2);
  clock.fireNext(GRACE_MS);
  await turn();
  expect(session.told).toEqual([]);
  await sweep.stop();
});

test('[G8.1] a conversation of which nobody is here any more is looked after no longer', async () => {
  const { sessions, clock, sweep, listeners } = await sweepOf(['bob']);
  clock.fireNext(GRACE_MS);
  await turn();
  expect([...sessions.handed.conversations()]).toEqual([]);
  expect(listeners()).toBe(1);
  await sweep.stop();
  expect(listeners()).toBe(0);
});

/** The same, where the test answers what the head is. */
async function heldSweep() {
  const answers: ((head: { sequence: number }) => void)[] = [];
  const scene = await sweepOf(['ann'], () => new Promise((resolve) => void answers.push(resolve)));
  const answer = async (sequence: number): Promise<void> => {
    answers.shift()?.({ sequence });
    await turn();
  };
  return { ...scene, answer };
}

test('[G9.2] [BUS4] what is lost while a round has passed it by already is found by another one at once', async () => {
  const { session, clock, sweep, answer } = await heldSweep();
  // The store was asked before anything was lost, and says so.
  sweep.hurry();
  await answer(1);
  await answer(2);
  clock.fireNext(GRACE_MS);
  await turn();
  expect(session.told).toEqual([{ kind: 'behind', conversationId: 'd1', sequence: 2 }]);
  await answer(2);
  await sweep.stop();
});

test('a sweep that is stopped while it asks the store waits for its answer, and for nothing else', async () => {
  const { clock, sweep, answer } = await heldSweep();
  let hasStopped = false;
  const stopped = sweep.stop().then(() => (hasStopped = true));
  await turn();
  expect(hasStopped).toBe(false);
  await answer(1);
  expect([hasStopped, clock.untilNextMs]).toEqual([true, null]);
  await stopped;
});

test('[G9.2] all that was joined where an own log was lost is looked after, on however many pages it stands', async () => {
  const joins = [2, 3, 4].map((sequence) => ({
    conversationId: 'sann',
    sequence,
    json: JSON.stringify({
      type: 'membership_event',
      change: 'joined',
      senderId: 'ann',
      targetConversationId: `g${sequence}`,
      targetSequence: sequence * 10,
    }),
  }));
  const log = {
    heads: async () => new Map([['sann', { sequence: 4 }]]),
    read: async ({ after }: { after: number }) => joins.filter(({ sequence }) => sequence === after + 1),
  } as unknown as ConversationLog;
  const views = { list: async () => [{ key: 'ann' }] } as unknown as Views;
  const registry = { claim: async () => undefined } as unknown as SessionRegistry;
  const node = { nodeId: 'n', bootId: 'b' };
  const sessions = new LocalSessions({ registry, log, views, node, onFault: () => undefined });
  await sessions.attach(sessionOf('ann'));
  sessions.handed.note('sann', 1);
  const clock = new DrivenClock(0);
  const bus = { onLoss: () => () => undefined } as unknown as NodeBus;
  const observer = { lossRepaired: () => undefined } as unknown as Observer;
  const sweep = new LossSweep({ nodeId: 'n', log, views, bus, clock, observer, sessions });
  sweep.start();
  await turn();
  clock.fireNext(GRACE_MS);
  await turn();
  expect(joins.map(({ sequence }) => sessions.handed.reached(`g${sequence}`))).toEqual([20, 30, 40]);
  await sweep.stop();
});

test('[G8.1] [G9.2] a round asks for all conversations, each once and so many at a time', async () => {
  const asked: number[] = [];
  const log = {
    heads: async (conversationIds: readonly string[]) => {
      asked.push(conversationIds.length);
      return new Map();
    },
  } as unknown as ConversationLog;
  const views = {} as Views;
  const node = { nodeId: 'n', bootId: 'b' };
  const registry = {} as SessionRegistry;
  const sessions = new LocalSessions({ registry, log, views, node, onFault: () => undefined });
  for (let index = 0; index < 250; index += 1) sessions.handed.note(`g${index}`, 1);
  const clock = new DrivenClock(0);
  const bus = { onLoss: () => () => undefined } as unknown as NodeBus;
  const sweep = new LossSweep({ nodeId: 'n', log, views, bus, clock, observer: {} as Observer, sessions });
  sweep.start();
  for (let parts = 0; parts < 3; parts += 1) {
    await turn();
    clock.fireNext(clock.nowMs() + 5_000);
  }
  await turn();
  expect(asked.slice(0, 3)).toEqual([100, 100, 50]);
  await sweep.stop();
});

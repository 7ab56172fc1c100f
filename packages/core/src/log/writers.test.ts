import { expect, test } from 'bun:test';
import type { CommitRequest, ConversationLog, NodeBus, Observer } from '@confab/contracts';
import type { Command } from '@confab/conversation';
import { ConfabError } from '@confab/protocol';
import { createMemoryStore, DrivenClock, SeededRandom, turn } from '@confab/testkit';
import type { ForwardedAnswers, ForwardedCommands } from './forwarder.ts';
import { Writers } from './writers.ts';

const WRITERS_MAX = 10_000;

const sha256Hex = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('hex');
const silent = (): void => undefined;
const passed = (): Promise<void> => Promise.resolve();
const observer: Observer = {
  messageCommitted: silent,
  commitRefused: silent,
  delivered: silent,
  lossRepaired: silent,
  requestRefused: silent,
  connectionOpened: silent,
  connectionReady: silent,
  connectionClosed: silent,
  workFailed: silent,
  fault: ({ error }) => {
    throw error;
  },
};

function sendOf(conversationId: string, clientMessageId: string, mentions: readonly string[] = []): Command {
  const common = { conversationId, actorId: 'ann', clientMessageId, body: clientMessageId };
  return { verb: 'send_message', ...common, format: null, replyTo: null, mentions };
}

/** The writers of node n1 over a store in memory; what is asked of other nodes is answered by the test. */
class Scene {
  readonly store = createMemoryStore();
  /** Conversations whose head was read, each time it was. */
  readonly headReads: string[] = [];
  readonly asked: ((answers: ForwardedAnswers) => void)[] = [];
  owner = 'n1';
  /** Does what another node sends on; null once no more is taken. */
  responder: ((request: unknown) => Promise<unknown>) | null = null;
  /** What a commit, and a look at a head, waits for. */
  beforeCommit: (request: CommitRequest) => Promise<void> = passed;
  beforeHead: (conversationId: string | undefined) => Promise<void> = passed;
  readonly writers: Writers;

  constructor() {
    const { log, views } = this.store;
    const watched: ConversationLog = {
      commit: async (request) => {
        await this.beforeCommit(request);
        return await log.commit(request);
      },
      heads: async (conversationIds) => {
        this.headReads.push(...conversationIds);
        await this.beforeHead(conversationIds[0]);
        return await log.heads(conversationIds);
      },
      room: (head) => log.room(head),
      read: (request) => log.read(request),
      findByClientIds: (conversationId, keys) => log.findByClientIds(conversationId, keys),
      countOwn: (questions) => log.countOwn(questions),
    };
    const bus: NodeBus = {
      publish: silent,
      subscribe: () => silent,
      onLoss: () => silent,
      respond: (_nodeId, responder) => {
        this.responder = responder;
        return () => {
          this.responder = null;
        };
      },
      request: () => new Promise((resolve) => this.asked.push(resolve)),
    };
    const directory = { join: passed, retire: passed, leave: passed };
    const owners = new Map<string, readonly string[]>();
    const listed = (): readonly string[] => {
      const list = owners.get(this.owner) ?? [this.owner];
      owners.set(this.owner, list);
      return list;
    };
    this.writers = new Writers({
      nodeId: 'n1',
      log: watched,
      views,
      directory: { ...directory, live: listed, owners: listed },
      bus,
      clock: new DrivenClock(0),
      random: new SeededRandom(1),
      digest: { sha256Hex, sha256Id: sha256Hex, keyed: sha256Hex },
      observer,
      onCommitted: silent,
      onRepeated: silent,
    });
  }

  async create(conversationId: string): Promise<void> {
    const common = { conversationId, actorId: 'ann', clientMessageId: 'created' };
    const group = { type: 'group', title: null, memberIds: [] } as const;
    await this.writers.submit({ verb: 'create_conversation', ...common, ...group }, null);
  }

  /** What another node is answered that sends these on. */
  async forwarded(commands: ForwardedCommands['commands']): Promise<ForwardedAnswers> {
    return (await this.responder?.({ kind: 'append', commands })) as ForwardedAnswers;
  }

  /** The sequence of the send's event, or the code that refused it. */
  async send(conversationId: string, clientMessageId: string): Promise<number | string> {
    try {
      return (await this.writers.submit(sendOf(conversationId, clientMessageId), null)).event?.sequence ?? 0;
    } catch (error) {
      if (error instanceof ConfabError) return error.code;
      throw error;
    }
  }

  readsOf(conversationId: string): number {
    return this.headReads.filter((read) => read === conversationId).length;
  }
}

/** Whether a promise is settled once all that can move has moved. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await turn();
  return settled;
}

test('[G9.5] who stops takes nothing more from other nodes, and ends when what was taken here is committed', async () => {
  const scene = new Scene();
  await scene.create('g1');
  const gate = Promise.withResolvers<void>();
  scene.beforeCommit = () => gate.promise;
  const sent = scene.send('g1', 'one');
  await turn();
  expect(scene.responder).not.toBeNull();
  const stopped = scene.writers.stop();
  expect(scene.responder).toBeNull();
  expect(await isSettled(stopped)).toBe(false);
  gate.resolve();
  await stopped;
  expect(await sent).toBe(2);
});

test('[G9.5] who stops waits for the answer to what is on its way to an owner', async () => {
  const scene = new Scene();
  scene.owner = 'n2';
  const sent = scene.send('g1', 'one');
  await turn();
  const stopped = scene.writers.stop();
  expect(await isSettled(stopped)).toBe(false);
  scene.asked[0]?.([{ kind: 'done', event: null, duplicate: false }]);
  await stopped;
  expect(await sent).toBe(0);
});

test('[G2.2] what another node sends on keeps the order of each of its connections, and gets the refusal in words', async () => {
  const scene = new Scene();
  await scene.create('g1');
  await turn();
  // The first is committed alone; the others wait meanwhile.
  scene.store.failNextCommits('unavailable');
  const answers = await scene.forwarded([
    { command: sendOf('g1', 'a1'), lane: 0 },
    { command: sendOf('g1', 'b1'), lane: 1 },
    { command: sendOf('g1', 'a2'), lane: 0 },
    { command: sendOf('g1', 'wrong', ['eve']), lane: 1 },
    { command: sendOf('g1', 'none'), lane: null },
  ]);
  expect(answers.map((answer) => (answer.kind === 'done' ? answer.event?.sequence : answer.code))).toEqual([
    'unavailable',
    2,
    'after_previous',
    'invalid',
    3,
  ]);
  expect(answers[3]).toMatchObject({ message: 'Field mentions names eve, who is not a member.' });
});

test('[G2.2] a conversation whose writer is at work keeps it, however many others are written', async () => {
  const scene = new Scene();
  await scene.create('g1');
  const gate = Promise.withResolvers<void>();
  let commits = 0;
  scene.beforeCommit = () => {
    commits += 1;
    return gate.promise;
  };
  scene.beforeHead = () => gate.promise;
  const sends = [scene.send('g1', 'one')];
  await turn();
  for (let index = 0; index <= WRITERS_MAX; index += 1) sends.push(scene.send(`none ${index}`, 'one'));
  sends.push(scene.send('g1', 'two'));
  await turn();
  // The second send waits behind the first, and does not look at the log on its own.
  expect([commits, scene.readsOf('g1')]).toEqual([1, 1]);
  gate.resolve();
  const outcomes = await Promise.all(sends);
  expect([outcomes[0], outcomes.at(-1)]).toEqual([2, 3]);
  expect(new Set(outcomes.slice(1, -1))).toEqual(new Set(['not_found']));
});

test('[G8.1] who sends to what does not exist pushes no conversation out of memory', async () => {
  const scene = new Scene();
  await scene.create('g1');
  for (let index = 0; index <= WRITERS_MAX; index += 1) await scene.send(`none ${index}`, 'one');
  expect(await scene.send('g1', 'one')).toBe(2);
  expect(scene.readsOf('g1')).toBe(1);
});

test('[G8.1] ten thousand conversations are kept in memory; the one used longest ago goes first', async () => {
  const scene = new Scene();
  await scene.create('g1');
  await scene.create('g2');
  for (let index = 0; index < WRITERS_MAX - 2; index += 1) await scene.create(`other ${index}`);
  await scene.send('g1', 'one');
  // Its writer is idle by then.
  await turn();
  expect([scene.readsOf('g1'), scene.readsOf('g2')]).toEqual([1, 1]);
  await scene.create('one more');
  expect([await scene.send('g1', 'two'), await scene.send('g2', 'one')]).toEqual([3, 2]);
  expect([scene.readsOf('g1'), scene.readsOf('g2')]).toEqual([1, 2]);
});

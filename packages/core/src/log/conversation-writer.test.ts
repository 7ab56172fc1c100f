import { describe, expect, test } from 'bun:test';
import type { CommitOutcome, CommitRequest, ConversationLog } from '@confab/contracts';
import type { Command } from '@confab/conversation';
import { ConfabError } from '@confab/protocol';
import { createMemoryStore, DrivenClock, SeededRandom, turn } from '@confab/testkit';
import type { CommandOutcome, Planned, Waiting } from './batch.ts';
import { ConversationWriter } from './conversation-writer.ts';
import { Lane } from './lane.ts';

type Commit = (request: CommitRequest) => Promise<CommitOutcome>;

const EVERYTHING = { after: 0, before: null, limit: 1_000, bytesMax: 1_000_000, type: null };
const silent = (): void => undefined;

/** What one command of the group g1 came to, in a word: the sequence of its event, or the code that refused it. */
interface Submitted {
  readonly waiting: Waiting;
  outcome: string | null;
}

/** A writer of g1, a group of Ann, Bob and Cyd, over a store in memory; and all it told, in the order it told it. */
class Scene {
  readonly clock = new DrivenClock(1_000);
  readonly random = new SeededRandom(1);
  readonly store;
  readonly told: string[] = [];
  readonly #log: ConversationLog;
  readonly #commits: Commit[] = [];
  readonly writer: ConversationWriter;

  constructor(bucketEvents = 1_000) {
    this.store = createMemoryStore({ bucketEvents });
    const { log } = this.store;
    const commit: Commit = (request) => (this.#commits.shift() ?? log.commit.bind(log))(request);
    this.#log = {
      commit,
      room: (head) => log.room(head),
      heads: (conversationIds) => log.heads(conversationIds),
      read: (request) => log.read(request),
      findByClientIds: (conversationId, keys) => log.findByClientIds(conversationId, keys),
      countOwn: (questions) => log.countOwn(questions),
    };
    this.writer = this.anotherWriter();
  }

  /** The next commits do this instead, one after the other. */
  onNextCommits(...commits: readonly Commit[]): void {
    this.#commits.push(...commits);
  }

  anotherWriter(): ConversationWriter {
    const { clock, random, told } = this;
    return new ConversationWriter({
      conversationId: 'g1',
      log: this.#log,
      views: this.store.views,
      clock,
      random,
      observer: {
        messageCommitted: ({ count }) => told.push(`count ${count}`),
        commitRefused: ({ reason }) => told.push(`refused: ${reason}`),
        delivered: silent,
        lossRepaired: silent,
        requestRefused: silent,
        connectionOpened: silent,
        connectionReady: silent,
        connectionClosed: silent,
        workFailed: silent,
        fault: ({ where }) => told.push(`fault in ${where}`),
      },
      onCommitted: (planned: readonly Planned[]) =>
        told.push(`committed ${planned.map(({ event }) => event.sequence).join()}`),
      onRepeated: (_state, sequence) => told.push(`repeated ${sequence}`),
      onIdle: silent,
    });
  }

  submit(
    command: Command,
    options: { lane?: Lane; contentHash?: string; to?: ConversationWriter } = {},
  ): Submitted {
    const { lane, contentHash = JSON.stringify(command), to = this.writer } = options;
    const submitted: { waiting: Waiting; outcome: string | null } = {
      outcome: null,
      waiting: {
        command,
        contentHash,
        place: lane?.enter(command.clientMessageId) ?? null,
        resolve: ({ event, duplicate }: CommandOutcome) => {
          submitted.outcome = `${event?.sequence ?? 'nothing'}${duplicate ? ' again' : ''}`;
          this.told.push(`answered ${command.clientMessageId}`);
        },
        reject: (error) => {
          submitted.outcome = error instanceof ConfabError ? error.code : String(error);
        },
      },
    };
    to.submit(submitted.waiting);
    return submitted;
  }

  /** Moves time on until nothing waits. */
  async finish(writer = this.writer): Promise<void> {
    await turn();
    while (!writer.isIdle && this.clock.fireNext(this.clock.nowMs() + 10_000)) await turn();
    expect(writer.isIdle).toBe(true);
  }

  /** Who said what, in the order of the log. */
  async said(): Promise<readonly string[]> {
    const events = await this.store.log.read({ conversationId: 'g1', ...EVERYTHING });
    return events.flatMap(({ type, senderId, clientMessageId }) =>
      type === 'message_event' ? [`${senderId} ${clientMessageId}`] : [],
    );
  }
}

const common = (actorId: string, clientMessageId: string) => ({
  conversationId: 'g1',
  actorId,
  clientMessageId,
});
const send = (actorId: string, clientMessageId: string, mentions: readonly string[] = []): Command => ({
  verb: 'send_message',
  ...common(actorId, clientMessageId),
  body: clientMessageId,
  format: null,
  replyTo: null,
  mentions,
});
const remove = (userId: string, clientMessageId: string): Command => ({
  verb: 'remove_member',
  ...common('ann', clientMessageId),
  userId,
});

async function openScene(bucketEvents?: number): Promise<Scene> {
  const scene = new Scene(bucketEvents);
  const members = { type: 'group', title: null, memberIds: ['bob', 'cyd'] } as const;
  scene.submit({ verb: 'create_conversation', ...common('ann', 'created'), ...members });
  await scene.finish();
  scene.told.length = 0;
  return scene;
}

/** Submits commands that are decided as one batch, behind one send that is committed alone. */
async function asBatch(scene: Scene, commands: readonly Command[]): Promise<readonly (string | null)[]> {
  scene.submit(send('ann', 'ahead'));
  const submitted = commands.map((command) => scene.submit(command));
  await scene.finish();
  return submitted.map(({ outcome }) => outcome);
}

const outcomesOf = (submitted: readonly Submitted[]): readonly (string | null)[] =>
  submitted.map(({ outcome }) => outcome);

describe('one batch', () => {
  test('[G2.2] two users with the same id in one batch: each keeps the order they sent in', async () => {
    const scene = await openScene();
    const outcomes = await asBatch(scene, [send('ann', 'one'), send('bob', 'one'), send('bob', 'two')]);
    expect(outcomes).toEqual(['3', '4', '5']);
    expect(await scene.said()).toEqual(['ann ahead', 'ann one', 'bob one', 'bob two']);
  });

  test('[G3.3] ids are looked up before anything is refused or found to be done, each for itself', async () => {
    const scene = await openScene();
    const first = [scene.submit(send('bob', 'one')), scene.submit(send('bob', 'two'))];
    scene.submit(remove('bob', 'out'));
    await scene.finish();
    expect(outcomesOf(first)).toEqual(['2', '3']);
    scene.told.length = 0;
    const outcomes = await asBatch(scene, [
      remove('bob', 'out again'),
      send('bob', 'new'),
      send('bob', 'two'),
      send('ann', 'wrong', ['bob']),
      send('bob', 'one'),
      remove('bob', 'out'),
    ]);
    expect(outcomes).toEqual(['nothing again', 'not_found', '3 again', 'invalid', '2 again', '4 again']);
    // [G9.2] Told once, with the newest: whoever committed it may not have lived to deliver it.
    expect(scene.told.filter((what) => what.startsWith('repeated'))).toEqual(['repeated 4']);
  });

  test('[LOG8] a batch that the store has no room for is committed in parts, in order', async () => {
    const scene = await openScene(3);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const outcomes = await asBatch(
      scene,
      names.map((name) => send('ann', name)),
    );
    expect(outcomes).toEqual(['3', '4', '5', '6', '7', '8', '9']);
    expect(await scene.said()).toEqual(['ann ahead', ...names.map((name) => `ann ${name}`)]);
  });

  test('[G2.2] a part that lost its turn is committed before the parts behind it', async () => {
    const scene = await openScene(3);
    const commit = scene.store.log.commit.bind(scene.store.log);
    scene.onNextCommits(commit, () => Promise.resolve({ kind: 'head_moved' }));
    const names = ['a', 'b', 'c', 'd', 'e'];
    await asBatch(
      scene,
      names.map((name) => send('ann', name)),
    );
    expect(await scene.said()).toEqual(['ann ahead', ...names.map((name) => `ann ${name}`)]);
  });

  test('[G1.1] a send is answered before others are told of it, and both come after the commit', async () => {
    const scene = await openScene();
    const applied = Promise.withResolvers<void>();
    scene.onNextCommits(async (request) => {
      await applied.promise;
      return await scene.store.log.commit(request);
    });
    const one = scene.submit(send('ann', 'one'));
    const next = [scene.submit(send('ann', 'two')), scene.submit(send('bob', 'three'))];
    await turn();
    expect(scene.told).toEqual([]);
    applied.resolve();
    await scene.finish();
    expect(outcomesOf([one, ...next])).toEqual(['2', '3', '4']);
    const [first, second] = [
      ['answered one', 'count 1', 'committed 2'],
      ['answered two', 'answered three', 'count 2', 'committed 3,4'],
    ] as const;
    expect(scene.told).toEqual([...first, ...second]);
  });

  test('[G2.2] who waits until all taken so far is answered waits for no less, and for nothing after it', async () => {
    const scene = await openScene();
    const gates = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
    ];
    scene.onNextCommits(
      ...gates.map(({ promise }) => async (request: CommitRequest) => {
        await promise;
        return await scene.store.log.commit(request);
      }),
    );
    const has: string[] = [];
    scene.submit(send('ann', 'one'));
    scene.submit(send('ann', 'two'));
    scene.submit(send('ann', 'three'));
    void scene.writer.passed?.then(() => has.push('passed'));
    gates[0]?.resolve();
    await turn();
    scene.submit(send('ann', 'four'));
    await turn();
    expect(has).toEqual([]);
    gates[1]?.resolve();
    await turn();
    expect(has).toEqual(['passed']);
    expect(await scene.said()).toHaveLength(3);
    gates[2]?.resolve();
    await scene.finish();
  });
});

test('[G2.2] what is refused for good holds nothing back, what may come again does', async () => {
  const scene = await openScene();
  const [lane, other] = [new Lane(), new Lane()];
  scene.onNextCommits(() => Promise.resolve({ kind: 'unavailable', reason: 'the disk is full' }));
  const held = [scene.submit(send('bob', 'one'), { lane: other })];
  held.push(scene.submit(send('bob', 'two'), { lane: other }));
  await scene.finish();
  expect(outcomesOf(held)).toEqual(['unavailable', 'after_previous']);
  // Each is decided in a batch of its own.
  const free = [scene.submit(send('ann', 'one', ['stranger']), { lane })];
  free.push(scene.submit(send('ann', 'two'), { lane }));
  await scene.finish();
  expect(outcomesOf(free)).toEqual(['invalid', '2']);
});

describe('commits that fail', () => {
  test('[G1.3] everything of the batch is refused, and who runs the program is told why', async () => {
    const scene = await openScene();
    const ahead = scene.submit(send('ann', 'ahead'));
    const commit = scene.store.log.commit.bind(scene.store.log);
    scene.onNextCommits(commit, () => Promise.resolve({ kind: 'unavailable', reason: 'the disk is full' }));
    const batch = [send('ann', 'one'), send('eve', 'stranger'), remove('eve', 'gone')];
    const submitted = batch.map((command) => scene.submit(command));
    await scene.finish();
    expect(outcomesOf([ahead, ...submitted])).toEqual(['2', 'unavailable', 'unavailable', 'unavailable']);
    expect(scene.told).toContain('refused: the disk is full');
    expect(await scene.said()).toEqual(['ann ahead']);
  });

  test('[G1.4] however often the outcome is unknown, nobody is answered before it is known', async () => {
    const scene = await openScene();
    const unknown: Commit = () => Promise.resolve({ kind: 'unknown', reason: 'no answer' });
    scene.onNextCommits(...Array.from({ length: 20 }, () => unknown));
    const one = scene.submit(send('ann', 'one'));
    await turn();
    for (let count = 1; count < 20; count += 1) {
      expect(scene.clock.fireNext(scene.clock.nowMs() + 2_000)).toBe(true);
      await turn();
      expect(one.outcome).toBeNull();
    }
    await scene.finish();
    expect(one.outcome).toBe('2');
    expect(await scene.said()).toEqual(['ann one']);
  });

  test('[G3.1] what another node committed under the same ids is not ours, though our own outcome was unknown', async () => {
    const scene = await openScene();
    scene.onNextCommits(() => Promise.resolve({ kind: 'unknown', reason: 'no answer' }));
    const here = scene.submit(send('ann', 'one'));
    await turn();
    const other = scene.anotherWriter();
    const there = scene.submit(send('ann', 'one'), { to: other });
    await scene.finish(other);
    await scene.finish();
    expect([there.outcome, here.outcome]).toEqual(['2', '2 again']);
    expect(scene.told.filter((what) => what.startsWith('committed'))).toEqual(['committed 2']);
  });

  test('[G2.2] a fault is told and refuses what is open; what was answered before it holds nothing back', async () => {
    const scene = await openScene();
    const lane = new Lane();
    scene.submit(send('ann', 'one'));
    await scene.finish();
    scene.submit(send('ann', 'ahead'));
    const commit = scene.store.log.commit.bind(scene.store.log);
    scene.onNextCommits(commit, commit, () => Promise.reject(new Error('a fault of ours')));
    const [again, two] = [
      scene.submit(send('ann', 'one'), { lane }),
      scene.submit(send('ann', 'two'), { lane }),
    ];
    await scene.finish();
    expect(outcomesOf([again, two])).toEqual(['2 again', 'internal']);
    expect(scene.told).toContain('fault in conversation-writer');
    lane.abandon('two');
    expect(lane.blocks(lane.enter('three'))).toBe(false);
    const three = scene.submit(send('ann', 'three'), { lane });
    await scene.finish();
    expect(three.outcome).toBe('4');
  });
});

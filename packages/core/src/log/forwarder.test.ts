import { expect, test } from 'bun:test';
import type { NodeBus, NodeDirectory, StoredEvent } from '@confab/contracts';
import type { Command } from '@confab/conversation';
import { ConfabError } from '@confab/protocol';
import { DrivenClock, SeededRandom, turn } from '@confab/testkit';
import type { Waiting } from './batch.ts';
import {
  type ForwardedAnswer,
  type ForwardedAnswers,
  type ForwardedCommands,
  Forwarder,
} from './forwarder.ts';
import { Lane } from './lane.ts';
import { Owners } from './owners.ts';

const sha256Hex = (text: string): string => new Bun.CryptoHasher('sha256').update(text).digest('hex');
const silent = (): void => undefined;
const passed = (): Promise<void> => Promise.resolve();

const eventAt = (sequence: number): StoredEvent => ({
  conversationId: 'g1',
  sequence,
  ordinal: sequence,
  eventId: `g1.${sequence}.abcdefgh`,
  type: 'message_event',
  senderId: 'ann',
  clientMessageId: 'c',
  sentAt: '',
  json: '{}',
});

const done = (sequence: number, duplicate = false): ForwardedAnswer => ({
  kind: 'done',
  event: eventAt(sequence),
  duplicate,
});

const refused = (code: 'unavailable' | 'forbidden', message = ''): ForwardedAnswer => ({
  kind: 'refused',
  code,
  message,
});

/** Node n1, which forwards what is for g1 to its owner n2; the answers are the test's. */
class Scene {
  readonly clock = new DrivenClock(0);
  /** What was asked of n2, and the answer to each. */
  readonly asked: ForwardedCommands[] = [];
  readonly answers: ((answers: ForwardedAnswers) => void)[] = [];
  /** What is answered here where n2 left it open, in the order it is asked; what it was asked. */
  readonly answersHere: ForwardedAnswers[] = [];
  readonly askedHere: ForwardedCommands[] = [];
  readonly appended: string[] = [];
  readonly owners: Owners;
  readonly forwarder: Forwarder;
  append = passed;
  idle = 0;

  constructor() {
    const directory: NodeDirectory = {
      owners: () => ['n2'],
      live: () => ['n1', 'n2'],
      join: passed,
      retire: passed,
      leave: passed,
    };
    const { clock } = this;
    const digest = { sha256Hex, sha256Id: sha256Hex, keyed: sha256Hex };
    this.owners = new Owners({ nodeId: 'n1', directory, clock, digest });
    const bus: NodeBus = {
      publish: silent,
      subscribe: () => silent,
      onLoss: () => silent,
      respond: () => silent,
      request: (nodeId, request) => {
        expect(nodeId).toBe('n2');
        this.asked.push(request as ForwardedCommands);
        return new Promise((resolve) => this.answers.push(resolve));
      },
    };
    this.forwarder = new Forwarder({
      conversationId: 'g1',
      owners: this.owners,
      bus,
      clock,
      random: new SeededRandom(1),
      writerPassed: () => null,
      append: async (batch) => {
        this.appended.push(...batch.map(({ command }) => command.clientMessageId));
        await this.append();
      },
      answer: (request) => {
        this.askedHere.push(request);
        return Promise.resolve(this.answersHere.shift() ?? []);
      },
      onIdle: () => {
        this.idle += 1;
      },
    });
  }

  /** Submits a send; what it came to is the sequence of its event, or the refusal. */
  submit(clientMessageId: string, lane: Lane | null = null): { outcome: string | null } {
    const common = { conversationId: 'g1', actorId: 'ann', clientMessageId, body: clientMessageId };
    const command: Command = { verb: 'send_message', ...common, format: null, replyTo: null, mentions: [] };
    const submitted: { outcome: string | null } = { outcome: null };
    const waiting: Waiting = {
      command,
      contentHash: '',
      place: lane?.enter(clientMessageId) ?? null,
      resolve: ({ event, duplicate }) => {
        submitted.outcome = `${event?.sequence ?? 'nothing'}${duplicate ? ' again' : ''}`;
      },
      reject: (error) => {
        submitted.outcome = error instanceof ConfabError ? `${error.code}: ${error.message}` : 'a fault';
      },
    };
    this.forwarder.submit(waiting);
    return submitted;
  }

  /** What each request carried, by the ids of its commands. */
  get askedIds(): readonly (readonly string[])[] {
    return this.asked.map(({ commands }) => commands.map(({ command }) => command.clientMessageId));
  }
}

test('[G2.2] one request at a time carries what has come meanwhile, and each command gets its own answer', async () => {
  const scene = new Scene();
  const one = scene.submit('one');
  await turn();
  const more = ['two', 'three', 'four'].map((name) => scene.submit(name));
  await turn();
  expect(scene.askedIds).toEqual([['one']]);
  scene.answers[0]?.([done(2)]);
  await turn();
  expect(one.outcome).toBe('2');
  expect(scene.askedIds).toEqual([['one'], ['two', 'three', 'four']]);
  expect(scene.idle).toBe(0);
  scene.answers[1]?.([done(3), refused('forbidden', 'Not you.'), done(1, true)]);
  await turn();
  expect(more.map(({ outcome }) => outcome)).toEqual(['3', 'forbidden: Not you.', '1 again']);
  expect(scene.appended).toEqual([]);
});

test('who has brought everything to the owner is forgotten, and leaves no timer', async () => {
  const scene = new Scene();
  scene.submit('one');
  await turn();
  expect(scene.forwarder.settled).not.toBeNull();
  scene.answers[0]?.([done(2)]);
  await turn();
  expect([scene.idle, scene.forwarder.settled, scene.clock.untilNextMs]).toEqual([1, null, null]);
});

test('[G2.2] the sends of one connection stand in one lane at the owner, those of another in their own', async () => {
  const scene = new Scene();
  const [ann, bob] = [new Lane(), new Lane()];
  for (const [name, lane] of [
    ['ahead', null],
    ['a1', ann],
    ['b1', bob],
    ['none', null],
    ['a2', ann],
    ['b2', bob],
  ] as const)
    scene.submit(name, lane);
  await turn();
  const lanes = scene.asked.flatMap(({ commands }) => commands.map(({ lane }) => lane));
  expect(lanes).toEqual([null, 0, 1, null, 0, 1]);
});

test('[G1.4] an answer that does not speak of every command decides nothing: their ids find what the owner did', async () => {
  const scene = new Scene();
  const submitted = [scene.submit('one'), scene.submit('two')];
  scene.answersHere.push([done(2, true), done(3, true)]);
  await turn();
  expect(scene.askedIds).toEqual([['one', 'two']]);
  scene.answers[0]?.([done(2)]);
  await turn();
  expect(submitted.map(({ outcome }) => outcome)).toEqual(['2 again', '3 again']);
  expect(scene.owners.otherOwnerOf('g1')).toBeNull();
});

test('[G1.4] what an owner left open is refused by nobody, however long this node has no store either', async () => {
  const scene = new Scene();
  const submitted = [scene.submit('one'), scene.submit('two')];
  await turn();
  for (let count = 0; count < 20; count += 1)
    scene.answersHere.push([refused('unavailable'), refused('unavailable')]);
  scene.answersHere.push([refused('unavailable'), refused('forbidden', 'Not you.')], [done(2)]);
  while (scene.askedHere.length < 21) {
    expect(submitted.map(({ outcome }) => outcome)).toEqual([null, null]);
    expect(scene.clock.fireNext(scene.clock.nowMs() + 2_000)).toBe(true);
    await turn();
  }
  expect(submitted.map(({ outcome }) => outcome)).toEqual([null, 'forbidden: Not you.']);
  expect(scene.clock.fireNext(scene.clock.nowMs() + 2_000)).toBe(true);
  await turn();
  expect(scene.askedHere.at(-1)?.commands.map(({ command }) => command.clientMessageId)).toEqual(['one']);
  expect(submitted[0]?.outcome).toBe('2');
});

test('[G2.2] what an owner without a store did not write is written here, and what comes next goes behind it', async () => {
  const scene = new Scene();
  const gate = Promise.withResolvers<void>();
  scene.append = () => gate.promise;
  scene.submit('one');
  await turn();
  scene.answers[0]?.([refused('unavailable')]);
  await turn();
  scene.submit('two');
  await turn();
  expect(scene.appended).toEqual(['one']);
  gate.resolve();
  await turn();
  // The owner is passed over, so this node takes itself for the owner: one after the other, and idle after both.
  expect([scene.appended, scene.askedIds, scene.idle]).toEqual([['one', 'two'], [['one']], 1]);
});

test('[G2.2] what comes behind a send that was refused is held back here, with its answer', async () => {
  const scene = new Scene();
  const lane = new Lane();
  lane.refuse(lane.enter('refused'));
  const behind = scene.submit('behind', lane);
  const other = scene.submit('other', new Lane());
  await turn();
  expect(behind.outcome).toStartWith('after_previous');
  expect(scene.askedIds).toEqual([['other']]);
  scene.answers[0]?.([done(2)]);
  await turn();
  expect(other.outcome).toBe('2');
});

test('[G8.1] ten thousand wait for one owner; one more is refused', async () => {
  const scene = new Scene();
  const submitted = Array.from({ length: 10_001 }, (_, index) => scene.submit(`n${index}`));
  expect(submitted.at(-1)?.outcome).toStartWith('unavailable');
  expect(submitted.at(-2)?.outcome).toBeNull();
});

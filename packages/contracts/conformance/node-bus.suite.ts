import { describe, expect, test } from 'bun:test';
import type { Envelope, NodeBus } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import { nodeA, nodeB, type ClusterFixture } from './node-directory.suite.ts';

const BURST = 500;

/** [BUS1] to [BUS5] over an adapter; `open` gives a cluster of its own to each test. */
export function nodeBusSuite(adapter: string, open: () => Promise<ClusterFixture>): void {
  /** Runs a check between nodes A and B, both alive. */
  const within = async (check: (buses: TwoBuses) => Promise<void>): Promise<void> => {
    const fixture = await open();
    try {
      const a = await fixture.node(nodeA);
      const b = await fixture.node(nodeB);
      await a.directory.join(nodeA);
      await b.directory.join(nodeB);
      await fixture.settle();
      await check({ fixture, a: a.bus, b: b.bus });
    } finally {
      await fixture.close();
    }
  };

  describe(`NodeBus: ${adapter}`, () => {
    test('[BUS1] what one publisher publishes arrives whole and in order', () =>
      within(async ({ fixture, a, b }) => {
        const inbox = new Inbox(b, 'node-b');
        await fixture.settle();
        const sent = Array.from({ length: BURST }, (_, index) => numbered('from-a', index));
        for (const envelope of sent) a.publish('node-b', envelope);
        expect(await inbox.take(BURST)).toEqual(sent);
      }));

    test('[BUS1] two publishers may be mixed, each stays in order', () =>
      within(async ({ fixture, a, b }) => {
        const inbox = new Inbox(b, 'node-b');
        await fixture.settle();
        for (let index = 0; index < BURST; index += 1) {
          a.publish('node-b', numbered('from-a', index));
          b.publish('node-b', numbered('from-b', index));
          if (index % 50 === 0) await Promise.resolve();
        }
        const arrived = await inbox.take(2 * BURST);
        const expected = Array.from({ length: BURST }, (_, index) => index);
        expect(numbersOf(arrived, 'from-a')).toEqual(expected);
        expect(numbersOf(arrived, 'from-b')).toEqual(expected);
      }));

    test('[BUS1] a receiver runs after the publisher has gone on', () =>
      within(async ({ fixture, a, b }) => {
        const inbox = new Inbox(b, 'node-b');
        await fixture.settle();
        a.publish('node-b', numbered('from-a', 1));
        expect(inbox.size).toBe(0);
        expect(await inbox.take(1)).toHaveLength(1);
      }));

    test('[BUS1] what a receiver publishes while it receives comes after', () =>
      within(async ({ fixture, a, b }) => {
        const inbox = new Inbox(b, 'node-b');
        b.subscribe('node-b', (envelope) => {
          if (numbersOf([envelope], 'from-a')[0] === 0) b.publish('node-b', numbered('from-b', 0));
        });
        await fixture.settle();
        a.publish('node-b', numbered('from-a', 0));
        a.publish('node-b', numbered('from-a', 1));
        const arrived = await inbox.take(3);
        expect(numbersOf(arrived, 'from-a')).toEqual([0, 1]);
        expect(numbersOf(arrived, 'from-b')).toEqual([0]);
      }));

    test('[BUS1] a receiver that throws takes nothing from the others or from itself', () =>
      within(async ({ fixture, a, b }) => {
        let thrown = 0;
        b.subscribe('node-b', () => {
          thrown += 1;
          throw new Error('a faulty receiver');
        });
        const inbox = new Inbox(b, 'node-b');
        await fixture.settle();
        a.publish('node-b', numbered('from-a', 0));
        a.publish('node-b', numbered('from-a', 1));
        expect(numbersOf(await inbox.take(2), 'from-a')).toEqual([0, 1]);
        expect(thrown).toBe(2);
      }));

    test('[BUS2] a publication to a node that nobody serves is lost without an error', () =>
      within(async ({ fixture, a, b }) => {
        a.publish('node-nowhere', numbered('from-a', 0));
        a.publish('node-b', numbered('from-a', 1));
        await fixture.settle();
        const inbox = new Inbox(b, 'node-b');
        await fixture.settle();
        a.publish('node-b', numbered('from-a', 2));
        expect(numbersOf(await inbox.take(1), 'from-a')).toEqual([2]);
      }));

    test('[BUS2] nothing comes after the subscription was given up', () =>
      within(async ({ fixture, a, b }) => {
        const given = new Inbox(b, 'node-b');
        const kept = new Inbox(b, 'node-b');
        await fixture.settle();
        a.publish('node-b', numbered('from-a', 0));
        await Promise.all([given.take(1), kept.take(1)]);
        given.unsubscribe();
        given.unsubscribe();
        a.publish('node-b', numbered('from-a', 1));
        expect(numbersOf(await kept.take(1), 'from-a')).toEqual([1]);
        expect(given.size).toBe(0);
      }));

    test('[BUS3] a request is answered by the responder of the node', () =>
      within(async ({ fixture, a, b }) => {
        a.respond('node-a', async (request) => ({ by: 'node-a', request }));
        b.respond('node-b', async (request) => ({ by: 'node-b', request }));
        await fixture.settle();
        const answers = await Promise.all([a.request('node-b', { n: 1 }), b.request('node-a', { n: 2 })]);
        expect(answers).toEqual([
          { by: 'node-b', request: { n: 1 } },
          { by: 'node-a', request: { n: 2 } },
        ]);
      }));

    test('[BUS3] many requests at once each get their own answer', () =>
      within(async ({ fixture, a, b }) => {
        const gate = Promise.withResolvers<void>();
        b.respond('node-b', async (request) => {
          if (request === 0) await gate.promise;
          else if (request === BURST - 1) gate.resolve();
          return request;
        });
        await fixture.settle();
        const requests = Array.from({ length: BURST }, (_, index) => index);
        expect(await Promise.all(requests.map((request) => a.request('node-b', request)))).toEqual(requests);
      }));

    test('[BUS3] a request to a node that is not there is rejected with unavailable', () =>
      within(async ({ a }) => {
        expect(await codeOf(a.request('node-nowhere', {}))).toBe('unavailable');
      }));

    test('[BUS3] a request is rejected when the responder goes away before it answers', () =>
      within(async ({ fixture, a, b }) => {
        const asked = Promise.withResolvers<void>();
        const withdraw = b.respond('node-b', () => {
          asked.resolve();
          return Promise.withResolvers<unknown>().promise;
        });
        await fixture.settle();
        const code = codeOf(a.request('node-b', {}));
        await asked.promise;
        withdraw();
        expect(await code).toBe('unavailable');
        expect(await codeOf(a.request('node-b', {}))).toBe('unavailable');
      }));

    test('[BUS3] withdrawing a responder leaves the one that came after it', () =>
      within(async ({ fixture, a, b }) => {
        const withdraw = b.respond('node-b', async () => 'first');
        b.respond('node-b', async () => 'second');
        withdraw();
        await fixture.settle();
        expect(await a.request('node-b', {})).toBe('second');
      }));

    test("[BUS3] a responder's refusal keeps its code, its fault becomes internal", () =>
      within(async ({ fixture, a, b }) => {
        b.respond('node-b', async (request) => {
          throw request === 'refuse' ? new ConfabError('forbidden') : new Error('a faulty responder');
        });
        await fixture.settle();
        expect(await codeOf(a.request('node-b', 'refuse'))).toBe('forbidden');
        expect(await codeOf(a.request('node-b', 'fail'))).toBe('internal');
      }));

    test('[BUS4] the end of the lease of a node is told to the others: it may have died before it published', () =>
      within(async ({ fixture, b }) => {
        const told = Promise.withResolvers<void>();
        b.onLoss('node-b', told.resolve);
        await fixture.endLease(nodeA);
        await told.promise;
      }));

    test('[BUS4] who gave up listening is told nothing, and one that throws takes nothing from the others', () =>
      within(async ({ fixture, b }) => {
        let heard = 0;
        const told = Promise.withResolvers<void>();
        const withdraw = b.onLoss('node-b', () => (heard += 1));
        b.onLoss('node-b', () => {
          throw new Error('a faulty listener');
        });
        b.onLoss('node-b', told.resolve);
        withdraw();
        await fixture.endLease(nodeA);
        await told.promise;
        expect(heard).toBe(0);
      }));

    test('[BUS5] an envelope of a kind that is not known is passed over', () =>
      within(async ({ fixture, a, b }) => {
        const inbox = new Inbox(b, 'node-b');
        await fixture.settle();
        a.publish('node-b', numbered('from-a', 0));
        a.publish('node-b', { kind: 'of_a_newer_node', of: { any: 'shape' } } as unknown as Envelope);
        a.publish('node-b', numbered('from-a', 1));
        expect(await inbox.take(2)).toEqual([numbered('from-a', 0), numbered('from-a', 1)]);
      }));
  });
}

interface TwoBuses {
  readonly fixture: ClusterFixture;
  readonly a: NodeBus;
  readonly b: NodeBus;
}

/** What arrived at a node, to be awaited. */
class Inbox {
  readonly unsubscribe: () => void;
  readonly #arrived: Envelope[] = [];
  #wanted = 0;
  #wake: () => void = () => undefined;

  constructor(bus: NodeBus, nodeId: string) {
    this.unsubscribe = bus.subscribe(nodeId, (envelope) => {
      this.#arrived.push(envelope);
      if (this.#arrived.length >= this.#wanted) this.#wake();
    });
  }

  get size(): number {
    return this.#arrived.length;
  }

  async take(count: number): Promise<Envelope[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wanted = count;
    this.#wake = resolve;
    if (this.#arrived.length >= count) resolve();
    await promise;
    return this.#arrived.splice(0, count);
  }
}

/** An envelope that carries a number: of a conversation named after its publisher, how far it was delivered. */
function numbered(publisher: string, number: number): Envelope {
  return {
    kind: 'receipt',
    userIds: [],
    frame: { conversationId: publisher, userId: 'ann', delivered: number },
  };
}

function numbersOf(envelopes: readonly Envelope[], publisher: string): (number | undefined)[] {
  return envelopes.flatMap((envelope) =>
    envelope.kind === 'receipt' && envelope.frame.conversationId === publisher
      ? [envelope.frame.delivered]
      : [],
  );
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'answered';
  } catch (error) {
    return error instanceof ConfabError ? error.code : 'no ConfabError';
  }
}

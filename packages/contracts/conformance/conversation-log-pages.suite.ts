import { describe, expect, test } from 'bun:test';
import type { CommitRequest, ConversationLog, NewEvent, ReadRequest, StoredEvent } from '@confab/contracts';
import { isCountable, type LogEventType } from '@confab/protocol';
import {
  appendAll,
  commitOf,
  type Draft,
  emptyLog,
  fillLog,
  headSequence,
  storedOf,
  uniqueId,
  wholeLog,
} from './commits.ts';
import { type Choices, forSeeds } from './seeded.ts';
import { type MakeSubject, onSubject } from './subject.ts';

const TYPES: readonly LogEventType[] = [
  'message_event',
  'message_event',
  'member_event',
  'conversation_event',
];

/** Reading, counting, and whole histories against a model. */
export function conversationLogPagesSuite(name: string, makeSubject: MakeSubject): void {
  const on = onSubject(makeSubject);

  describe(`${name}: pages of a conversation log`, () => {
    test(
      '[LOG6] a page ends at its limit, or before the event that would pass its bytes',
      on(async ({ store }) => {
        const conversationId = uniqueId('g');
        await fillLog(
          store.log,
          conversationId,
          Array.from({ length: 10 }, () => ({ body: 'ü'.repeat(100) })),
        );
        const all = await wholeLog(store.log, conversationId);
        const bytesEach = Buffer.byteLength(all[0]!.json);
        const sequences = async (change: Partial<ReadRequest>): Promise<readonly number[]> => {
          const whole = {
            conversationId,
            after: 0,
            before: null,
            limit: 100,
            bytesMax: 1_000_000,
            type: null,
          };
          return (await store.log.read({ ...whole, ...change })).map(({ sequence }) => sequence);
        };
        expect(await sequences({ limit: 3 })).toEqual([1, 2, 3]);
        expect(await sequences({ after: 8 })).toEqual([9, 10]);
        expect(await sequences({ after: 10 })).toEqual([]);
        expect(await sequences({ bytesMax: 3 * bytesEach })).toEqual([1, 2, 3]);
        expect(await sequences({ bytesMax: 3 * bytesEach - 1 })).toEqual([1, 2]);
        expect(await sequences({ bytesMax: 0 })).toEqual([1]);
        expect(await sequences({ before: 6, limit: 2 })).toEqual([4, 5]);
        expect(await sequences({ before: 6, bytesMax: 2 * bytesEach })).toEqual([4, 5]);
        expect(await sequences({ before: 6, bytesMax: 0 })).toEqual([5]);
        expect(await sequences({ before: 6, after: 3 })).toEqual([4, 5]);
        expect(await sequences({ before: 1 })).toEqual([]);
        expect(await sequences({ before: 1_000, limit: 1 })).toEqual([10]);
        expect(await sequences({ conversationId: uniqueId('g') })).toEqual([]);
      }),
    );

    test(
      '[LOG6] pages of random logs are those of the model',
      on(async ({ store }) =>
        forSeeds(async (choices) => {
          const { conversationId, events } = await randomLog(store.log, choices);
          for (let question = 0; question < 60; question += 1) {
            const request = randomRead(choices, conversationId, events.length);
            expect(await store.log.read(request)).toEqual(modelPage(events, request));
          }
        }),
      ),
    );

    test(
      "[LOG7] countOwn is the model's count for many questions at once",
      on(async ({ store }) =>
        forSeeds(async (choices) => {
          const logs = [await randomLog(store.log, choices), await randomLog(store.log, choices)];
          const questions = Array.from({ length: 30 }, () => {
            const { conversationId, events } = choices.pick(logs);
            const userId = choices.pick([...SENDERS, 'u-nobody']);
            const aboveSequence = choices.between(0, events.length + 1);
            const throughSequence = choices.between(0, events.length + 2);
            return { conversationId, userId, aboveSequence, throughSequence };
          });
          questions.push({
            conversationId: uniqueId('g'),
            userId: 'u-one',
            aboveSequence: 0,
            throughSequence: 9,
          });
          const expected = questions.map(({ conversationId, userId, aboveSequence, throughSequence }) => {
            const events = logs.find((log) => log.conversationId === conversationId)?.events ?? [];
            const own = events.filter((event) => event.senderId === userId && isCountable(event.type));
            return own.filter(({ sequence }) => sequence > aboveSequence && sequence <= throughSequence)
              .length;
          });
          expect(await store.log.countOwn(questions)).toEqual(expected);
        }),
      ),
    );

    test(
      '[LOG3] [LOG4] random histories with stale heads and repeated ids end like the model',
      on(async ({ store }) =>
        forSeeds(async (choices) => {
          const models = Array.from({ length: 3 }, () => new ModelLog(uniqueId('g')));
          for (let step = 0; step < 25; step += 1) {
            // Requests of one moment: they are carried out in the order they were made.
            const requests = Array.from({ length: choices.between(1, 6) }, () =>
              choices.pick(models).randomRequest(store.log, choices),
            );
            const outcomes = await Promise.all(requests.map(({ request }) => store.log.commit(request)));
            for (const [index, { model, request }] of requests.entries()) {
              expect(model.possibleOutcomes(request)).toContain(outcomes[index]?.kind ?? '');
              if (outcomes[index]?.kind === 'committed') model.apply(request);
            }
          }
          for (const model of models) {
            expect(await wholeLog(store.log, model.conversationId)).toEqual(model.events.map(storedOf));
            expect(await headSequence(store.log, model.conversationId)).toBe(model.events.length);
          }
        }),
      ),
    );
  });
}

const SENDERS = ['u-one', 'u-two', 'u-three'] as const;

class ModelLog {
  readonly conversationId: string;
  events: readonly NewEvent[] = [];
  #ids: readonly string[] = [];

  constructor(conversationId: string) {
    this.conversationId = conversationId;
  }

  /** Mostly right; now and then on a wrong head, or with an id that was (or may have been) used. */
  randomRequest(
    log: ConversationLog,
    choices: Choices,
  ): { readonly model: ModelLog; readonly request: CommitRequest } {
    const drafts = new Map<string, Draft>();
    for (let left = choices.between(1, 4); left > 0; left -= 1) {
      const isRepeated = this.#ids.length > 0 && choices.fraction() < 0.1;
      const clientMessageId = isRepeated ? choices.pick(this.#ids) : crypto.randomUUID();
      drafts.set(clientMessageId, { clientMessageId, senderId: SENDERS[0], type: choices.pick(TYPES) });
    }
    this.#ids = [...this.#ids, ...drafts.keys()];
    const sequence = Math.max(
      0,
      this.events.length + (choices.fraction() < 0.2 ? choices.between(-2, 3) : 0),
    );
    return {
      model: this,
      request: commitOf(
        this.conversationId,
        { sequence, ordinal: sequence },
        [...drafts.values()].slice(0, log.room(sequence)),
      ),
    };
  }

  /** Where both would be true a store may say either. */
  possibleOutcomes({ events, expectedHead }: CommitRequest): readonly string[] {
    const used = new Set(this.events.map(({ clientMessageId }) => clientMessageId));
    const isMoved = expectedHead !== this.events.length;
    const isRepeated = events.some(({ clientMessageId }) => used.has(clientMessageId));
    if (!isMoved && !isRepeated) return ['committed'];
    return [...(isMoved ? ['head_moved'] : []), ...(isRepeated ? ['duplicates'] : [])];
  }

  apply({ events }: CommitRequest): void {
    this.events = [...this.events, ...events];
  }
}

async function randomLog(
  log: ConversationLog,
  choices: Choices,
): Promise<{ readonly conversationId: string; readonly events: readonly StoredEvent[] }> {
  const conversationId = uniqueId('g');
  const events: StoredEvent[] = [];
  let place = emptyLog;
  for (let left = choices.between(1, 8); left > 0; left -= 1) {
    const drafts = Array.from({ length: choices.between(1, 12) }, () => ({
      senderId: choices.pick(SENDERS),
      type: choices.pick(TYPES),
      body: choices.pick(['a', 'ü', '🎉']).repeat(choices.between(0, 300)),
    }));
    const appended = await appendAll(log, { conversationId, place }, drafts);
    events.push(...appended.events.map(storedOf));
    ({ place } = appended);
  }
  return { conversationId, events };
}

function randomRead(choices: Choices, conversationId: string, length: number): ReadRequest {
  return {
    conversationId,
    after: choices.between(0, length),
    before: choices.fraction() < 0.5 ? null : choices.between(1, length + 2),
    limit: choices.between(1, 20),
    bytesMax: choices.pick([0, 500, 3_000, 1_000_000]),
    type: choices.fraction() < 0.5 ? null : choices.pick(TYPES),
  };
}

function modelPage(events: readonly StoredEvent[], request: ReadRequest): readonly StoredEvent[] {
  const { after, before, limit, bytesMax, type } = request;
  const inRange = events.filter(
    ({ sequence, type: its }) =>
      sequence > after && (before === null || sequence < before) && (type === null || its === type),
  );
  const inOrder = before === null ? inRange : inRange.toReversed();
  const page: StoredEvent[] = [];
  let bytes = 0;
  for (const event of inOrder) {
    bytes += Buffer.byteLength(event.json);
    if (page.length === limit || (page.length > 0 && bytes > bytesMax)) break;
    page.push(event);
  }
  return before === null ? page : page.toReversed();
}

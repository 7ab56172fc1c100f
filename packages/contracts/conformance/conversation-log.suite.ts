import { describe, expect, test } from 'bun:test';
import { EVENTS_PER_COMMIT_MAX } from '@confab/contracts';
import {
  commitOf,
  emptyLog,
  fillLog,
  headSequence,
  kinds,
  mustCommit,
  placeAfter,
  storedOf,
  uniqueId,
  wholeLog,
  workItem,
} from './commits.ts';
import { type MakeSubject, onSubject } from './subject.ts';

export function conversationLogSuite(name: string, makeSubject: MakeSubject): void {
  const on = onSubject(makeSubject);

  describe(`${name}: conversation log`, () => {
    durability(on);
    order(on);
    atomicity(on);
    idempotency(on);
    visibility(on);
  });
}

type On = ReturnType<typeof onSubject>;

function durability(on: On): void {
  test(
    '[LOG1] everything of a commit is still there in a store opened anew',
    on(async ({ store, reopen }) => {
      if (reopen === undefined) return;
      const conversationId = uniqueId('g');
      const userId = uniqueId('u');
      const membership = {
        type: 'group',
        role: 'owner',
        from: 1,
        fromOrdinal: 0,
        to: null,
        peerId: null,
      } as const;
      const request = commitOf(conversationId, emptyLog, [{ body: 'stays' }, { body: 'stays too' }], {
        views: [
          { view: 'membership', partition: userId, key: conversationId, version: 1, value: membership },
        ],
        work: [workItem('stays', 10)],
      });
      await mustCommit(store.log, request);

      const again = await reopen();
      expect(await wholeLog(again.log, conversationId)).toEqual(request.events.map(storedOf));
      expect((await again.log.heads([conversationId])).get(conversationId)).toEqual(request.head);
      expect(
        await again.views.getMany('membership', [{ partition: userId, key: conversationId }]),
      ).toHaveLength(1);
      expect(await again.work.claim({ nowMs: 10, limit: 5, leaseMs: 5 })).toHaveLength(1);
      await mustCommit(again.log, commitOf(conversationId, placeAfter(request), [{}]));
    }),
  );

  test(
    '[LOG1] an event comes back as it was given, to the last character',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const bodies = [
        'plain',
        '',
        '"quoted" \\ back',
        'tab\tline\nend',
        'ümläut',
        '漢字 🎉 e\u0301',
        'x'.repeat(65_536),
      ];
      const request = commitOf(
        conversationId,
        emptyLog,
        bodies.map((body) => ({ body })),
      );
      await mustCommit(store.log, request);
      expect(await wholeLog(store.log, conversationId)).toEqual(request.events.map(storedOf));
    }),
  );

  test(
    '[LOG1] the head comes back with its preview; what does not exist has none',
    on(async ({ store }) => {
      const [first, second] = [uniqueId('g'), uniqueId('g')];
      const request = commitOf(first, emptyLog, [{ body: 'seen' }]);
      const preview = {
        messageId: request.head.eventId,
        sequence: 1,
        senderId: 'u',
        body: 'seen 🎉',
        sentAt: 'then',
      };
      const head = { ...request.head, preview };
      await mustCommit(store.log, { ...request, head });
      await mustCommit(store.log, commitOf(second, emptyLog, [{ type: 'conversation_event' }]));

      const heads = await store.log.heads([second, uniqueId('g'), first]);
      expect(heads.size).toBe(2);
      expect(heads.get(first)).toEqual(head);
      expect(heads.get(second)).toMatchObject({ sequence: 1, ordinal: 0, preview: null });
      expect(await store.log.heads([])).toEqual(new Map());
    }),
  );
}

function order(on: On): void {
  test(
    '[LOG2] writers that race for one conversation leave a dense log with every message once',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const writers = 8;
      const messagesEach = 12;
      const write = async (writer: number): Promise<void> => {
        for (let left = messagesEach; left > 0;) {
          const head = (await store.log.heads([conversationId])).get(conversationId) ?? emptyLog;
          const outcome = await store.log.commit(
            commitOf(conversationId, head, [{ senderId: `u${writer}` }]),
          );
          if (outcome.kind === 'committed') left -= 1;
          else expect(outcome.kind).toBe('head_moved');
        }
      };
      await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));

      const events = await wholeLog(store.log, conversationId);
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
      expect(events).toHaveLength(writers * messagesEach);
      expect(new Set(events.map(({ clientMessageId }) => clientMessageId)).size).toBe(events.length);
    }),
  );

  test(
    '[LOG2] a request that leaves a gap, is empty or too large is a fault and writes nothing',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const good = commitOf(conversationId, emptyLog, [{}, {}]);
      const tooMany = Array.from({ length: EVENTS_PER_COMMIT_MAX + 1 }, () => ({}));
      const bad = [
        { ...good, expectedHead: 1 },
        { ...good, events: good.events.slice(1) },
        { ...good, events: good.events.toReversed() },
        { ...good, events: [] },
        { ...good, head: { ...good.head, sequence: 3 } },
        { ...good, conversationId: uniqueId('g') },
        commitOf(conversationId, emptyLog, tooMany),
      ];
      for (const request of bad) expect(await isFault(store.log.commit(request))).toBe(true);
      expect(await headSequence(store.log, conversationId)).toBe(0);
      expect(await wholeLog(store.log, conversationId)).toEqual([]);
      await mustCommit(store.log, good);
    }),
  );

  test(
    '[LOG8] a commit holds as many events as there is room at its head, and no more',
    on(async ({ store: { log } }) => {
      const conversationId = uniqueId('g');
      let place = emptyLog;
      for (let round = 0; round < 6; round += 1) {
        const room = log.room(place.sequence);
        expect(room).toBeGreaterThanOrEqual(1);
        expect(room).toBeLessThanOrEqual(EVENTS_PER_COMMIT_MAX);
        const drafts = Array.from({ length: room + 1 }, () => ({}));
        expect(await isFault(log.commit(commitOf(conversationId, place, drafts)))).toBe(true);
        expect(await headSequence(log, conversationId)).toBe(place.sequence);
        place = await mustCommit(log, commitOf(conversationId, place, drafts.slice(1)));
      }
      expect(await headSequence(log, conversationId)).toBe(place.sequence);
      expect(await wholeLog(log, conversationId)).toHaveLength(place.sequence);
    }),
  );
}

function atomicity(on: On): void {
  test(
    '[LOG3] a commit on a head that has moved changes neither log nor views nor work',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const place = await fillLog(store.log, conversationId, [{}, {}]);
      const before = await wholeLog(store.log, conversationId);
      const along = {
        views: [
          { view: 'mention', partition: conversationId, key: '1', version: 9, value: { messageId: 'm' } },
        ],
        work: [workItem('never', 0)],
      } as const;
      for (const sequence of [0, 1, 3, 100]) {
        const stale = commitOf(conversationId, { ...place, sequence }, [{}], along);
        expect((await store.log.commit(stale)).kind).toBe('head_moved');
      }
      expect(await wholeLog(store.log, conversationId)).toEqual(before);
      expect(await headSequence(store.log, conversationId)).toBe(2);
      expect(await store.views.getMany('mention', [{ partition: conversationId, key: '1' }])).toEqual([]);
      expect(await store.work.claim({ nowMs: 1, limit: 9, leaseMs: 1 })).toEqual([]);
    }),
  );

  test(
    '[LOG3] a commit above an empty log finds the head moved, and leaves no conversation behind',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const outcome = await store.log.commit(commitOf(conversationId, { sequence: 4, ordinal: 4 }, [{}]));
      expect(outcome.kind).toBe('head_moved');
      expect(await store.log.heads([conversationId])).toEqual(new Map());
      await fillLog(store.log, conversationId, [{}]);
    }),
  );

  test(
    '[LOG3] of many commits on one head at once exactly one is applied',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      let place = emptyLog;
      for (let round = 0; round < 5; round += 1) {
        const requests = Array.from({ length: 10 }, () => commitOf(conversationId, place, [{}, {}]));
        const outcomes = await Promise.all(requests.map((request) => store.log.commit(request)));
        const winners = requests.filter((_, index) => outcomes[index]?.kind === 'committed');
        expect(kinds(outcomes).filter((kind) => kind === 'head_moved')).toHaveLength(9);
        expect(winners).toHaveLength(1);
        place = placeAfter(winners[0]!);
      }
      expect(await headSequence(store.log, conversationId)).toBe(10);
    }),
  );

  test(
    '[LOG3] refused commits among others of the same moment leave those as they are',
    on(async ({ store }) => {
      const busy = uniqueId('g');
      const place = await fillLog(store.log, busy, [{ clientMessageId: 'taken-taken-taken-taken' }]);
      const others = Array.from({ length: 20 }, () => uniqueId('g'));
      const outcomes = await Promise.all(
        others.flatMap((conversationId) => [
          store.log.commit(commitOf(conversationId, emptyLog, [{}])),
          store.log.commit(commitOf(busy, emptyLog, [{}])),
          store.log.commit(commitOf(busy, place, [{}, { clientMessageId: 'taken-taken-taken-taken' }])),
          store.log.commit(commitOf(conversationId, { sequence: 1, ordinal: 1 }, [{}])),
        ]),
      );
      const expected = others.flatMap(() => ['committed', 'head_moved', 'duplicates', 'committed'] as const);
      expect(kinds(outcomes)).toEqual(expected);
      expect(await headSequence(store.log, busy)).toBe(1);
      const heads = await store.log.heads(others);
      expect([...heads.values()].map(({ sequence }) => sequence)).toEqual(others.map(() => 2));
    }),
  );
}

function idempotency(on: On): void {
  test(
    '[LOG4] a commit that would repeat client ids names each first event and writes nothing',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const first = commitOf(conversationId, emptyLog, [{ body: 'one' }, { body: 'two' }, { body: 'three' }]);
      const place = await mustCommit(store.log, first);
      const [one, , three] = first.events;
      const again = commitOf(conversationId, place, [
        { body: 'new' },
        { clientMessageId: three!.clientMessageId, body: 'other content' },
        { body: 'new too' },
        { clientMessageId: one!.clientMessageId, body: 'one' },
      ]);
      const outcome = await store.log.commit({ ...again, work: [workItem('never', 0)] });
      if (outcome.kind !== 'duplicates') throw new Error(`it was ${outcome.kind}`);
      expect(outcome.found.toSorted((left, right) => left.index - right.index)).toEqual([
        { index: 1, event: storedOf(three!), contentHash: three!.contentHash },
        { index: 3, event: storedOf(one!), contentHash: one!.contentHash },
      ]);
      expect(await headSequence(store.log, conversationId)).toBe(3);
      expect(await store.work.claim({ nowMs: 1, limit: 9, leaseMs: 1 })).toEqual([]);
    }),
  );

  test(
    '[LOG3] [LOG4] a repetition alone in its commit names the first event, and nothing that came along is written',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const first = commitOf(conversationId, emptyLog, [{ body: 'one' }, { body: 'two' }]);
      const place = await mustCommit(store.log, first);
      const [event] = first.events;
      const { clientMessageId } = event!;
      const value = { messageId: 'never' };
      const again = commitOf(conversationId, place, [{ clientMessageId, body: 'other content' }], {
        views: [{ view: 'mention', partition: conversationId, key: '1', version: 9, value }],
        work: [workItem('never', 0)],
      });
      const duplicate = { index: 0, event: storedOf(event!), contentHash: event!.contentHash };
      expect(await store.log.commit(again)).toEqual({ kind: 'duplicates', found: [duplicate] });
      expect(await wholeLog(store.log, conversationId)).toEqual(first.events.map(storedOf));
      expect((await store.log.heads([conversationId])).get(conversationId)).toEqual(first.head);
      expect(await store.views.getMany('mention', [{ partition: conversationId, key: '1' }])).toEqual([]);
      expect(await store.work.claim({ nowMs: 1, limit: 9, leaseMs: 1 })).toEqual([]);
      await mustCommit(store.log, commitOf(conversationId, place, [{}]));
    }),
  );

  test(
    '[LOG4] a commit sent again after it was applied is not applied again',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const request = commitOf(conversationId, emptyLog, [{}, {}]);
      await mustCommit(store.log, request);
      const outcomes = await Promise.all([store.log.commit(request), store.log.commit(request)]);
      for (const outcome of outcomes) {
        // Which of the two it says is the store's choice; both send the writer to what stands there.
        expect(['duplicates', 'head_moved']).toContain(outcome.kind);
        if (outcome.kind === 'duplicates') expect(outcome.found).toHaveLength(2);
      }
      expect(await wholeLog(store.log, conversationId)).toHaveLength(2);
    }),
  );

  test(
    '[LOG4] the same client id of another user or in another conversation is another one',
    on(async ({ store }) => {
      const [first, second] = [uniqueId('g'), uniqueId('g')];
      const clientMessageId = crypto.randomUUID();
      const drafts = ['ua', 'ub', 'uc'].map((senderId) => ({ senderId, clientMessageId }));
      await fillLog(store.log, first, drafts);
      await fillLog(store.log, second, drafts);
      expect(await wholeLog(store.log, first)).toHaveLength(3);
    }),
  );

  test(
    '[LOG4] user and client id are two things: moving the border between them makes another key',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const keys = [
        { userId: 'u1', clientMessageId: '2345678901234567890123' },
        { userId: 'u12', clientMessageId: '345678901234567890123' },
        { userId: 'u', clientMessageId: '12345678901234567890123' },
      ];
      await fillLog(
        store.log,
        conversationId,
        keys.map(({ userId, clientMessageId }) => ({ senderId: userId, clientMessageId })),
      );
      const found = await store.log.findByClientIds(conversationId, keys);
      expect(found.map((one) => one?.event.sequence)).toEqual([1, 2, 3]);
    }),
  );

  test(
    '[LOG4] one client id twice within a commit is a fault and writes nothing',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const clientMessageId = crypto.randomUUID();
      const request = commitOf(conversationId, emptyLog, [{ clientMessageId }, {}, { clientMessageId }]);
      expect(await isFault(store.log.commit(request))).toBe(true);
      expect(await headSequence(store.log, conversationId)).toBe(0);
    }),
  );

  test(
    '[LOG4] findByClientIds answers in the order asked, with null for what never was',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const request = commitOf(conversationId, emptyLog, [{ senderId: 'ua' }, { senderId: 'ub' }]);
      await mustCommit(store.log, request);
      const [one, two] = request.events;
      const key = (event: typeof one) => ({
        userId: event!.senderId,
        clientMessageId: event!.clientMessageId,
      });
      const unknown = { userId: 'ua', clientMessageId: two!.clientMessageId };
      const found = await store.log.findByClientIds(conversationId, [key(two), unknown, key(one), key(two)]);
      const expected = [two, null, one, two].map((event) =>
        event ? { event: storedOf(event), contentHash: event.contentHash } : null,
      );
      expect(found).toEqual(expected);
      expect(await store.log.findByClientIds(uniqueId('g'), [key(one)])).toEqual([null]);
      expect(await store.log.findByClientIds(conversationId, [])).toEqual([]);
    }),
  );
}

function visibility(on: On): void {
  test(
    '[LOG5] whoever reads a new head finds its events, views and work there',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const rounds = 40;
      const write = async (): Promise<void> => {
        let place = emptyLog;
        for (let round = 1; round <= rounds; round += 1) {
          const [partition, version] = [conversationId, place.sequence + 2];
          const value = { type: 'group', title: `at ${version}`, memberCount: version } as const;
          const views = [{ view: 'conversation', partition, key: '', version, value } as const];
          place = await mustCommit(store.log, commitOf(conversationId, place, [{}, {}], { views }));
        }
      };
      const read = async (): Promise<void> => {
        for (let seen = 0; seen < rounds * 2;) {
          // A store may answer without leaving this thread; the writer has to get its turn.
          await new Promise((resolve) => setImmediate(resolve));
          seen = await headSequence(store.log, conversationId);
          if (seen === 0) continue;
          const watermark = await store.views.watermark(conversationId);
          const [row] = await store.views.getMany('conversation', [{ partition: conversationId, key: '' }]);
          const events = await wholeLog(store.log, conversationId);
          expect(seen % 2).toBe(0);
          expect(watermark).toBeGreaterThanOrEqual(seen);
          expect(row?.version).toBeGreaterThanOrEqual(seen);
          expect(row?.value.memberCount).toBe(row!.version);
          expect(events.length).toBeGreaterThanOrEqual(seen);
        }
      };
      await Promise.all([write(), read(), read()]);
    }),
  );

  test(
    '[LOG5] the work of a commit can be claimed once it is answered',
    on(async ({ store }) => {
      const conversationId = uniqueId('g');
      const work = [workItem('first', 5), workItem('second', 6)];
      await mustCommit(store.log, commitOf(conversationId, emptyLog, [{}], { work }));
      const claimed = await store.work.claim({ nowMs: 10, limit: 10, leaseMs: 10 });
      expect(claimed).toEqual(work.map((item) => ({ ...item, attempts: 1 })));
    }),
  );
}

async function isFault(commit: Promise<unknown>): Promise<boolean> {
  return commit.then(
    () => false,
    () => true,
  );
}

import { describe, expect, test } from 'bun:test';
import { addWork, workItem } from './commits.ts';
import { forSeeds } from './seeded.ts';
import { type MakeSubject, onSubject } from './subject.ts';

export function workSuite(name: string, makeSubject: MakeSubject): void {
  const on = onSubject(makeSubject);

  describe(`${name}: work`, () => {
    test(
      '[WORK1] an item is offered again after each lease until it is completed',
      on(async ({ store: { log, work } }) => {
        await addWork(log, [workItem('one', 0)]);
        for (const attempts of [1, 2, 3]) {
          const claimed = await work.claim({ nowMs: attempts * 100, limit: 5, leaseMs: 100 });
          expect(claimed).toEqual([{ ...workItem('one', 0), attempts }]);
        }
        await work.complete(['one', 'unknown']);
        expect(await work.claim({ nowMs: 10_000, limit: 5, leaseMs: 100 })).toEqual([]);
      }),
    );

    test(
      '[WORK1] open items and attempts outlive the store',
      on(async ({ store: { log, work }, reopen }) => {
        if (reopen === undefined) return;
        await addWork(log, [workItem('leased', 0), workItem('later', 50), workItem('done', 1)]);
        await work.claim({ nowMs: 10, limit: 5, leaseMs: 100 });
        await work.complete(['done']);
        const again = await reopen();
        // Whether a lease outlives the process that held it is the store's affair: with one process it need not.
        const rest = await again.work.claim({ nowMs: 110, limit: 5, leaseMs: 1 });
        expect(rest.map(({ workId, attempts }) => [workId, attempts])).toEqual([
          ['leased', 2],
          ['later', 1],
        ]);
      }),
    );

    test(
      '[WORK1] a second item with the id of an open one is ignored; after completion it is a new one',
      on(async ({ store: { log, work } }) => {
        await addWork(log, [workItem('one', 5), workItem('one', 0)]);
        await addWork(log, [workItem('one', 1)]);
        expect(await work.claim({ nowMs: 4, limit: 5, leaseMs: 10 })).toEqual([]);
        expect(await work.claim({ nowMs: 5, limit: 5, leaseMs: 10 })).toHaveLength(1);
        await addWork(log, [workItem('one', 0)]);
        expect(await work.claim({ nowMs: 6, limit: 5, leaseMs: 10 })).toEqual([]);
        await work.complete(['one']);
        await addWork(log, [workItem('one', 7)]);
        expect(await work.claim({ nowMs: 7, limit: 5, leaseMs: 10 })).toEqual([
          { ...workItem('one', 7), attempts: 1 },
        ]);
      }),
    );

    test(
      "[WORK2] a claimed item is nobody else's until its lease ends, to the millisecond",
      on(async ({ store: { log, work } }) => {
        await addWork(log, [workItem('one', 0)]);
        expect(await work.claim({ nowMs: 100, limit: 1, leaseMs: 50 })).toHaveLength(1);
        expect(await work.claim({ nowMs: 149, limit: 1, leaseMs: 50 })).toEqual([]);
        expect(await work.claim({ nowMs: 150, limit: 1, leaseMs: 50 })).toHaveLength(1);
      }),
    );

    test(
      '[WORK2] claims of the same moment share out the items: each goes to one',
      on(async ({ store: { log, work } }) =>
        forSeeds(async (choices) => {
          const nowMs = 1_000;
          const workIds = Array.from({ length: 60 }, () => crypto.randomUUID());
          await addWork(
            log,
            workIds.map((workId) => workItem(workId, choices.between(0, nowMs))),
          );
          const limits = Array.from({ length: 12 }, () => choices.between(1, 12));
          const claims = await Promise.all(limits.map((limit) => work.claim({ nowMs, limit, leaseMs: 10 })));
          const claimed = claims.flatMap((items) => items.map(({ workId }) => workId));
          const total = limits.reduce((sum, limit) => sum + limit, 0);
          expect(claimed).toHaveLength(Math.min(total, workIds.length));
          expect(new Set(claimed).size).toBe(claimed.length);
          expect(claims.every((items, index) => items.length <= (limits[index] ?? 0))).toBe(true);
          await work.complete(workIds);
        }),
      ),
    );

    test(
      '[WORK2] retry gives an item back before its lease ends, for another time; what is done stays done',
      on(async ({ store: { log, work } }) => {
        await addWork(log, [workItem('one', 0), workItem('two', 0)]);
        await work.claim({ nowMs: 10, limit: 5, leaseMs: 1_000_000 });
        await work.complete(['two']);
        await work.retry(['one', 'two', 'unknown'], 200);
        expect(await work.claim({ nowMs: 199, limit: 5, leaseMs: 10 })).toEqual([]);
        expect(await work.claim({ nowMs: 200, limit: 5, leaseMs: 10 })).toEqual([
          { ...workItem('one', 200), attempts: 2 },
        ]);
      }),
    );

    test(
      '[WORK1] [WORK2] complete and retry concern each item they name, and no other',
      on(async ({ store: { log, work } }) => {
        const workIds = ['one', 'two', 'three', 'four', 'five'];
        await addWork(
          log,
          workIds.map((workId) => workItem(workId, 0)),
        );
        await work.claim({ nowMs: 10, limit: 5, leaseMs: 100 });
        await work.retry(['two', 'four'], 20);
        const claimedAt = async (nowMs: number): Promise<readonly string[]> => {
          const claimed = await work.claim({ nowMs, limit: 5, leaseMs: 100 });
          return claimed.map(({ workId }) => workId).toSorted();
        };
        expect(await claimedAt(20)).toEqual(['four', 'two']);
        await work.complete(['three', 'one']);
        expect(await claimedAt(110)).toEqual(['five']);
        expect(await claimedAt(120)).toEqual(['four', 'two']);
      }),
    );

    test(
      '[WORK3] items are offered when due, in the order of that time',
      on(async ({ store: { log, work } }) =>
        forSeeds(async (choices) => {
          const items = Array.from({ length: 30 }, (_, dueAtMs) => workItem(crypto.randomUUID(), dueAtMs));
          await addWork(log, choices.shuffled(items));
          const offered: string[] = [];
          for (let nowMs = 0; nowMs < 30; nowMs += choices.between(1, 6)) {
            const claimed = await work.claim({ nowMs, limit: choices.between(1, 5), leaseMs: 1_000 });
            expect(claimed.every(({ dueAtMs }) => dueAtMs <= nowMs)).toBe(true);
            offered.push(...claimed.map(({ workId }) => workId));
          }
          offered.push(
            ...(await work.claim({ nowMs: 30, limit: 30, leaseMs: 1_000 })).map(({ workId }) => workId),
          );
          expect(offered).toEqual(items.map(({ workId }) => workId));
          await work.complete(offered);
        }),
      ),
    );
  });
}

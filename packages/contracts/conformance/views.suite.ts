import { describe, expect, test } from 'bun:test';
import type { ViewPut, ViewRow, Views } from '@confab/contracts';
import { commitOf, emptyLog, mustCommit, putRows, uniqueId } from './commits.ts';
import { forSeeds } from './seeded.ts';
import { type MakeSubject, onSubject } from './subject.ts';

export function viewsSuite(name: string, makeSubject: MakeSubject): void {
  const on = onSubject(makeSubject);

  describe(`${name}: views`, () => {
    test(
      '[VIEW1] a put below the version of the row changes nothing, one at or above it does',
      on(async ({ store }) => {
        const partition = uniqueId('g');
        const see = async (): Promise<unknown> =>
          (await mentions(store.views, partition)).map(({ value }) => value);
        await putRows(store.log, [mention(partition, '1', 5, 'at five')]);
        await putRows(store.log, [mention(partition, '1', 4, 'late')]);
        expect(await see()).toEqual([{ messageId: 'at five' }]);
        await putRows(store.log, [mention(partition, '1', 5, 'at five again')]);
        expect(await see()).toEqual([{ messageId: 'at five again' }]);
        await putRows(store.log, [mention(partition, '1', 6, 'at six')]);
        expect(await see()).toEqual([{ messageId: 'at six' }]);
      }),
    );

    test(
      '[VIEW2] a deleted row is in no answer, and only a higher version brings it back',
      on(async ({ store }) => {
        const partition = uniqueId('g');
        await putRows(store.log, [mention(partition, '1', 5, 'there'), mention(partition, '2', 5, 'there')]);
        await putRows(store.log, [mention(partition, '1', 7, null)]);
        await putRows(store.log, [mention(partition, '1', 6, 'late')]);
        expect((await mentions(store.views, partition)).map(({ key }) => key)).toEqual(['2']);
        expect(await store.views.getMany('mention', [{ partition, key: '1' }])).toEqual([]);
        expect(await store.views.counts([{ view: 'mention', partition, after: null, limit: 9 }])).toEqual([
          1,
        ]);
        await putRows(store.log, [mention(partition, '1', 8, 'back')]);
        expect((await mentions(store.views, partition)).map(({ version }) => version)).toEqual([8, 5]);
      }),
    );

    test(
      '[VIEW2] deleting what never was still refuses older puts',
      on(async ({ store }) => {
        const partition = uniqueId('g');
        await putRows(store.log, [mention(partition, '1', 3, null)]);
        await putRows(store.log, [mention(partition, '1', 2, 'late')]);
        expect(await mentions(store.views, partition)).toEqual([]);
      }),
    );

    test(
      '[VIEW1] [VIEW2] puts in any order and grouping end at the highest version of each row',
      on(async ({ store }) =>
        forSeeds(async (choices) => {
          const partition = uniqueId('g');
          const puts = ['a', 'b', 'c', 'd'].flatMap((key) =>
            Array.from({ length: 8 }, (_, version) => {
              const isDelete = choices.fraction() < 0.3;
              return mention(partition, key, version, isDelete ? null : `${key}${version}`);
            }),
          );
          const newest = puts.filter(({ version, value }) => version === 7 && value !== null);
          const groups = new Map<number, ViewPut[]>();
          for (const put of choices.shuffled(puts)) {
            const group = choices.between(0, 9);
            groups.set(group, [...(groups.get(group) ?? []), put]);
          }
          await Promise.all([...groups.values()].map((group) => putRows(store.log, group)));
          const expected = newest.map(({ key, version, value }) => ({ partition, key, version, value }));
          expect(await mentions(store.views, partition)).toEqual(expected as ViewRow<'mention'>[]);
        }),
      ),
    );

    test(
      '[VIEW3] list gives rows ascending by code unit, after a key, up to a limit; counts counts the same',
      on(async ({ store }) => {
        const partition = uniqueId('g');
        const keys = ['', '-', '0', '10', '9', 'A', 'Z', '_', 'a', 'aa', 'b', 'z'];
        await putRows(
          store.log,
          keys.toReversed().map((key) => mention(partition, key, 1, key)),
        );
        await putRows(store.log, [mention(`${partition}x`, 'other', 1, 'x')]);
        for (const after of [null, ...keys, '5', 'zz']) {
          for (const limit of [1, 3, 100]) {
            const request = { view: 'mention', partition, after, limit } as const;
            const expected = keys.filter((key) => after === null || key > after).slice(0, limit);
            expect((await store.views.list(request)).map(({ key }) => key)).toEqual(expected);
            expect(await store.views.counts([request])).toEqual([expected.length]);
          }
        }
      }),
    );

    test(
      '[VIEW3] counts and getMany answer many questions at once, also about what is not there',
      on(async ({ store }) => {
        const [first, second] = [uniqueId('g'), uniqueId('g')];
        await putRows(store.log, [
          mention(first, '1', 1, 'a'),
          mention(first, '2', 1, 'b'),
          mention(second, '1', 2, 'c'),
        ]);
        const question = (partition: string) =>
          ({ view: 'mention', partition, after: null, limit: 10 }) as const;
        const counts = await store.views.counts([second, uniqueId('g'), first].map(question));
        expect(counts).toEqual([1, 0, 2]);
        const places = [second, first, uniqueId('g')].map((partition) => ({ partition, key: '1' }));
        const rows = await store.views.getMany('mention', places);
        expect(new Set(rows.map(({ value }) => value.messageId))).toEqual(new Set(['a', 'c']));
        expect(await store.views.getMany('member', places)).toEqual([]);
        expect(await store.views.counts([])).toEqual([]);
      }),
    );

    test(
      '[VIEW3] every view keeps its values whole, and views of one partition are apart',
      on(async ({ store }) => {
        const id = uniqueId('g');
        const role = 'admin' as const;
        const puts: readonly ViewPut[] = [
          rowOf('conversation', id, { type: 'group', title: 'Ünï "q" 🎉', memberCount: 3 }),
          rowOf('member', id, { role, joinedSequence: 4, joinedOrdinal: 2 }),
          rowOf('membership', id, { type: 'direct', role, from: 1, fromOrdinal: 0, to: 9, peerId: 'u-peer' }),
          rowOf('mention', id, { messageId: 'm' }),
        ];
        await putRows(store.log, puts);
        for (const { view, value } of puts) {
          const rows = await store.views.list({ view, partition: id, after: null, limit: 10 });
          expect(rows).toEqual([{ partition: id, key: 'key', version: 1, value: value! }]);
        }
      }),
    );

    test(
      '[VIEW4] the watermark follows the commits of the conversation and is 0 before the first',
      on(async ({ store }) => {
        const conversationId = uniqueId('g');
        expect(await store.views.watermark(conversationId)).toBe(0);
        const place = await mustCommit(store.log, commitOf(conversationId, emptyLog, [{}, {}]));
        expect(await store.views.watermark(conversationId)).toBe(2);
        await mustCommit(store.log, commitOf(conversationId, place, [{}]));
        expect(await store.views.watermark(conversationId)).toBe(3);
      }),
    );
  });
}

function rowOf<V extends ViewPut['view']>(
  view: V,
  partition: string,
  value: Extract<ViewPut, { view: V }>['value'],
): ViewPut {
  return { view, partition, key: 'key', version: 1, value } as ViewPut;
}

function mention(partition: string, key: string, version: number, messageId: string | null): ViewPut {
  return { view: 'mention', partition, key, version, value: messageId === null ? null : { messageId } };
}

async function mentions(views: Views, partition: string): Promise<readonly ViewRow<'mention'>[]> {
  return views.list({ view: 'mention', partition, after: null, limit: 1_000 });
}

import { describe, expect, test } from 'bun:test';
import type { CursorAdvance, UserCursor } from '@confab/contracts';
import { fillLog, headSequence, uniqueId } from './commits.ts';
import { forSeeds } from './seeded.ts';
import { type MakeSubject, onSubject } from './subject.ts';

export function cursorsSuite(name: string, makeSubject: MakeSubject): void {
  const on = onSubject(makeSubject);

  describe(`${name}: cursors`, () => {
    test(
      '[CUR1] a watermark never goes back, also within one call',
      on(async ({ store: { cursors } }) => {
        const place = { conversationId: uniqueId('g'), userId: uniqueId('u') };
        const read = { ...place, deviceId: 'one', kind: 'read' } as const;
        await cursors.advance([
          { ...read, sequence: 5, ordinal: 3 },
          { ...read, sequence: 4, ordinal: 2 },
        ]);
        await cursors.advance([{ ...read, sequence: 3, ordinal: 1 }]);
        expect(await cursors.get([place])).toEqual([
          { userId: place.userId, delivered: 0, read: 5, readOrdinal: 3 },
        ]);
      }),
    );

    test(
      '[CUR2] read is one a user, delivered the highest of their devices, and neither moves the other',
      on(async ({ store: { cursors } }) => {
        const place = { conversationId: uniqueId('g'), userId: uniqueId('u') };
        await cursors.advance([
          { ...place, deviceId: 'one', kind: 'delivered', sequence: 7, ordinal: 7 },
          { ...place, deviceId: 'two', kind: 'delivered', sequence: 4, ordinal: 4 },
          { ...place, deviceId: 'two', kind: 'read', sequence: 3, ordinal: 2 },
          { ...place, deviceId: 'one', kind: 'read', sequence: 2, ordinal: 1 },
        ]);
        const expected = { userId: place.userId, delivered: 7, read: 3, readOrdinal: 2 };
        expect(await cursors.get([place])).toEqual([expected]);
        expect(await cursors.ofConversation(place.conversationId)).toEqual([expected]);
      }),
    );

    test(
      '[CUR3] answers are in the order asked, null where there is nothing, and repeat what is asked twice',
      on(async ({ store: { cursors, log } }) => {
        const [first, second] = [uniqueId('g'), uniqueId('g')];
        const [one, two] = [uniqueId('u'), uniqueId('u')];
        await fillLog(log, second, [{ senderId: two }]);
        const read = { deviceId: 'd', kind: 'read', sequence: 1, ordinal: 1 } as const;
        await cursors.advance([
          { ...read, conversationId: first, userId: one },
          { ...read, conversationId: second, userId: one },
        ]);
        const cursor = { userId: one, delivered: 0, read: 1, readOrdinal: 1 };
        const asked = [
          { conversationId: second, userId: two },
          { conversationId: second, userId: one },
          { conversationId: uniqueId('g'), userId: one },
          { conversationId: first, userId: one },
          { conversationId: second, userId: one },
        ];
        expect(await cursors.get(asked)).toEqual([null, cursor, null, cursor, cursor]);
        expect(await cursors.get([])).toEqual([]);
        expect(await cursors.ofConversation(uniqueId('g'))).toEqual([]);
        expect(await log.heads([first])).toEqual(new Map());
      }),
    );

    test(
      '[CUR3] what was answered is there in a store opened anew',
      on(async ({ store, reopen }) => {
        if (reopen === undefined) return;
        const place = { conversationId: uniqueId('g'), userId: uniqueId('u') };
        await store.cursors.advance([
          { ...place, deviceId: 'd', kind: 'delivered', sequence: 9, ordinal: 9 },
        ]);
        const again = await reopen();
        expect(await again.cursors.get([place])).toMatchObject([{ delivered: 9 }]);
      }),
    );

    test(
      '[CUR3] watermarks that stand before any event are in the way of no commit, also in a store opened anew',
      on(async ({ store, reopen }) => {
        const conversationIds = [uniqueId('g'), uniqueId('g')] as const;
        const userId = uniqueId('u');
        const read = { userId, deviceId: 'd', kind: 'read', sequence: 1, ordinal: 1 } as const;
        await store.cursors.advance(conversationIds.map((conversationId) => ({ ...read, conversationId })));
        const [first, second] = conversationIds;
        await fillLog(store.log, first, [{ senderId: userId }, {}]);
        const { cursors, log } = (await reopen?.()) ?? store;
        await fillLog(log, second, [{ senderId: userId }, {}]);
        for (const conversationId of conversationIds) {
          expect(await headSequence(log, conversationId)).toBe(2);
          expect(await cursors.get([{ conversationId, userId }])).toMatchObject([{ read: 1 }]);
        }
      }),
    );

    test(
      '[CUR1] [CUR2] advances in any order and grouping end at the highest of each',
      on(async ({ store: { cursors } }) =>
        forSeeds(async (choices) => {
          const conversationId = uniqueId('g');
          const users = [uniqueId('u'), uniqueId('u'), uniqueId('u')];
          const advances = Array.from({ length: 80 }, (): CursorAdvance => {
            const sequence = choices.between(1, 40);
            const deviceId = choices.pick(['one', 'two', 'three']);
            const kind = choices.pick(['delivered', 'read'] as const);
            return {
              conversationId,
              userId: choices.pick(users),
              deviceId,
              kind,
              sequence,
              ordinal: sequence * 2,
            };
          });
          for (let at = 0; at < advances.length;) {
            const calls = Array.from({ length: choices.between(1, 3) }, () => {
              const call = advances.slice(at, at + choices.between(1, 5));
              at += call.length;
              return cursors.advance(call);
            });
            await Promise.all(calls);
            const expected = users.flatMap((userId) => modelCursor(userId, advances.slice(0, at)) ?? []);
            const found = await cursors.ofConversation(conversationId);
            expect(byUser(found)).toEqual(byUser(expected));
          }
          const places = users.map((userId) => ({ conversationId, userId }));
          const expected = users.map((userId) => modelCursor(userId, advances));
          expect(await cursors.get(places)).toEqual(expected);
        }),
      ),
    );
  });
}

function modelCursor(userId: string, advances: readonly CursorAdvance[]): UserCursor | null {
  const own = advances.filter((advance) => advance.userId === userId);
  if (own.length === 0) return null;
  const highest = (kind: CursorAdvance['kind']): number =>
    Math.max(0, ...own.filter((advance) => advance.kind === kind).map(({ sequence }) => sequence));
  const read = highest('read');
  return { userId, delivered: highest('delivered'), read, readOrdinal: read * 2 };
}

function byUser(cursors: readonly UserCursor[]): readonly UserCursor[] {
  return cursors.toSorted((one, other) => (one.userId < other.userId ? -1 : 1));
}

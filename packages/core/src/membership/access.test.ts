import { expect, test } from 'bun:test';
import type { Digest, Views } from '@confab/contracts';
import { Access, ConversationIds } from './access.ts';

test('[G4.4] all open memberships are found, however many there are and whatever has ended', async () => {
  const rows = Array.from({ length: 2_500 }, (_, index) => ({
    key: `g${String(index).padStart(6, '0')}`,
    value: { to: index % 10 === 9 ? index : null },
  }));
  const views = {
    list: async ({ after, limit }: { after: string | null; limit: number }) =>
      rows.filter(({ key }) => after === null || key > after).slice(0, limit),
  } as unknown as Views;
  const access = new Access(views, new ConversationIds({} as Digest));
  const open = [...(await access.openMemberships('ann')).keys()];
  expect(open).toEqual(rows.filter(({ value }) => value.to === null).map(({ key }) => key));
});

test('[G5.1] memberships are those of their places, whatever order rows come in and whatever there is none of', async () => {
  const of = (conversationId: string, userId: string) => ({ conversationId, userId });
  const [first, second] = [{ from: 1 }, { from: 2 }];
  const views = {
    getMany: async () => [
      { partition: 'bob', key: 'g2', value: second },
      { partition: 'ann', key: 'g1', value: first },
    ],
  } as unknown as Views;
  const access = new Access(views, new ConversationIds({} as Digest));
  const places = [of('g1', 'ann'), of('g1', 'bob'), of('g2', 'ann'), of('g2', 'bob')];
  expect(await access.memberships(places)).toEqual([first, null, null, second] as never);
});

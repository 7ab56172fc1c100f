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

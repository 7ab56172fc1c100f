import { expect, test } from 'bun:test';
import { testGateway } from './testing/test-gateway.ts';

test('[G4.6] whichever connections of a user have ended, an earlier self of a newcomer is found', async () => {
  for (const ended of [[], [0], [1], [2], [3], [1, 2], [3, 2], [0, 1, 2]]) {
    const { join, gateway } = testGateway();
    const tabs = [];
    for (const tab of ['a', 'b', 'c', 'd']) tabs.push(await join('ann', 'd1', tab));
    for (const index of ended) tabs[index]?.connection?.transportClosed(1006);
    const left = tabs.filter((_, index) => !ended.includes(index));
    for (const [index, tab] of ['a', 'b', 'c', 'd'].entries()) {
      await join('ann', 'd1', tab);
      expect(tabs[index]?.closed?.code ?? null).toBe(ended.includes(index) ? null : 4301);
    }
    expect(left.map(({ closed }) => closed?.code)).toEqual(left.map(() => 4301));
    expect(gateway.stats().live).toBe(4);
  }
});

test('[P3.4] connections that have ended are not counted: of nine tabs the oldest that is open goes', async () => {
  const { join } = testGateway();
  for (let tab = 1; tab <= 8; tab += 1)
    (await join('ann', 'd1', `ended${tab}`)).connection?.transportClosed(1006);
  const tabs = [];
  for (let tab = 1; tab <= 9; tab += 1) {
    tabs.push(await join('ann', 'd1', `tab${tab}`));
    expect(tabs.flatMap(({ closed }) => closed?.code ?? [])).toEqual(tab < 9 ? [] : [4301]);
  }
  expect(tabs[0]?.closed).toMatchObject({ code: 4301 });
});

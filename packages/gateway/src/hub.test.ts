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

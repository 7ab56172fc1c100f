import { expect, test } from 'bun:test';
import { RedisStorm } from './redis-storm.ts';

const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1);

for (const seed of SEEDS) {
  test(`[BUS1] [BUS4] [REG4] [NODE1] a fleet in a storm keeps its word, and is whole after it (seed ${seed})`, async () => {
    await new RedisStorm(seed).run();
  });
}

test('the same seed gives the same storm', async () => {
  const told = async (seed: number): Promise<unknown> => {
    const storm = new RedisStorm(seed);
    await storm.run();
    return storm.nodes.map(({ heard, lossesAtMs, health }) => ({ heard, lossesAtMs, health: health() }));
  };
  expect(await told(7)).toEqual(await told(7));
  expect(await told(7)).not.toEqual(await told(8));
});

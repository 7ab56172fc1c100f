import { expect, test } from 'bun:test';
import { runCampaign } from './campaign/campaign.ts';
import { runSeed, type SeedOutcome } from './run-seed.ts';

const FROM = 500;
const WORLDS = 6;
const MS_MAX = 120_000;

/** Each world in a process that has lived through others before, or not. */
async function outcomes(jobs: number): Promise<ReadonlyMap<number, SeedOutcome>> {
  const found = new Map<number, SeedOutcome>();
  const onWorld = (outcome: SeedOutcome): void => void found.set(outcome.seed, outcome);
  await runCampaign({ seed: FROM, worlds: WORLDS, durationMs: MS_MAX, jobs, endsWithFirst: false, onWorld });
  return found;
}

test(
  'the same seed goes the same way, step by step, whatever the process did before',
  async () => {
    const [one, other] = [await outcomes(1), await outcomes(WORLDS)];
    expect(one.size).toBe(WORLDS);
    expect(other).toEqual(one);
  },
  MS_MAX,
);

test('different seeds go different ways', async () => {
  const [one, other] = [await runSeed(FROM), await runSeed(FROM + 1)];
  expect(one.hash).not.toBe(other.hash);
});

import { checkWorld } from './checks/check-world.ts';
import { isLevel } from './checks/is-level.ts';
import { checkLeft } from './checks/check-left.ts';
import type { TraceLine } from './trace.ts';
import { Faults } from './world/faults.ts';
import { act } from './world/user-actions.ts';
import { usualWeather } from './world/weather.ts';
import { World } from './world/world.ts';
import { planOf } from './world/world-plan.ts';

/** What came of one world. */
export interface SeedOutcome {
  readonly seed: number;
  /** What was wrong, each with the rule it breaks; none in a sound world. */
  readonly wrong: readonly string[];
  /** The same for two runs that went the same way. */
  readonly hash: number;
  readonly steps: number;
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * After the last fault everybody is level within this time. It is made of the longest wait between two attempts to
 * connect (25 s), the time to find a half-open link (33 s), and the longest wait for work that failed often (60 s).
 */
const LEVEL_MS_MAX = 150_000;
const LOOK_MS = 1_000;
/** After everybody has gone, nothing of them is left within this time. */
const LEFT_MS_MAX = 60_000;

/** Lives through one world, and checks it. */
export async function runSeed(
  seed: number,
  onTrace: ((line: TraceLine) => void) | null = null,
): Promise<SeedOutcome> {
  const world = new World(planOf(seed), onTrace);
  const unheard: string[] = [];
  const noteUnheard = (error: unknown): void => void unheard.push(`nobody heard of ${textOf(error)}`);
  process.on('unhandledRejection', noteUnheard);
  try {
    const wrong = await live(world);
    return outcomeOf(world, [...world.history.complaints, ...wrong, ...unheard]);
  } catch (error) {
    return outcomeOf(world, [...world.history.complaints, textOf(error)]);
  } finally {
    process.off('unhandledRejection', noteUnheard);
  }
}

function outcomeOf(world: World, wrong: readonly string[]): SeedOutcome {
  const { history, plan, tally, trace } = world;
  tally.add('worlds');
  tally.add(`worlds: ${plan.kind}`);
  tally.add('steps', trace.steps);
  tally.add('simulated seconds', Math.round(world.nowMs / 1_000));
  tally.add('messages written', history.sends.length);
  tally.add('messages acknowledged', history.sends.filter(({ promised }) => promised !== null).length);
  tally.add('events told to devices', history.heard.length);
  const { hash, steps } = trace;
  return { seed: plan.seed, wrong: [...new Set(wrong)], hash, steps, counts: tally.counts };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function live(world: World): Promise<readonly string[]> {
  const faults = new Faults(world, usualWeather(world.plan));
  await world.begin();
  await storm(world, faults);
  faults.heal();
  const healedMs = world.nowMs;
  await becomeLevel(world, healedMs);
  world.tally.add('seconds until level', Math.round((world.nowMs - healedMs) / 1_000));
  // What was still on its way may not change that, but a token may have to be renewed.
  await world.clockwork.advance(2 * LOOK_MS);
  await becomeLevel(world, healedMs);
  const wrong = await checkWorld(world);
  return wrong.length > 0 ? wrong : await part(world);
}

async function becomeLevel(world: World, healedMs: number): Promise<void> {
  while (!(await isLevel(world)) && world.nowMs - healedMs < LEVEL_MS_MAX)
    await world.clockwork.advance(LOOK_MS);
}

/** Users do things and things go wrong, each at its own pace. */
async function storm(world: World, faults: Faults): Promise<void> {
  const { clockwork, plan, random } = world;
  const { clock } = clockwork;
  const endsMs = world.nowMs + plan.stormMs;
  const repeat = (everyMs: number, action: () => void): void => {
    clock.after(1 + random.below(2 * everyMs), () => {
      if (world.nowMs >= endsMs) return;
      action();
      repeat(everyMs, action);
    });
  };
  repeat(plan.actionEveryMs, () => act(world));
  repeat(plan.faultEveryMs, () => faults.strike());
  await clockwork.advance(plan.stormMs);
}

/** Everybody goes, and nothing of them is left. */
async function part(world: World): Promise<readonly string[]> {
  const { clockwork } = world;
  await clockwork.finish(Promise.all(world.devices.map(async (device) => await device.quit())), LEFT_MS_MAX);
  const partedMs = world.nowMs;
  for (;;) {
    const wrong = await checkLeft(world);
    if (wrong.length === 0 || world.nowMs - partedMs > LEFT_MS_MAX) return wrong;
    await clockwork.advance(LOOK_MS);
  }
}

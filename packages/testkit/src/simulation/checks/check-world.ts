import type { World } from '../world/world.ts';
import { checkDevice } from './check-device.ts';
import { checkLogs } from './check-log.ts';
import { checkOwnLogs } from './check-own-logs.ts';
import { checkSummaries } from './check-summaries.ts';
import { whatIsBehind } from './is-level.ts';
import { readFacts, type WorldFacts } from './world-facts.ts';

const ASKED_AGAIN_MS = 3_000;

/** Everything that has to be so once all is well again. Each line says what is not. */
export async function checkWorld(world: World): Promise<readonly string[]> {
  const behind = await whatIsBehind(world);
  const facts = await readFacts(world);
  const logs = [...checkLogs(facts, world.history), ...checkOwnLogs(facts)];
  // What devices show means little while they are not where they should be.
  if (behind.length > 0) return [...behind, ...logs];
  const devices = world.devices.flatMap((device) => checkDevice(device, facts));
  return [...logs, ...devices, ...(await checkAsked(world, facts))];
}

/** Twice: a device may have said how far it has read while the lists were asked for. */
async function checkAsked(world: World, facts: WorldFacts): Promise<readonly string[]> {
  const wrong = await checkSummaries(world, facts);
  if (wrong.length === 0) return wrong;
  await world.clockwork.advance(ASKED_AGAIN_MS);
  return await checkSummaries(world, await readFacts(world));
}

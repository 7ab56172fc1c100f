import { lookUntil } from '../deadline.ts';
import type { BackgroundLoad } from './background-load.ts';
import type { BreakableFleet } from './breakable-fleet.ts';

const WINDOW_MS = 1_500;

/**
 * Waits until every gateway sees all of them, and people talk for a while without one delivery that had to be looked for
 * in the log: the routes are whole again. Gives how long that took.
 */
export async function wholeAgain(
  fleet: BreakableFleet,
  load: BackgroundLoad,
  limitMs: number,
): Promise<number> {
  const { length } = fleet.nodes;
  const fromMs = performance.now();
  return lookUntil(limitMs, async () => {
    const foundAtMs = performance.now();
    const seen = await fleet.metric('confab_nodes');
    if (seen !== length * length) throw new Error(`${length} gateways see ${seen} gateways`);
    const before = await fleet.metric('confab_losses_repaired_total');
    await load.talking(WINDOW_MS);
    const repaired = (await fleet.metric('confab_losses_repaired_total')) - before;
    if (repaired > 0) throw new Error(`${repaired} deliveries had to be looked for`);
    return Math.round(foundAtMs - fromMs);
  });
}

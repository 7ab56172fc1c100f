import type { World } from '../world/world.ts';

/** Redis answers well within this time. */
const ANSWER_MS_MAX = 10_000;

/** After everybody has gone: no node holds anything of them, and none is told that somebody is anywhere. */
export async function checkLeft({ clockwork, fleet, users }: World): Promise<readonly string[]> {
  const held = fleet.nodes.flatMap(({ nodeId, gateway }) => {
    const stats = gateway.stats();
    const isEmpty = Object.values(stats).every((count) => count === 0);
    return isEmpty ? [] : [`[G8.1] ${nodeId} still holds ${JSON.stringify(stats)}`];
  });
  const userIds = users.map(({ userId }) => userId);
  const located = fleet.serving.map(async ({ nodeId, registry }) => {
    const places = await registry.locate(userIds);
    return [...places].map(([at, found]) => `[REG2] ${nodeId} takes ${found.join()} to be at ${at}`);
  });
  return [...held, ...(await clockwork.finish(Promise.all(located), ANSWER_MS_MAX)).flat()];
}

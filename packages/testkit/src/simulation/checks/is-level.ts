import type { DeviceRun } from '../device/device-run.ts';
import type { TimelineView } from '@confab/client';
import type { World } from '../world/world.ts';
import { presentSpan, readFacts, type WorldFacts } from './world-facts.ts';

/** Whether everybody is connected, has sent what they wrote, and has what there is. */
export async function isLevel(world: World): Promise<boolean> {
  return (await whatIsBehind(world)).length === 0;
}

/** What is missing until everybody is level. */
export async function whatIsBehind(world: World): Promise<readonly string[]> {
  const away = world.devices.filter(({ app }) => app?.isLive !== true);
  if (away.length > 0) return away.map(({ name, app }) => `[G4.6] ${name} is ${stateOf(app)}`);
  const pending = world.devices.flatMap(({ name, app }) => {
    const count = app?.client.pendingCount.get() ?? 0;
    return count === 0 ? [] : [`[G1.2] ${name} still has ${count} messages to send`];
  });
  const work = world.fleet.store.truth.openWork();
  const undone = work === 0 ? [] : [`[G4.4] ${work} pieces of work are not done`];
  const facts = await readFacts(world);
  const asked = [...world.asked].flatMap(({ run, what }) =>
    run.isCrashed ? [] : [`[G4.6] "${what}" of ${run.runId} is not answered`],
  );
  const behind = [...asked, ...pending, ...undone, ...unknownTo(world, facts), ...unreadThere(world, facts)];
  return behind.length > 0 ? behind : staleThere(world);
}

function stateOf(app: DeviceRun | null): string {
  return app === null ? 'off' : JSON.stringify(app.client.connection.state.get());
}

/** [G4.1], [G9.2]: every member's device is at the head of every conversation. */
function unknownTo(world: World, { conversations }: WorldFacts): readonly string[] {
  return world.devices.flatMap(({ name, user, app }) => {
    const views = new Map(app?.client.conversations.get().items.map((view) => [view.conversationId, view]));
    return [...conversations.values()].flatMap((conversation) => {
      const { conversationId, state } = conversation;
      const reached = views.get(conversationId)?.headSequence ?? null;
      const isMember = presentSpan(conversation, user.userId) !== null;
      const expected = isMember ? state.head.sequence : null;
      if (reached === expected) return [];
      return [`[G4.1] ${name} is at ${reached} of ${conversationId}, not ${expected}`];
    });
  });
}

/** [G6.3]: what was read here, the server knows. */
function unreadThere(world: World, { conversations }: WorldFacts): readonly string[] {
  return world.devices
    .filter(({ tellsReads }) => tellsReads)
    .flatMap(({ name, user, app }) =>
      (app?.client.conversations.get().items ?? []).flatMap(({ conversationId, readSequence }) => {
        const conversation = conversations.get(conversationId);
        const joined = conversation === undefined ? null : presentSpan(conversation, user.userId);
        const known = Math.max(conversation?.cursors.get(user.userId)?.read ?? 0, joined?.from ?? 0);
        return readSequence <= known
          ? []
          : [`[G6.3] ${name} has read ${conversationId} up to ${readSequence}, the server knows of ${known}`];
      }),
    );
}

/** [G4.1]: no device knows of events that it does not have. */
function staleThere({ devices }: World): readonly string[] {
  return devices.flatMap(({ name, app }) =>
    (app?.conversationIds ?? []).flatMap((conversationId) => {
      const view = app?.client.timeline(conversationId).get();
      return view !== undefined && lacksEvents(view)
        ? [`[G4.1] ${name} lacks events of ${conversationId}`]
        : [];
    }),
  );
}

/** A timeline that has loaded nothing, and shows what was acknowledged here, has not heard of it yet. */
function lacksEvents({ status, items }: TimelineView): boolean {
  return status === 'stale' || (status === 'empty' && items.some(({ sequence }) => sequence !== null));
}

import type { SimulatedDevice } from '../device/simulated-device.ts';
import type { DeviceRun } from '../device/device-run.ts';
import type { World } from './world.ts';

type Action = (world: World, device: SimulatedDevice, app: DeviceRun) => void;

/** What users do, and how often of each hundred or so. */
const ACTIONS: readonly (readonly [weight: number, action: Action])[] = [
  [40, send],
  [12, read],
  [8, openTimeline],
  [4, closeTimeline],
  [5, scroll],
  [3, typeOn],
  [2, createGroup],
  [2, startDirect],
  [8, addMember],
  [6, removeMember],
  [1, leave],
  [3, rename],
  [1, setRole],
  [2, mendFailed],
  [1, discard],
  [3, goOffline],
  [2, lookAtMembers],
  [1, look],
];
const WEIGHTS = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

/** One user does one thing, on a device whose app runs. */
export function act(world: World): void {
  const { random } = world;
  const running = world.devices.filter(({ app }) => app !== null);
  if (running.length === 0) return;
  const device = random.pick(running);
  if (device.app === null) return;
  let dice = random.below(WEIGHTS);
  for (const [weight, action] of ACTIONS) {
    if (dice < weight) {
      world.trace.note(`${device.name} ${action.name}`);
      world.tally.add(`user: ${action.name}`);
      action(world, device, device.app);
      return;
    }
    dice -= weight;
  }
}

function someConversation({ random }: World, { conversationIds }: DeviceRun): string | null {
  return conversationIds.length === 0 ? null : random.pick(conversationIds);
}

function someGroup({ random }: World, { client }: DeviceRun): string | null {
  const groups = client.conversations.get().items.filter(({ type }) => type === 'group');
  return groups.length === 0 ? null : random.pick(groups).conversationId;
}

/** One message or several at once. */
function send(world: World, device: SimulatedDevice, app: DeviceRun): void {
  const { history, plan, random } = world;
  const conversationId = someConversation(world, app);
  if (conversationId === null) return;
  for (let count = random.chance(0.3) ? 1 + random.below(6) : 1; count > 0; count--) {
    const body = `${device.name} says ${history.sends.length} ${'x'.repeat(plan.bodyCharacters)}`;
    const mentions = random.chance(0.2) ? [random.pick(world.users).userId] : [];
    const { userId } = device.user;
    const sent = history.send({ deviceName: device.name, userId, conversationId, body, mentions });
    const kept = app.client.timeline(conversationId).send(body, { mentions });
    world.tolerate(
      app.run,
      kept.then(() => {
        sent.isKept = true;
      }),
      'send',
    );
  }
}

function read({ random }: World, _device: SimulatedDevice, { client }: DeviceRun): void {
  const views = client.conversations.get().items;
  if (views.length === 0) return;
  const { conversationId, headSequence } = random.pick(views);
  const through = random.chance(0.5) ? headSequence : random.below(headSequence + 1);
  client.timeline(conversationId).markRead(through);
}

function openTimeline(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  const conversationId = someConversation(world, app);
  if (conversationId !== null) app.open(conversationId);
}

function closeTimeline({ random }: World, _device: SimulatedDevice, app: DeviceRun): void {
  const { openTimelines } = app;
  if (openTimelines.length > 0) app.close(random.pick(openTimelines));
}

function scroll(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  const { openTimelines } = app;
  if (openTimelines.length === 0) return;
  const timeline = app.client.timeline(world.random.pick(openTimelines));
  if (world.random.chance(0.2)) timeline.releaseOlder();
  else world.tolerate(app.run, timeline.loadOlder(), 'load older');
}

function typeOn(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  const conversationId = someConversation(world, app);
  if (conversationId !== null) app.client.timeline(conversationId).typing();
}

function createGroup(world: World, device: SimulatedDevice, app: DeviceRun): void {
  const memberIds = world.users
    .filter(({ userId }) => userId !== device.user.userId && world.random.chance(0.6))
    .map(({ userId }) => userId);
  world.tolerate(
    app.run,
    app.client.conversations.createGroup({ title: world.newTitle(), memberIds }),
    'create group',
  );
}

function startDirect(world: World, device: SimulatedDevice, app: DeviceRun): void {
  const others = world.users.filter(({ userId }) => userId !== device.user.userId);
  world.tolerate(
    app.run,
    app.client.conversations.startDirect(world.random.pick(others).userId),
    'start direct',
  );
}

function addMember(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  const conversationId = someGroup(world, app);
  if (conversationId === null) return;
  const { userId } = world.random.pick(world.users);
  world.tolerate(app.run, app.client.conversations.addMembers(conversationId, [userId]), 'add member');
}

function removeMember(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  const conversationId = someGroup(world, app);
  if (conversationId === null) return;
  const { userId } = world.random.pick(world.users);
  world.tolerate(app.run, app.client.conversations.removeMember(conversationId, userId), 'remove member');
}

function leave(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  const conversationId = someGroup(world, app);
  if (conversationId !== null)
    world.tolerate(app.run, app.client.conversations.leave(conversationId), 'leave');
}

function rename(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  const conversationId = someGroup(world, app);
  if (conversationId === null) return;
  world.tolerate(app.run, app.client.conversations.rename(conversationId, world.newTitle()), 'rename');
}

function setRole(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  const conversationId = someGroup(world, app);
  if (conversationId === null) return;
  const { userId } = world.random.pick(world.users);
  const role = world.random.pick(['admin', 'member'] as const);
  world.tolerate(app.run, app.client.conversations.setRole(conversationId, userId, role), 'set role');
}

/** What was refused for good is given up, so that it is not in the way of the order. */
function mendFailed(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  for (const conversationId of app.openTimelines) {
    const timeline = app.client.timeline(conversationId);
    for (const item of timeline.get().items) {
      if (item.kind === 'message' && item.state.kind === 'failed')
        giveUp(world, app, conversationId, item.key);
    }
  }
}

/** The user takes back what has not gone out. */
function discard(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  for (const conversationId of app.openTimelines) {
    const waiting = app.client
      .timeline(conversationId)
      .get()
      .items.find((item) => item.kind === 'message' && item.state.kind === 'queued');
    if (waiting !== undefined) giveUp(world, app, conversationId, waiting.key);
  }
}

function giveUp(world: World, app: DeviceRun, conversationId: string, clientMessageId: string): void {
  const timeline = app.client.timeline(conversationId);
  const item = timeline.get().items.find(({ key }) => key === clientMessageId);
  const sent = item?.kind === 'message' ? world.history.ofBody(item.body) : null;
  if (sent !== null) sent.isDiscarded = true;
  world.tolerate(app.run, timeline.discard(clientMessageId), 'discard');
}

/** For a while, by the user's own will. */
function goOffline({ clockwork, random }: World, device: SimulatedDevice, app: DeviceRun): void {
  app.client.connection.close();
  clockwork.clock.after(500 + random.below(15_000), () => {
    app.run.reach(() => {
      if (device.app === app) app.client.connection.connect();
    });
  });
}

function lookAtMembers(world: World, _device: SimulatedDevice, app: DeviceRun): void {
  const conversationId = someConversation(world, app);
  if (conversationId !== null) app.lookAtMembers(conversationId);
}

function look({ random }: World, _device: SimulatedDevice, { client }: DeviceRun): void {
  client.connection.setActive(random.chance(0.5));
}

import { unreadCount, unreadFloor } from '@confab/conversation';
import type { ConversationSummary, LogEvent } from '@confab/protocol';
import { fieldOf } from './cluster-world.ts';
import type { TestCluster } from './test-cluster.ts';
import { changeOf, type TestDevice } from './test-device.ts';

/** What every history has to show, whatever happened in it. Each line says what is wrong; none is well. */
export async function checkHistory(
  cluster: TestCluster,
  conversationIds: readonly string[],
): Promise<readonly string[]> {
  const logs = new Map<string, readonly LogEvent[]>();
  for (const conversationId of conversationIds) logs.set(conversationId, await cluster.log(conversationId));
  return [
    ...[...logs.values()].flatMap(checkLog),
    ...cluster.devices.flatMap((device) => checkAcknowledged(device, logs)),
    ...cluster.devices.flatMap((device) => checkTold(device, logs)),
    ...cluster.devices.flatMap((device) => checkReached(device, logs)),
    ...(await checkDeviceUnread(cluster, logs)),
    ...(await checkOwnLogs(cluster, logs)),
  ];
}

/** [G2.1]: dense, and ordinals count exactly the messages. */
function checkLog(log: readonly LogEvent[]): string[] {
  let ordinal = 0;
  return log.flatMap((event, index) => {
    if (event.type === 'message_event') ordinal += 1;
    const wrong: string[] = [];
    if (event.sequence !== index + 1) wrong.push(`${event.eventId} stands at ${index + 1}`);
    if (event.ordinal !== ordinal)
      wrong.push(`${event.eventId} has the ordinal ${event.ordinal}, not ${ordinal}`);
    return wrong;
  });
}

/** [G1.2], [G3.1]: what was acknowledged is there, once, with the content and at the place that was said. */
function checkAcknowledged(device: TestDevice, logs: ReadonlyMap<string, readonly LogEvent[]>): string[] {
  return device.acknowledged.flatMap(({ conversationId, body, messageId, sequence }) => {
    const found = (logs.get(conversationId) ?? []).filter((event) => 'body' in event && event.body === body);
    const [event] = found;
    const isThere = found.length === 1 && event?.eventId === messageId && event.sequence === sequence;
    return isThere
      ? []
      : [`${device.deviceId} was promised ${messageId} at ${sequence}, found ${found.length}`];
  });
}

/** [G2.1], [G5.1], [G5.3]: all that any session was ever told is in the log, and of a time its user was a member. */
function checkTold(device: TestDevice, logs: ReadonlyMap<string, readonly LogEvent[]>): string[] {
  const { userId } = device.user;
  return device.sessions.flatMap((session) =>
    session.told.flatMap((told) => {
      const events = told.kind === 'event' ? [told.event] : told.kind === 'page' ? told.page.events : [];
      return events.flatMap((event) => {
        const log = logs.get(event.conversationId);
        if (log === undefined) return [];
        const isSame = log[event.sequence - 1]?.eventId === event.eventId;
        if (!isSame) return [`${device.deviceId} was told ${event.eventId}, which the log does not have`];
        const isVisible = visibleTo(log, userId, event.sequence);
        return isVisible ? [] : [`${device.deviceId} was told ${event.eventId}, at which it was no member`];
      });
    }),
  );
}

/** Whether a user may see the event at a place: a member after it, or made to leave by it. */
export function visibleTo(log: readonly LogEvent[], userId: string, sequence: number): boolean {
  let isMember = false;
  for (const event of log.slice(0, sequence)) {
    const change = changeOf(event, userId);
    if (event.sequence === sequence) return change === null ? isMember : true;
    if (change !== null) isMember = change === 'joined';
  }
  return isMember;
}

/** [G2.1], [G4.1]: what a connected device applied is a part of the log without a hole, up to what it may see. */
function checkReached(device: TestDevice, logs: ReadonlyMap<string, readonly LogEvent[]>): string[] {
  const { userId } = device.user;
  return [...logs].flatMap(([conversationId, log]) => {
    const isMember = visibleTo(log, userId, log.length + 1);
    const applied = device.logs.get(conversationId);
    if (applied === undefined) return isMember ? [`${device.deviceId} does not know ${conversationId}`] : [];
    const same = applied.events.every((event, index) => log[applied.base + index]?.eventId === event.eventId);
    if (!same) return [`${device.deviceId} has applied something else than ${conversationId}`];
    const end = isMember ? log.length : lastVisible(log, userId);
    return applied.reached === end
      ? []
      : [`${device.deviceId} is at ${applied.reached} of ${conversationId}, not ${end}`];
  });
}

function lastVisible(log: readonly LogEvent[], userId: string): number {
  return log.findLast((event) => changeOf(event, userId) === 'left')?.sequence ?? 0;
}

/** [G6.1]: server, device and a count by hand agree. */
async function checkDeviceUnread(
  cluster: TestCluster,
  logs: ReadonlyMap<string, readonly LogEvent[]>,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const device of cluster.devices) {
    for (const [conversationId, log] of logs) {
      const expected = await unreadByHand(cluster, log, device.user.userId);
      const counted = device.unreadOf(conversationId);
      if (counted !== expected)
        wrong.push(`${device.deviceId} counts ${counted} unread in ${conversationId}, not ${expected}`);
      if (expected === null) continue;
      const reply = await cluster.ask('get_conversation', device.caller, { conversationId }, device.node);
      const said = fieldOf<ConversationSummary>(reply, 'conversation').unread;
      if (said !== expected)
        wrong.push(`the server says ${said} unread to ${device.deviceId}, not ${expected}`);
    }
  }
  return wrong;
}

/** Messages of others above the floor, counted one by one; null for who is no member. */
export async function unreadByHand(
  cluster: TestCluster,
  log: readonly LogEvent[],
  userId: string,
): Promise<number | null> {
  const joined = log.findLast((event) => changeOf(event, userId) !== null);
  if (joined === undefined || changeOf(joined, userId) === 'left') return null;
  const [cursor] = await cluster.store.cursors.get([{ conversationId: joined.conversationId, userId }]);
  const read =
    cursor === null || cursor === undefined ? null : { sequence: cursor.read, ordinal: cursor.readOrdinal };
  const floor = unreadFloor(read, joined);
  const above = log.filter((event) => event.type === 'message_event' && event.sequence > floor.sequence);
  const byHand = above.filter((event) => event.senderId !== userId).length;
  const byFormula = unreadCount(log.at(-1)?.ordinal ?? 0, floor.ordinal, above.length - byHand);
  return byHand === byFormula ? byHand : Number.NaN;
}

/** [G4.4]: a user's own log names each of their joins and leaves, once. */
async function checkOwnLogs(
  cluster: TestCluster,
  logs: ReadonlyMap<string, readonly LogEvent[]>,
): Promise<string[]> {
  const wrong: string[] = [];
  const userIds = new Set(cluster.devices.map((device) => device.user.userId));
  for (const userId of userIds) {
    const own = await cluster.log(cluster.ownLogId(userId));
    for (const [conversationId, log] of logs) {
      const expected = log.flatMap((event) => {
        const change = changeOf(event, userId);
        return change === null ? [] : [`${change} at ${event.sequence}`];
      });
      const noted = own.flatMap((event) =>
        event.type === 'membership_event' && event.targetConversationId === conversationId
          ? [{ text: `${event.change} at ${event.targetSequence}`, sequence: event.targetSequence }]
          : [],
      );
      const found = noted.sort((one, other) => one.sequence - other.sequence).map(({ text }) => text);
      if (found.join() !== expected.join())
        wrong.push(`the log of ${userId} says ${found.join()}, not ${expected.join()}`);
    }
    for (const device of cluster.devices.filter((one) => one.user.userId === userId)) {
      const applied = device.logs.get(cluster.ownLogId(userId));
      if (applied?.reached !== own.length)
        wrong.push(`${device.deviceId} is at ${applied?.reached} of its own log, not ${own.length}`);
    }
  }
  return wrong;
}

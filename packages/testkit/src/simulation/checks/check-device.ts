import type { ConversationView, TimelineItem } from '@confab/client';
import { unreadFloor } from '@confab/conversation';
import type { LogEvent } from '@confab/protocol';
import type { SimulatedDevice } from '../device/simulated-device.ts';
import type { DeviceRun } from '../device/device-run.ts';
import { type ConversationFacts, type MemberSpan, presentSpan, type WorldFacts } from './world-facts.ts';

/** What a device shows once it is level. */
export function checkDevice(device: SimulatedDevice, facts: WorldFacts): readonly string[] {
  const { app, user } = device;
  if (app === null) return [`${device.name} does not run`];
  const views = app.client.conversations.get().items;
  const wrong = views.flatMap((view) => {
    const conversation = facts.conversations.get(view.conversationId);
    const span = conversation === undefined ? null : presentSpan(conversation, user.userId);
    if (conversation === undefined || span === null)
      return [`[G5.1] lists ${view.conversationId}, of which its user is no member`];
    const seen = { view, conversation, span, userId: user.userId, tellsReads: device.tellsReads };
    return [
      ...checkDescription(seen),
      ...checkUnread(seen),
      ...checkTimeline(seen, app),
      ...checkRoster(seen, app),
    ].map((complaint) => `${complaint} in ${view.conversationId}`);
  });
  return [...wrong, ...checkListOrder(views, facts)].map((complaint) => `${complaint}: ${device.name}`);
}

interface Seen {
  readonly view: ConversationView;
  readonly conversation: ConversationFacts;
  readonly span: MemberSpan;
  readonly userId: string;
  readonly tellsReads: boolean;
}

/** [G4.1]: what a device makes of the events is what they say. */
function checkDescription({ view, conversation: { state }, userId }: Seen): readonly string[] {
  const { title, head, members } = state;
  const wrong: string[] = [];
  const expect = (what: string, shown: unknown, expected: unknown): void => {
    if (shown !== expected) wrong.push(`[G4.1] shows the ${what} ${String(shown)}, not ${String(expected)}`);
  };
  expect('title', view.title, title);
  expect('head', view.headSequence, head.sequence);
  expect('member count', view.memberCount, members.size);
  expect('role', view.role, members.get(userId)?.role);
  return wrong;
}

/**
 * [G6.1]: unread is the messages of others above the floor, wherever a device takes the floor to be; and it takes it to
 * be nowhere above what was read. [G6.3] for others' watermarks.
 */
function checkUnread({ view, conversation, span, userId, tellsReads }: Seen): readonly string[] {
  const { log, cursors } = conversation;
  const joined = log[span.from - 1];
  const read = cursors.get(userId);
  if (joined === undefined) return [];
  const place = read === undefined ? null : { sequence: read.read, ordinal: read.readOrdinal };
  const floor = unreadFloor(place, joined);
  const above = log
    .slice(view.readSequence)
    .filter((event) => event.type === 'message_event' && event.senderId !== userId);
  const mentions = above.filter((event) => 'mentions' in event && event.mentions?.includes(userId)).length;
  const wrong: string[] = [];
  if (tellsReads && view.readSequence > floor.sequence)
    wrong.push(`[G6.3] has read up to ${view.readSequence}, the server knows of ${floor.sequence}`);
  if (view.unread !== above.length)
    wrong.push(`[G6.1] shows ${view.unread} unread above ${view.readSequence}, not ${above.length}`);
  const isTooMany = view.mentions > above.length;
  if (view.mentions < mentions || isTooMany)
    wrong.push(`[G6.1] shows ${view.mentions} mentions, not ${mentions}`);
  return [...wrong, ...checkWatermarks(view, conversation)];
}

/** [G6.3]: nobody has received or read more than there is. What a node told of and died before it wrote, devices say again. */
function checkWatermarks(
  { watermarks }: ConversationView,
  { state: { head } }: ConversationFacts,
): readonly string[] {
  return watermarks.flatMap(({ userId, delivered, read }) => {
    const isTrue = Math.max(delivered, read) <= head.sequence;
    return isTrue ? [] : [`[G6.3] shows ${userId} at ${delivered} and ${read}, behind the end`];
  });
}

/** [G2.1], [G4.1], [G5.3]: every message from the oldest shown up to the head, once, as it is; none that is not. */
function checkTimeline({ view, conversation, span }: Seen, { client }: DeviceRun): readonly string[] {
  const { items, hasOlder, status } = client.timeline(view.conversationId).get();
  const shown = new Map(
    items.flatMap((item) => (item.sequence === null ? [] : [[item.sequence, item] as const])),
  );
  const [oldest = conversation.log.length + 1] = shown.keys();
  const from = hasOlder ? oldest : span.from;
  const there = conversation.log.slice(from - 1);
  const known = new Set(there.map(({ sequence }) => sequence));
  const strange = [...shown.keys()].filter((sequence) => !known.has(sequence));
  return [
    ...(oldest < span.from ? [`[G5.3] shows ${oldest}, joined at ${span.from}`] : []),
    ...(status === 'stale' || status === 'gone' ? [`[G4.1] is ${status}`] : []),
    ...there.flatMap((event) => checkShown(event, shown.get(event.sequence))),
    ...strange.map((sequence) => `[G2.1] shows ${sequence}, which is not there`),
    ...items.flatMap(checkSettled),
  ];
}

/** What is no message may be missing where it was read from older pages. */
function checkShown(event: LogEvent, item: TimelineItem | undefined): readonly string[] {
  if (event.type !== 'message_event') return [];
  if (item?.kind !== 'message') return [`[G4.1] does not show ${event.sequence}`];
  const isSame = item.messageId === event.messageId && item.body === event.body;
  return isSame ? [] : [`[G4.1] shows something else at ${event.sequence}`];
}

function checkSettled(item: TimelineItem): readonly string[] {
  const isOpen = item.kind === 'message' && item.sequence === null && item.state.kind !== 'failed';
  return isOpen ? [`[G1.2] still shows ${item.key} as ${item.state.kind}`] : [];
}

/** A list of members that is open follows who comes and goes. */
function checkRoster({ view, conversation }: Seen, app: DeviceRun): readonly string[] {
  if (!app.openRosters.includes(view.conversationId)) return [];
  const { items, status } = app.client.conversations.members(view.conversationId).get();
  if (status === 'loading') return [];
  const shown = items.map(({ userId, role }) => `${userId} ${role}`).sort();
  const expected = [...conversation.state.members].map(([userId, { role }]) => `${userId} ${role}`).sort();
  return shown.join() === expected.join()
    ? []
    : [`[G4.1] lists the members ${shown.join()}, not ${expected.join()}`];
}

/** Newest activity first. */
function checkListOrder(
  views: readonly ConversationView[],
  { conversations }: WorldFacts,
): readonly string[] {
  const times = views.map(({ conversationId }) => conversations.get(conversationId)?.state.head.sentAt ?? '');
  const isOrdered = times.every((time, place) => place === 0 || time <= (times[place - 1] ?? ''));
  return isOrdered ? [] : [`[G4.1] lists by ${times.join()}`];
}

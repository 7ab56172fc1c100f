import { unreadFloor } from '@confab/conversation';
import type { ConversationSummary } from '@confab/protocol';
import type { Clockwork } from '../clockwork.ts';
import type { SimulatedDevice } from '../device/simulated-device.ts';
import type { World } from '../world/world.ts';
import { type ConversationFacts, presentSpan, type WorldFacts } from './world-facts.ts';

const ANSWER_MS_MAX = 60_000;
const PAGE_LIMIT = 200;
const ATTEMPTS_MAX = 10;
const ATTEMPT_MS = 1_000;

/** What the server says to each device that asks for its list, against a count by hand. */
export async function checkSummaries(world: World, facts: WorldFacts): Promise<readonly string[]> {
  const asked = world.devices.map(async (device) => await checkList(world, device, facts));
  return (await world.clockwork.finish(Promise.all(asked), ANSWER_MS_MAX)).flat();
}

async function checkList(
  { clockwork }: World,
  { app, name, user }: SimulatedDevice,
  facts: WorldFacts,
): Promise<readonly string[]> {
  if (app === null) return [`${name} does not run`];
  const { conversations } = await patiently(
    clockwork,
    async () => await app.client.call('list_conversations', { limit: PAGE_LIMIT }),
  );
  const said = new Map(conversations.map((summary) => [summary.conversationId, summary]));
  return [...facts.conversations.values()].flatMap((conversation) => {
    const summary = said.get(conversation.conversationId);
    const isMember = presentSpan(conversation, user.userId) !== null;
    if (!isMember)
      return summary === undefined ? [] : [`[G5.2] ${name} is told of ${conversation.conversationId}`];
    if (summary === undefined) return [`[G4.4] ${name} is not told of ${conversation.conversationId}`];
    return checkSummary(summary, conversation, user.userId).map((complaint) => `${complaint}: ${name}`);
  });
}

/** A stall of the store may outlast the storm by a few seconds. */
async function patiently<T>({ clock }: Clockwork, ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt >= ATTEMPTS_MAX) throw error;
      await new Promise<void>((resolve) => void clock.after(ATTEMPT_MS, resolve));
    }
  }
}

/** [G6.1]: counted one by one. */
function checkSummary(
  { conversationId, head, memberCount, mentions, read, role, title, unread }: ConversationSummary,
  conversation: ConversationFacts,
  userId: string,
): readonly string[] {
  const { cursors, log, state } = conversation;
  const joined = log[(presentSpan(conversation, userId)?.from ?? 1) - 1];
  if (joined === undefined) return [];
  const cursor = cursors.get(userId);
  const place = cursor === undefined ? null : { sequence: cursor.read, ordinal: cursor.readOrdinal };
  const floor = unreadFloor(place, joined);
  const above = log
    .slice(floor.sequence)
    .filter((event) => event.type === 'message_event' && event.senderId !== userId);
  const mentioning = above.filter((event) => 'mentions' in event && event.mentions?.includes(userId));
  const said = { head: head.sequence, read: read.sequence, unread, mentions, title, memberCount, role };
  const expected = {
    head: state.head.sequence,
    read: floor.sequence,
    unread: above.length,
    mentions: mentioning.length,
    title: state.title,
    memberCount: state.members.size,
    role: state.members.get(userId)?.role,
  };
  const [one, other] = [JSON.stringify(said), JSON.stringify(expected)];
  return one === other ? [] : [`[G6.1] the server says ${one} of ${conversationId}, not ${other}`];
}

import type { LogEvent } from '@confab/protocol';
import { type History, nameOf, type Promised, type Sent } from '../history.ts';
import { type ConversationFacts, hasLeftOnce, mayHaveSeen, type WorldFacts } from './world-facts.ts';

/** What the logs have to show by themselves, and against what devices were promised and told. */
export function checkLogs(facts: WorldFacts, history: History): readonly string[] {
  const all = [...facts.conversations.values()];
  return [
    ...all.flatMap(checkDense),
    ...history.sends.flatMap((sent) => checkSend(sent, facts)),
    ...all.flatMap((conversation) => checkOrderSent(conversation, history)),
    ...all.flatMap((conversation) => checkRealTime(conversation, history)),
    ...checkHeard(facts, history),
    ...checkLeaps(facts, history),
  ];
}

/** [G2.1]: dense, ordinals count exactly the messages. [G3.1]: an id stands there once. */
function checkDense({ conversationId, log }: ConversationFacts): readonly string[] {
  const ids = new Set<string>();
  let ordinal = 0;
  return log.flatMap(({ type, sequence, ordinal: said, senderId, clientMessageId, eventId }, index) => {
    if (type === 'message_event') ordinal += 1;
    const id = `${senderId} ${clientMessageId}`;
    const wrong: string[] = [];
    if (sequence !== index + 1) wrong.push(`[G2.1] ${eventId} stands at ${index + 1} of ${conversationId}`);
    if (said !== ordinal) wrong.push(`[G2.1] ${eventId} has the ordinal ${said}, not ${ordinal}`);
    if (ids.has(id)) wrong.push(`[G3.1] ${id} stands twice in ${conversationId}`);
    ids.add(id);
    return wrong;
  });
}

/**
 * [G1.2]: what was acknowledged is there, with its content, where it was said. [G3.1]: what was not is there once or
 * not at all.
 */
function checkSend(sent: Sent, { conversations }: WorldFacts): readonly string[] {
  const conversation = conversations.get(sent.conversationId);
  const found = (conversation?.log ?? []).filter(
    (event) => event.type === 'message_event' && event.body === sent.body,
  );
  if (found.length > 1) return [`[G3.1] ${nameOf(sent)} stands ${found.length} times`];
  const [event] = found;
  if (sent.promised !== null) return checkPromise(sent.promised, event, nameOf(sent));
  return event === undefined ? checkMissing(sent, conversation) : checkUnpromised(sent, event);
}

function checkPromise({ messageId, sequence }: Promised, event: LogEvent | undefined, name: string) {
  const isKept = event?.eventId === messageId && event.sequence === sequence;
  return isKept ? [] : [`[G1.2] ${name} was promised ${sequence}, found ${event?.sequence}`];
}

/** A device that died before it heard of it, or had it given up, knows nothing of it. */
function checkUnpromised(sent: Sent, { senderId }: LogEvent): readonly string[] {
  if (senderId !== sent.userId) return [`[G3.1] ${nameOf(sent)} stands there of ${senderId}`];
  return sent.failed === null ? [] : [`[G3.3] ${nameOf(sent)} was refused (${sent.failed}), and is there`];
}

function checkMissing(sent: Sent, conversation: ConversationFacts | undefined): readonly string[] {
  if (sent.isDiscarded || !sent.isKept) return [];
  if (sent.failed === null) return [`[G1.2] ${nameOf(sent)} was kept, and is neither there nor refused`];
  return isRightlyRefused(sent, conversation) ? [] : [`[G3.3] ${nameOf(sent)} was refused: ${sent.failed}`];
}

/** Its sender was no member at some time, or somebody that it mentions was none. */
function isRightlyRefused(sent: Sent, conversation: ConversationFacts | undefined): boolean {
  if (conversation === undefined) return false;
  if (sent.failed === 'not_found') return hasLeftOnce(conversation, sent.userId);
  return sent.failed === 'invalid' && mentionsStranger(sent, conversation);
}

/** Somebody that it mentions was no member at some time. */
function mentionsStranger({ mentions }: Sent, conversation: ConversationFacts): boolean {
  return mentions.some(
    (userId) => hasLeftOnce(conversation, userId) || conversation.spans.get(userId)?.[0]?.from !== 1,
  );
}

/**
 * [G2.2]: what a device sent to a conversation stands in the order sent. Not that of a user who was removed, or that
 * mentions one: what was refused for good then, with an answer that was lost, may be sent again after a rejoin.
 */
function checkOrderSent(conversation: ConversationFacts, history: History): readonly string[] {
  const last = new Map<string, Sent>();
  return conversation.log.flatMap((event) => {
    if (event.type !== 'message_event' || hasLeftOnce(conversation, event.senderId)) return [];
    const sent = history.ofBody(event.body);
    if (sent === null) return [`[G2.1] ${event.eventId} was sent by nobody`];
    if (mentionsStranger(sent, conversation)) return [];
    const before = last.get(sent.deviceName);
    last.set(sent.deviceName, sent);
    const isLate = before !== undefined && before.moment > sent.moment;
    return isLate ? [`[G2.2] ${nameOf(sent)} stands behind ${nameOf(before)}`] : [];
  });
}

/** [G2.1]: what was written after something else had been acknowledged stands behind it. */
function checkRealTime({ conversationId, log }: ConversationFacts, history: History): readonly string[] {
  const placed = history.sends.filter(
    (sent) => sent.conversationId === conversationId && sent.promised !== null,
  );
  const byBody = new Map(
    log.flatMap((event) => (event.type === 'message_event' ? [[event.body, event.sequence]] : [])),
  );
  const promises = placed
    .flatMap(({ promised }) => promised ?? [])
    .toSorted((one, other) => one.moment - other.moment);
  let next = 0;
  let highest = 0;
  return history.sends.flatMap((sent) => {
    if (sent.conversationId !== conversationId) return [];
    for (; next < promises.length; next++) {
      const promise = promises[next];
      if (promise === undefined || promise.moment > sent.moment) break;
      highest = Math.max(highest, promise.sequence);
    }
    const sequence = byBody.get(sent.body);
    const isEarly = sequence !== undefined && sequence <= highest;
    return isEarly
      ? [`[G2.1] ${nameOf(sent)} stands at ${sequence}, behind which ${highest} was promised`]
      : [];
  });
}

/** [G2.1], [G5.1], [G5.3]: what any device was ever told is in the log, and of a time its user was a member. */
function checkHeard({ conversations }: WorldFacts, { heard }: History): readonly string[] {
  return heard.flatMap(({ conversationId, sequence, eventId, deviceName, userId }) => {
    const conversation = conversations.get(conversationId);
    if (conversation === undefined) return [];
    if (conversation.log[sequence - 1]?.eventId !== eventId)
      return [`[G2.1] ${deviceName} was told ${eventId}, which the log does not have`];
    if (mayHaveSeen(conversation, userId, sequence)) return [];
    return [`[G5.1] ${deviceName} was told ${eventId}, at which its user was no member`];
  });
}

/**
 * [G4.1]: events are applied in order, none left out, none twice; but for who was away from the conversation: they start
 * afresh, once or, where an old question is answered late, twice.
 */
function checkLeaps({ conversations }: WorldFacts, { leaps }: History): readonly string[] {
  return leaps.flatMap(({ conversationId, deviceName, userId, from, to }) => {
    const conversation = conversations.get(conversationId);
    const spans = conversation?.spans.get(userId) ?? [];
    const hasCome = spans.some((span) => from < span.from && span.from <= to);
    const isAfresh = conversation !== undefined && to <= from && hasLeftOnce(conversation, userId);
    return hasCome || isAfresh
      ? []
      : [`[G4.1] ${deviceName} applied ${to} after ${from} in ${conversationId}`];
  });
}

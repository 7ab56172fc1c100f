import type { Attempt, Step, Stream, UnreadClaim } from './history.ts';
import { letsIn, letsOut, membersOf, type LogEvent } from './wire.ts';

/** One rule of the guarantees that a history breaks. */
export type Breach = { readonly rule: string; readonly what: string; readonly where: Where };

/** What of the history shows a breach, as far as it is about a place, a device or a message. */
export type Where = {
  readonly conversationId: string;
  readonly sequence?: number;
  readonly device?: string;
  readonly clientMessageId?: string;
};

/** The final log of a conversation from its first event on, as read over HTTP. */
export type Log = { readonly conversationId: string; readonly events: readonly LogEvent[] };

export type Recorded = {
  readonly logs: readonly Log[];
  readonly attempts: readonly Attempt[];
  readonly streams: readonly Stream[];
  readonly unreadClaims: readonly UnreadClaim[];
};

/** Everything that the recorded history says against the promises; empty where they were kept. */
export function checkHistory({ logs, attempts, streams, unreadClaims }: Recorded): Breach[] {
  const breaches: Breach[] = [];
  const byConversation = new Map(logs.map((log) => [log.conversationId, log]));
  const attemptsOf = Map.groupBy(attempts, (attempt) => attempt.conversationId);
  for (const log of logs) {
    const own = attemptsOf.get(log.conversationId) ?? [];
    breaches.push(...checkDense(log), ...checkSends(log, own), ...checkRealTime(log, own));
    breaches.push(...checkConnectionOrder(own));
  }
  for (const stream of streams) {
    const log = byConversation.get(stream.conversationId);
    if (log !== undefined) breaches.push(...checkStream(log, stream), ...checkMembership(log, stream));
  }
  for (const [conversationId, claims] of Map.groupBy(unreadClaims, (claim) => claim.conversationId)) {
    const log = byConversation.get(conversationId);
    if (log !== undefined) breaches.push(...checkUnread(log, claims));
  }
  return breaches;
}

/** Sequences are 1..n, ordinals count the messages, and an event id names its place. A hole is one breach, however long the log. */
function checkDense({ conversationId, events }: Log): Breach[] {
  const breaches: Breach[] = [];
  const ids = new Set<string>();
  let last = { sequence: 0, ordinal: 0 };
  for (const event of events) {
    const { eventId, sequence, ordinal } = event;
    const where = { conversationId, sequence: last.sequence + 1 };
    if (sequence !== last.sequence + 1)
      breaches.push(breach('G2.1', where, `${conversationId}: ${sequence} stands after ${last.sequence}`));
    const counted = last.ordinal + (event.type === 'message_event' ? 1 : 0);
    if (ordinal !== counted)
      breaches.push(breach('P5.2', where, `${eventId}: ordinal ${ordinal}, and ${last.ordinal} before it`));
    if (!eventId.startsWith(`${conversationId}.${sequence.toString(36)}.`))
      breaches.push(breach('P1.5', where, `${eventId} is no event id of ${conversationId} ${sequence}`));
    if (ids.has(eventId)) breaches.push(breach('G2.1', where, `${eventId} is in the log twice`));
    ids.add(eventId);
    last = event;
  }
  return breaches;
}

/** What a log holds under a sequence: at the place of that number, unless there are holes before it. */
export function eventAt(events: readonly LogEvent[], sequence: number): LogEvent | undefined {
  const there = events[sequence - 1];
  return there?.sequence === sequence ? there : events.find((event) => event.sequence === sequence);
}

function checkSends({ conversationId, events }: Log, attempts: readonly Attempt[]): Breach[] {
  const breaches: Breach[] = [];
  const places = Map.groupBy(
    events.filter((event) => event.type === 'message_event'),
    (event) => sendKey(event.senderId, String(event['body'])),
  );
  const said = Map.groupBy(attempts, (attempt) => sendKey(attempt.userId, attempt.body));
  for (const [key, tries] of said) {
    const found = places.get(key) ?? [];
    const named = `${tries[0]?.clientMessageId} of ${tries[0]?.userId}`;
    const where = whereOf(conversationId, tries, found.at(-1));
    if (found.length > 1)
      breaches.push(breach('G3.1', where, `${named} is in the log ${found.length} times`));
    breaches.push(...checkAnswers(named, tries, { where, event: found[0] }));
  }
  for (const [key, [event]] of places) {
    if (said.has(key) || event === undefined) continue;
    const where = { conversationId, sequence: event.sequence };
    breaches.push(breach('G3.1', where, `${event.eventId} was said by nobody`));
  }
  return breaches;
}

/** Where a message is, or else where it was promised to be. */
function whereOf(conversationId: string, tries: readonly Attempt[], event: LogEvent | undefined): Where {
  const promised = tries.find(({ outcome }) => outcome.kind === 'accepted')?.outcome;
  const sequence = event?.sequence ?? (promised?.kind === 'accepted' ? promised.sequence : undefined);
  const clientMessageId = tries[0]?.clientMessageId;
  return {
    conversationId,
    ...(sequence === undefined ? {} : { sequence }),
    ...(clientMessageId === undefined ? {} : { clientMessageId }),
  };
}

/** What the answers promised of one message, against the one place where it is, or is not. */
function checkAnswers(
  named: string,
  tries: readonly Attempt[],
  { where, event }: { readonly where: Where; readonly event: LogEvent | undefined },
): Breach[] {
  const breaches: Breach[] = [];
  for (const { outcome } of tries) {
    if (outcome.kind !== 'accepted') continue;
    if (event === undefined) {
      breaches.push(
        breach('G1.2', where, `${named} was acknowledged at ${outcome.sequence} and is not in the log`),
      );
    } else if (event.sequence !== outcome.sequence || event.eventId !== outcome.messageId) {
      const said = `${outcome.sequence} (${outcome.messageId})`;
      breaches.push(breach('G2.1', where, `${named} was acknowledged at ${said} and is at ${event.eventId}`));
    }
  }
  const firsts = tries.filter(({ outcome }) => outcome.kind === 'accepted' && !outcome.isDuplicate);
  if (firsts.length > 1) breaches.push(breach('G3.1', where, `${named} was new ${firsts.length} times`));
  const isRefused = tries.every(({ outcome }) => outcome.kind === 'refused' && outcome.retry === 'never');
  if (isRefused && event !== undefined) {
    breaches.push(
      breach('G8.2', where, `${named} was refused for good and is in the log at ${event.sequence}`),
    );
  }
  return breaches;
}

/** What was acknowledged before something else was first said stands before it. */
function checkRealTime({ conversationId, events }: Log, attempts: readonly Attempt[]): Breach[] {
  const bySequence = new Map(events.map((event) => [event.sequence, event]));
  const messages = [...Map.groupBy(attempts, ({ userId, body }) => sendKey(userId, body)).values()];
  const placed = messages.flatMap((tries) => {
    const accepted = tries.filter(({ outcome }) => outcome.kind === 'accepted');
    const outcome = accepted[0]?.outcome;
    if (outcome?.kind !== 'accepted' || !bySequence.has(outcome.sequence)) return [];
    const said = Math.min(...tries.map((one) => one.invokedAtMs));
    const acknowledged = Math.min(...accepted.map((one) => one.endedAtMs ?? Number.POSITIVE_INFINITY));
    return [{ said, acknowledged, sequence: outcome.sequence }];
  });
  const bySaid = placed.toSorted((a, b) => a.said - b.said);
  const byAcknowledged = placed.toSorted((a, b) => a.acknowledged - b.acknowledged);
  const breaches: Breach[] = [];
  let highest = 0;
  let next = 0;
  for (const message of bySaid) {
    for (let done = byAcknowledged[next]; done !== undefined; done = byAcknowledged[next]) {
      if (done.acknowledged >= message.said) break;
      highest = Math.max(highest, done.sequence);
      next += 1;
    }
    if (message.sequence >= highest) continue;
    const what = `${message.sequence} was said after ${highest} had been acknowledged`;
    breaches.push(breach('G2.1', { conversationId, sequence: message.sequence }, what));
  }
  return breaches;
}

/** First sends of one connection commit in the order in which they were sent. */
function checkConnectionOrder(attempts: readonly Attempt[]): Breach[] {
  const breaches: Breach[] = [];
  for (const [connection, sent] of Map.groupBy(attempts, (attempt) => attempt.connection)) {
    let highest = 0;
    for (const { conversationId, clientMessageId, outcome } of sent) {
      if (outcome.kind !== 'accepted' || outcome.isDuplicate) continue;
      if (outcome.sequence < highest) {
        const where = { conversationId, sequence: outcome.sequence, clientMessageId };
        breaches.push(breach('G2.2', where, `${connection}: ${outcome.sequence} was sent behind ${highest}`));
      }
      highest = Math.max(highest, outcome.sequence);
    }
  }
  return breaches;
}

/** A device applied what the log holds, one after the other. */
function checkStream({ events }: Log, { device, conversationId, userId, steps }: Stream): Breach[] {
  const breaches: Breach[] = [];
  const name = `${device} in ${conversationId}`;
  let last: number | undefined;
  for (const step of steps) {
    const event = step.kind === 'event' ? step.event : undefined;
    if (event === undefined) {
      last = step.kind === 'base' ? step.sequence : undefined;
      continue;
    }
    const isFirst = last === undefined;
    const where = { conversationId, sequence: event.sequence, device };
    if (
      isFirst
        ? !mayBegin(event, steps, userId)
        : event.sequence !== Number(last) + 1 && !letsIn(event, userId)
    ) {
      breaches.push(
        breach('G4.1', where, `${name}: ${event.sequence} (${event.type}) after ${last ?? 'nothing'}`),
      );
    }
    const inLog = eventAt(events, event.sequence);
    if (inLog === undefined)
      breaches.push(breach('G2.1', where, `${name}: ${event.eventId} is not in the log`));
    else if (!isSame(event, inLog)) {
      breaches.push(breach('G2.1', where, `${name}: ${event.eventId} is ${inLog.eventId} in the log`));
    }
    last = event.sequence;
  }
  return breaches;
}

/** The first event of a device that began with nothing is the one by which its user came in, or that of a reset page. */
function mayBegin(event: LogEvent, steps: readonly Step[], userId: string): boolean {
  if (letsIn(event, userId)) return true;
  const at = steps.findIndex((step) => step.kind === 'event' && step.event === event);
  return steps[at - 1]?.kind === 'reset';
}

/** Nobody gets an event outside the times of their membership. */
function checkMembership(log: Log, { device, userId, conversationId, steps }: Stream): Breach[] {
  const isIn = membershipOf(log, userId);
  return steps.flatMap((step) => {
    if (step.kind !== 'event' || isIn(step.event.sequence)) return [];
    const what = `${device} got ${step.event.sequence} of ${conversationId} and was no member`;
    return [breach('G5.1', { conversationId, sequence: step.event.sequence, device }, what)];
  });
}

/** From the event by which a user came in to the one by which they went, both included. */
export function membershipOf({ events }: Log, userId: string): (sequence: number) => boolean {
  const times: { readonly from: number; to: number }[] = [];
  for (const event of events) {
    if (membersOf(event).length === 0) continue;
    const open = times.findLast((time) => time.to === Number.POSITIVE_INFINITY);
    if (open === undefined && letsIn(event, userId)) {
      times.push({ from: event.sequence, to: Number.POSITIVE_INFINITY });
    } else if (open !== undefined && letsOut(event, userId)) open.to = event.sequence;
  }
  return (sequence) => times.some((time) => sequence >= time.from && sequence <= time.to);
}

/** `unread` is the number of messages of others above the floor, at the head that was named. */
function checkUnread({ conversationId, events }: Log, claims: readonly UnreadClaim[]): Breach[] {
  const ofOthers = new Map<string, readonly number[]>();
  const countsFor = (userId: string): readonly number[] => {
    const known = ofOthers.get(userId);
    if (known !== undefined) return known;
    let count = 0;
    const counts = [0].concat(
      events.map((event) => {
        if (event.type === 'message_event' && event.senderId !== userId) count += 1;
        return count;
      }),
    );
    ofOthers.set(userId, counts);
    return counts;
  };
  return claims.flatMap((claim) => {
    const { userId, floor, headSequence, headOrdinal, unread } = claim;
    const counts = countsFor(userId);
    const name = `${userId} in ${conversationId} at ${headSequence}`;
    const where = { conversationId, sequence: headSequence };
    const breaches: Breach[] = [];
    const expected = (counts[headSequence] ?? Number.NaN) - (counts[floor.sequence] ?? Number.NaN);
    if (unread !== expected)
      breaches.push(breach('G6.1', where, `${name}: unread ${unread}, not ${expected}`));
    if (floor.sequence > headSequence) {
      breaches.push(breach('G6.3', where, `${name}: the floor ${floor.sequence} is past the head`));
    }
    for (const [sequence, ordinal] of [
      [floor.sequence, floor.ordinal],
      [headSequence, headOrdinal],
    ] as const) {
      const inLog = sequence === 0 ? 0 : events[sequence - 1]?.ordinal;
      if (inLog !== ordinal)
        breaches.push(breach('P8.4', where, `${name}: ordinal ${ordinal} at ${sequence}`));
    }
    return breaches;
  });
}

function isSame(left: LogEvent, right: LogEvent): boolean {
  return (
    left.eventId === right.eventId &&
    left.type === right.type &&
    left.senderId === right.senderId &&
    left.ordinal === right.ordinal &&
    left['body'] === right['body']
  );
}

function sendKey(userId: string, body: string): string {
  return `${userId} ${body}`;
}

function breach(rule: string, where: Where, what: string): Breach {
  return { rule, what, where };
}

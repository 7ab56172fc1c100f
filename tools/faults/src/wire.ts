/** A frame as it came: an object with a type, of which nothing else is taken for granted. */
export type Frame = { readonly type: string } & { readonly [field: string]: unknown };

/** An event of a conversation's log, with the fields that the protocol promises for every one. */
export type LogEvent = Frame & {
  readonly eventId: string;
  readonly conversationId: string;
  readonly sequence: number;
  readonly ordinal: number;
  readonly senderId: string;
};

export type Member = { readonly userId: string; readonly role: string };

/** Where a log ends. */
export type Head = { readonly sequence: number; readonly ordinal: number; readonly eventId: string };

/** A page of events, as a frame or over HTTP. */
export type Page = {
  readonly conversationId: string;
  readonly events: readonly LogEvent[];
  readonly head: Head | null;
  readonly isReset: boolean;
};

/** What `heads` and the list of conversations say of one. */
export type Summary = {
  readonly conversationId: string;
  readonly memberCount: number;
  readonly head: Head;
  readonly read: { readonly sequence: number; readonly ordinal: number };
  readonly unread: number;
};

export type JsonObject = { readonly [field: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textIn(object: JsonObject, field: string): string {
  const value = object[field];
  if (typeof value !== 'string') throw broken(object, `${field} is no text`);
  return value;
}

export function numberIn(object: JsonObject, field: string): number {
  const value = object[field];
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw broken(object, `${field} is no number`);
  return value;
}

export function listIn(object: JsonObject, field: string): readonly unknown[] {
  const value = object[field];
  if (!Array.isArray(value)) throw broken(object, `${field} is no list`);
  return value;
}

export function objectIn(object: JsonObject, field: string): JsonObject {
  const value = object[field];
  if (!isObject(value)) throw broken(object, `${field} is no object`);
  return value;
}

export function readFrame(text: string): Frame {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error(`no frame: ${text.slice(0, 200)}`);
  if (typeof value['type'] !== 'string') throw broken(value, 'type is no text');
  return value as Frame;
}

/** A frame with an `eventId` is a log event, whatever its type. */
export function isLogEvent(frame: Frame): frame is LogEvent {
  return typeof frame['eventId'] === 'string';
}

export function readLogEvent(value: unknown): LogEvent {
  if (!isObject(value)) throw new Error(`no event: ${JSON.stringify(value)}`);
  for (const field of ['type', 'eventId', 'conversationId', 'senderId']) textIn(value, field);
  for (const field of ['sequence', 'ordinal']) numberIn(value, field);
  return value as LogEvent;
}

export function readHead(value: unknown): Head | null {
  if (value === null) return null;
  if (!isObject(value)) throw new Error(`no head: ${JSON.stringify(value)}`);
  return {
    sequence: numberIn(value, 'sequence'),
    ordinal: numberIn(value, 'ordinal'),
    eventId: textIn(value, 'eventId'),
  };
}

export function readPage(value: JsonObject): Page {
  return {
    conversationId: textIn(value, 'conversationId'),
    events: listIn(value, 'events').map(readLogEvent),
    head: readHead(value['head']),
    isReset: value['reset'] === true,
  };
}

export function readSummary(value: unknown): Summary {
  if (!isObject(value)) throw new Error(`no summary: ${JSON.stringify(value)}`);
  const head = readHead(value['head']);
  if (head === null) throw broken(value, 'has no head');
  const read = objectIn(value, 'read');
  return {
    conversationId: textIn(value, 'conversationId'),
    memberCount: numberIn(value, 'memberCount'),
    head,
    read: { sequence: numberIn(read, 'sequence'), ordinal: numberIn(read, 'ordinal') },
    unread: numberIn(value, 'unread'),
  };
}

/** The members that a `created` or `member_event` names; none for other events. */
export function membersOf(event: LogEvent): readonly Member[] {
  const members = event['members'];
  return Array.isArray(members) ? (members as readonly Member[]) : [];
}

/** Whether an event is the one by which a user came in. */
export function letsIn(event: LogEvent, userId: string): boolean {
  const isJoin =
    (event.type === 'conversation_event' && event['change'] === 'created') ||
    (event.type === 'member_event' && event['change'] === 'joined');
  return isJoin && membersOf(event).some((member) => member.userId === userId);
}

/** Whether an event is the one by which a user left or was removed. */
export function letsOut(event: LogEvent, userId: string): boolean {
  const isExit = event['change'] === 'left' || event['change'] === 'removed';
  return (
    event.type === 'member_event' && isExit && membersOf(event).some((member) => member.userId === userId)
  );
}

function broken(object: JsonObject, why: string): Error {
  return new Error(`${why}: ${JSON.stringify(object).slice(0, 300)}`);
}

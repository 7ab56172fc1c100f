import Type, { type Static } from 'typebox';
import { ConversationEvent, type LogEvent, MemberEvent, MembershipEvent, MessageEvent } from './events.ts';
import {
  AfterMsField,
  ClientMessageIdField,
  ConversationIdField,
  DeviceIdField,
  EventIdField,
  InstanceIdField,
  type ObjectSchema,
  OrdinalField,
  RefField,
  RetryField,
  SequenceField,
  TimeField,
  TokenField,
  UserIdField,
} from './fields.ts';
import { announcedLimits, limits } from './limits.ts';
import type { FrameVerb } from './calls.ts';
import { type AnswerOf, operations, type RequestOf } from './operations.ts';
import { Accepted, ConversationSummary, EventPage, Head, ReadState } from './resources.ts';

/** What a client says besides the operations: who it is, and that it is alive. */
export const Authenticate = Type.Object(
  {
    type: Type.Literal('authenticate'),
    ref: Type.Optional(RefField),
    token: TokenField,
    deviceId: DeviceIdField,
    instanceId: InstanceIdField,
    client: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^[ -~]+$',
      description: 'Name and version.',
    }),
    active: Type.Optional(Type.Boolean()),
    resume: Type.Optional(
      Type.Object({
        cursors: Type.Optional(Type.Array(EventIdField, { maxItems: limits.resumeCursorsMax })),
        pending: Type.Optional(
          Type.Array(Type.Tuple([ConversationIdField, ClientMessageIdField]), {
            maxItems: limits.resumePendingMax,
          }),
        ),
      }),
    ),
  },
  { $id: 'authenticate', description: 'The first frame; on a live connection it renews the token.' },
);

/** Asks for a `pong`. */
export const Ping = Type.Object(
  { type: Type.Literal('ping'), ref: Type.Optional(RefField) },
  { $id: 'ping', description: 'Asks for a pong.' },
);

export type Authenticate = Static<typeof Authenticate>;
export type Ping = Static<typeof Ping>;
/** An operation as a frame: its request, its name as the type, and the `ref` of the asker. */
export type OperationFrame = {
  [V in FrameVerb]: { type: V; ref?: string } & RequestOf<V>;
}[FrameVerb];
/** Anything a client may say on a connection. */
export type ClientFrame = Authenticate | Ping | OperationFrame;

const LandedField = Type.Tuple([
  ConversationIdField,
  ClientMessageIdField,
  EventIdField,
  SequenceField,
  TimeField,
]);

/** What a server says, by type; log events are the same here as in the log. */
export const serverFrames = {
  hello: Type.Object({
    type: Type.Literal('hello'),
    protocol: Type.Integer(),
    connectionId: Type.String(),
    heartbeatIntervalMs: Type.Integer(),
    serverTime: TimeField,
    limits: Type.Object(
      Object.fromEntries(Object.keys(announcedLimits).map((name) => [name, Type.Integer()])) as Record<
        keyof typeof announcedLimits,
        ReturnType<typeof Type.Integer>
      >,
    ),
  }),
  ready: Type.Object({
    type: Type.Literal('ready'),
    ref: Type.Optional(RefField),
    userId: UserIdField,
    deviceId: DeviceIdField,
    ownLog: Type.Object({ conversationId: ConversationIdField, head: Type.Union([Head, Type.Null()]) }),
    landed: Type.Array(LandedField, { description: 'Which of the pending sends are in the log.' }),
  }),
  heads: Type.Object({
    type: Type.Literal('heads'),
    items: Type.Array(ConversationSummary),
    next: Type.Optional(Type.Boolean({ description: 'True where another `heads` frame follows.' })),
  }),
  caught_up: Type.Object({ type: Type.Literal('caught_up') }),
  message_accepted: Type.Object({
    type: Type.Literal('message_accepted'),
    ref: Type.Optional(RefField),
    ...Accepted.properties,
  }),
  accepted: Type.Object({
    type: Type.Literal('accepted'),
    ref: Type.Optional(RefField),
    verb: Type.String(),
    clientMessageId: Type.Optional(ClientMessageIdField),
  }),
  sync_page: Type.Object({
    type: Type.Literal('sync_page'),
    ref: Type.Optional(RefField),
    ...EventPage.properties,
  }),
  message_event: MessageEvent,
  conversation_event: ConversationEvent,
  member_event: MemberEvent,
  membership_event: MembershipEvent,
  head_event: Type.Object({
    type: Type.Literal('head_event'),
    conversationId: ConversationIdField,
    head: Head,
  }),
  receipt_event: Type.Object({
    type: Type.Literal('receipt_event'),
    conversationId: ConversationIdField,
    userId: UserIdField,
    delivered: Type.Optional(SequenceField),
    read: Type.Optional(SequenceField),
    floor: Type.Optional(ReadState),
    unread: Type.Optional(
      Type.Integer({ minimum: 0, description: 'To your own devices: unread at `headSequence`.' }),
    ),
    headSequence: Type.Optional(SequenceField),
    headOrdinal: Type.Optional(OrdinalField),
  }),
  typing_event: Type.Object({
    type: Type.Literal('typing_event'),
    conversationId: ConversationIdField,
    userId: UserIdField,
  }),
  pong: Type.Object({ type: Type.Literal('pong'), ref: Type.Optional(RefField) }),
  drain: Type.Object({ type: Type.Literal('drain'), afterMs: AfterMsField }),
  error: Type.Object({
    type: Type.Literal('error'),
    ref: Type.Optional(RefField),
    code: Type.String(),
    message: Type.String(),
    retry: RetryField,
    afterMs: Type.Optional(AfterMsField),
    clientMessageId: Type.Optional(ClientMessageIdField),
    conversationId: Type.Optional(ConversationIdField),
    userIds: Type.Optional(Type.Array(UserIdField)),
  }),
} as const satisfies Record<string, ObjectSchema>;

/** The `type` of a frame that a server says. */
export type ServerFrameType = keyof typeof serverFrames;
type Framed = { [T in ServerFrameType]: Static<(typeof serverFrames)[T]> };
type PlainFrame = Framed[Exclude<ServerFrameType, 'accepted' | LogEvent['type']>];
/** The answer of any operation but `send_message` and `sync`: `accepted` with the answer's fields. */
export type AcceptedFrame = Framed['accepted'] &
  Partial<NonNullable<AnswerOf<'create_conversation'>>> &
  Partial<NonNullable<AnswerOf<'add_members'>>>;
/** Anything a server may say on a connection. */
export type ServerFrame = PlainFrame | AcceptedFrame | LogEvent;
/** One type of server frame. */
export type ServerFrameOf<T extends ServerFrameType> = Extract<ServerFrame, { type: T }>;

/** The schema of an operation's frame. */
export function operationFrameSchema(verb: FrameVerb): ObjectSchema {
  const row = operations[verb];
  return Type.Object({ type: Type.Literal(verb), ref: Type.Optional(RefField), ...row.request.properties });
}

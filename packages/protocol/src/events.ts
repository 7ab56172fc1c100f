import Type, { type Static } from 'typebox';
import {
  BodyField,
  ClientMessageIdField,
  ConversationIdField,
  ConversationTypeField,
  EventIdField,
  FormatField,
  OrdinalField,
  RoleField,
  SequenceField,
  TimeField,
  TitleField,
  UserIdField,
} from './fields.ts';

/**
 * Log events: every durable change of a conversation, in the form that is stored, replayed and sent. Whatever its
 * type, a frame with an `eventId` is one of these and advances the cursor of its conversation.
 */
const envelope = {
  eventId: EventIdField,
  conversationId: ConversationIdField,
  sequence: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  ordinal: OrdinalField,
  senderId: UserIdField,
  sentAt: TimeField,
  clientMessageId: Type.Optional(ClientMessageIdField),
};

const MemberField = Type.Object({ userId: UserIdField, role: RoleField });

/** A message, as it is stored, replayed and sent. */
export const MessageEvent = Type.Object(
  {
    type: Type.Literal('message_event'),
    ...envelope,
    messageId: EventIdField,
    body: BodyField,
    format: Type.Optional(FormatField),
    replyTo: Type.Optional(EventIdField),
    mentions: Type.Optional(Type.Array(UserIdField)),
  },
  { $id: 'MessageEvent', description: 'A message. The only countable event: its ordinal is one more.' },
);

/** A conversation was created or changed. */
export const ConversationEvent = Type.Object(
  {
    type: Type.Literal('conversation_event'),
    ...envelope,
    change: Type.Union([Type.Literal('created'), Type.Literal('updated')]),
    conversationType: Type.Optional(ConversationTypeField),
    title: Type.Optional(Type.Union([TitleField, Type.Null()])),
    members: Type.Optional(Type.Array(MemberField)),
  },
  { $id: 'ConversationEvent', description: '`created` is event 1 and names type, title and members.' },
);

/** The members of a conversation changed. */
export const MemberEvent = Type.Object(
  {
    type: Type.Literal('member_event'),
    ...envelope,
    change: Type.Union([
      Type.Literal('joined'),
      Type.Literal('left'),
      Type.Literal('removed'),
      Type.Literal('role_changed'),
    ]),
    members: Type.Array(MemberField, { minItems: 1 }),
  },
  {
    $id: 'MemberEvent',
    description: 'Members joined, left, were removed or have another role from here on.',
  },
);

/** In a user's own log: they joined or left a conversation. */
export const MembershipEvent = Type.Object(
  {
    type: Type.Literal('membership_event'),
    ...envelope,
    change: Type.Union([Type.Literal('joined'), Type.Literal('left')]),
    targetConversationId: ConversationIdField,
    targetSequence: SequenceField,
  },
  {
    $id: 'MembershipEvent',
    description: "In a user's own log: they joined or left a conversation at a sequence.",
  },
);

export const LogEvent = Type.Union([MessageEvent, ConversationEvent, MemberEvent, MembershipEvent]);

export type MessageEvent = Static<typeof MessageEvent>;
export type ConversationEvent = Static<typeof ConversationEvent>;
export type MemberEvent = Static<typeof MemberEvent>;
export type MembershipEvent = Static<typeof MembershipEvent>;
/** Any durable event of a conversation. */
export type LogEvent = MessageEvent | ConversationEvent | MemberEvent | MembershipEvent;
/** The `type` of a log event. */
export type LogEventType = LogEvent['type'];

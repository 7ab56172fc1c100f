import Type, { type Static } from 'typebox';
import { LogEvent } from './events.ts';
import {
  BodyField,
  ClientMessageIdField,
  ConversationIdField,
  ConversationTypeField,
  DeviceIdField,
  DisplayNameField,
  EventIdField,
  FormatField,
  OrdinalField,
  RoleField,
  SequenceField,
  TimeField,
  TitleField,
  UserIdField,
  UsernameField,
} from './fields.ts';

/** The things that answers are made of, over sockets and HTTP alike. */

export const User = Type.Object(
  {
    userId: UserIdField,
    username: Type.Union([UsernameField, Type.Null()], {
      description: 'Null for users of an embedding product.',
    }),
    displayName: DisplayNameField,
    picture: Type.Optional(Type.String()),
  },
  { $id: 'User' },
);

/** A device of the asking user. */
export const Device = Type.Object(
  {
    deviceId: DeviceIdField,
    name: Type.String(),
    createdAt: TimeField,
    lastSeenAt: TimeField,
    current: Type.Boolean({ description: 'True for the device that asks.' }),
  },
  { $id: 'Device' },
);

/** What a device holds after logging in or refreshing. */
export const Session = Type.Object(
  {
    userId: UserIdField,
    deviceId: DeviceIdField,
    accessToken: Type.String(),
    accessTokenExpiresAt: TimeField,
    refreshToken: Type.String(),
  },
  { $id: 'Session' },
);

/** The newest event of a conversation. */
export const Head = Type.Object(
  {
    sequence: SequenceField,
    ordinal: OrdinalField,
    eventId: EventIdField,
    sentAt: TimeField,
  },
  { $id: 'Head', description: 'The newest event of a conversation.' },
);

/** The newest message, as lists show it: 256 bytes of UTF-8. */
export const Preview = Type.Object(
  {
    messageId: EventIdField,
    sequence: SequenceField,
    senderId: UserIdField,
    body: Type.String({
      description: 'The first 256 bytes of UTF-8 of the newest message, cut at a character.',
    }),
    sentAt: TimeField,
  },
  { $id: 'Preview' },
);

/** How far a member has received and read, as sequences. */
export const Watermarks = Type.Object(
  {
    userId: UserIdField,
    delivered: SequenceField,
    read: SequenceField,
  },
  {
    $id: 'Watermarks',
    description: 'How far a member has received (on any device) and read a conversation.',
  },
);

/** The unread floor. */
export const ReadState = Type.Object(
  {
    sequence: SequenceField,
    ordinal: OrdinalField,
  },
  {
    $id: 'ReadState',
    description: 'The unread floor: the later of what the user has read and their latest join.',
  },
);

/** A conversation as one member sees it in a list. */
export const ConversationSummary = Type.Object(
  {
    conversationId: ConversationIdField,
    type: ConversationTypeField,
    title: Type.Union([TitleField, Type.Null()]),
    role: RoleField,
    memberCount: Type.Integer({ minimum: 1 }),
    peer: Type.Optional(
      Type.Union([User, Type.Null()], { description: 'The other user of a direct conversation.' }),
    ),
    head: Head,
    read: ReadState,
    unread: Type.Integer({ minimum: 0 }),
    mentions: Type.Integer({ minimum: 0 }),
    preview: Type.Optional(Preview),
    watermarks: Type.Optional(
      Type.Array(Watermarks, { description: "The other members' receipts; in direct conversations only." }),
    ),
  },
  { $id: 'ConversationSummary', description: 'A conversation as the asking member sees it in a list.' },
);

/** A member of a conversation. */
export const Member = Type.Object(
  {
    userId: UserIdField,
    role: RoleField,
    joinedSequence: SequenceField,
  },
  { $id: 'Member' },
);

/** A message in its current state. */
export const Message = Type.Object(
  {
    messageId: EventIdField,
    eventId: EventIdField,
    conversationId: ConversationIdField,
    sequence: SequenceField,
    ordinal: OrdinalField,
    senderId: UserIdField,
    clientMessageId: Type.Optional(ClientMessageIdField),
    body: BodyField,
    format: Type.Optional(FormatField),
    replyTo: Type.Optional(EventIdField),
    mentions: Type.Optional(Type.Array(UserIdField)),
    sentAt: TimeField,
  },
  { $id: 'Message', description: 'A message in its current state.' },
);

/** The acknowledgement of a message: it is durable. */
export const Accepted = Type.Object(
  {
    clientMessageId: ClientMessageIdField,
    conversationId: ConversationIdField,
    messageId: EventIdField,
    sequence: SequenceField,
    sentAt: TimeField,
    duplicate: Type.Optional(
      Type.Boolean({ description: 'True where an earlier request with this id had done it.' }),
    ),
  },
  {
    $id: 'Accepted',
    description: 'The acknowledgement: the message is durable and has this place for ever.',
  },
);

/** Events after a cursor, ascending. */
export const EventPage = Type.Object(
  {
    conversationId: ConversationIdField,
    events: Type.Array(LogEvent),
    head: Type.Union([Head, Type.Null()], {
      description: 'Null: there is no such conversation for you; drop it.',
    }),
    reset: Type.Optional(
      Type.Boolean({ description: 'Drop what you have of this conversation, then take these events.' }),
    ),
    watermarks: Type.Optional(Type.Array(Watermarks)),
  },
  {
    $id: 'EventPage',
    description: 'Events after a cursor, ascending. There are more while the last is below head.',
  },
);

export type User = Static<typeof User>;
export type Device = Static<typeof Device>;
export type Session = Static<typeof Session>;
export type Head = Static<typeof Head>;
export type Preview = Static<typeof Preview>;
export type Watermarks = Static<typeof Watermarks>;
export type ReadState = Static<typeof ReadState>;
export type ConversationSummary = Static<typeof ConversationSummary>;
export type Member = Static<typeof Member>;
export type Message = Static<typeof Message>;
export type Accepted = Static<typeof Accepted>;
export type EventPage = Static<typeof EventPage>;

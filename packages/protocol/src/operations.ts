import Type, { type Static } from 'typebox';
import { type Access, type Call, calls, type Verb } from './calls.ts';
import type { ErrorCode } from './errors.ts';
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
  LimitField,
  MemberIdsField,
  type ObjectSchema,
  PasswordField,
  RoleField,
  SequenceField,
  TitleField,
  TokenField,
  UserIdField,
  UsernameField,
} from './fields.ts';
import { limits } from './limits.ts';
import {
  Accepted,
  ConversationSummary,
  Device,
  EventPage,
  Head,
  Member,
  Message,
  Session,
  User,
} from './resources.ts';

/** One verb: what is asked, what is answered, what may go wrong, who may, and where HTTP has it. */
export interface Operation extends Call {
  readonly request: ObjectSchema;
  readonly answer: ObjectSchema | null;
  readonly errors: readonly ErrorCode[];
}

const Empty = Type.Object({});
const EventsAnswer = Type.Object({ events: Type.Array(LogEvent) });
/** A place in the log as paging takes it: a sequence or a message id. */
const PlaceField = Type.Union([SequenceField, EventIdField]);
const CursorField = Type.String({
  pattern: '^[A-Za-z0-9_.:-]{1,128}$',
  description: 'From the answer before.',
});
const NextField = Type.Optional(
  Type.String({ description: 'The cursor of the next page; absent on the last.' }),
);

/** Every verb with its schemas and errors. */
export const operations = {
  create_account: {
    ...calls.create_account,
    request: Type.Object({
      username: UsernameField,
      password: PasswordField,
      displayName: Type.Optional(DisplayNameField),
    }),
    answer: Type.Object({ userId: UserIdField }),
    errors: ['username_taken', 'forbidden'],
  },
  create_session: {
    ...calls.create_session,
    request: Type.Object({
      username: Type.String({ maxLength: 64 }),
      password: Type.String({ maxLength: limits.passwordCharactersMax }),
      deviceId: Type.Optional(DeviceIdField),
      deviceName: Type.Optional(DisplayNameField),
    }),
    answer: Session,
    errors: ['invalid_credentials', 'too_many_devices'],
  },
  refresh_session: {
    ...calls.refresh_session,
    request: Type.Object({ refreshToken: TokenField }),
    answer: Session,
    errors: ['session_ended', 'unauthenticated'],
  },
  delete_session: {
    ...calls.delete_session,
    request: Empty,
    answer: null,
    errors: [],
  },
  list_devices: {
    ...calls.list_devices,
    request: Empty,
    answer: Type.Object({ devices: Type.Array(Device) }),
    errors: [],
  },
  delete_device: {
    ...calls.delete_device,
    request: Type.Object({ deviceId: DeviceIdField }),
    answer: null,
    errors: ['not_found'],
  },
  search_users: {
    ...calls.search_users,
    request: Type.Object({
      query: Type.String({ minLength: 1, maxLength: 64 }),
      limit: Type.Optional(LimitField),
    }),
    answer: Type.Object({ users: Type.Array(User) }),
    errors: [],
  },
  get_user: {
    ...calls.get_user,
    request: Type.Object({ userId: UserIdField }),
    answer: User,
    errors: ['not_found'],
  },
  put_external_user: {
    ...calls.put_external_user,
    request: Type.Object({
      issuer: Type.String({ minLength: 1, maxLength: 256 }),
      subject: Type.String({ minLength: 1, maxLength: 256 }),
      displayName: DisplayNameField,
      picture: Type.Optional(Type.String({ maxLength: 2048, pattern: '^https://[!-~]+$' })),
    }),
    answer: User,
    errors: [],
  },
  create_conversation: {
    ...calls.create_conversation,
    request: Type.Object({
      conversationType: ConversationTypeField,
      memberIds: MemberIdsField,
      title: Type.Optional(TitleField),
      clientMessageId: Type.Optional(ClientMessageIdField),
    }),
    answer: Type.Object({ conversation: ConversationSummary }),
    errors: ['unknown_members', 'idempotency_conflict', 'too_many_members'],
  },
  list_conversations: {
    ...calls.list_conversations,
    request: Type.Object({ cursor: Type.Optional(CursorField), limit: Type.Optional(LimitField) }),
    answer: Type.Object({ conversations: Type.Array(ConversationSummary), next: NextField }),
    errors: [],
  },
  get_conversation: {
    ...calls.get_conversation,
    request: Type.Object({ conversationId: ConversationIdField }),
    answer: Type.Object({ conversation: ConversationSummary }),
    errors: [],
  },
  update_conversation: {
    ...calls.update_conversation,
    request: Type.Object({
      conversationId: ConversationIdField,
      clientMessageId: ClientMessageIdField,
      title: Type.Union([TitleField, Type.Null()]),
    }),
    answer: EventsAnswer,
    errors: ['forbidden', 'not_applicable', 'idempotency_conflict'],
  },
  list_members: {
    ...calls.list_members,
    request: Type.Object({
      conversationId: ConversationIdField,
      cursor: Type.Optional(CursorField),
      limit: Type.Optional(LimitField),
    }),
    answer: Type.Object({
      members: Type.Array(Type.Object({ ...Member.properties, user: User })),
      next: NextField,
    }),
    errors: [],
  },
  add_members: {
    ...calls.add_members,
    request: Type.Object({
      conversationId: ConversationIdField,
      clientMessageId: ClientMessageIdField,
      userIds: Type.Array(UserIdField, {
        minItems: 1,
        maxItems: limits.membersPerRequestMax,
      }),
      role: Type.Optional(RoleField),
    }),
    answer: EventsAnswer,
    errors: ['forbidden', 'not_applicable', 'unknown_members', 'too_many_members', 'idempotency_conflict'],
  },
  remove_member: {
    ...calls.remove_member,
    request: Type.Object({
      conversationId: ConversationIdField,
      userId: UserIdField,
      clientMessageId: Type.Optional(ClientMessageIdField),
    }),
    answer: EventsAnswer,
    errors: ['forbidden', 'not_applicable', 'last_owner', 'idempotency_conflict'],
  },
  update_member: {
    ...calls.update_member,
    request: Type.Object({
      conversationId: ConversationIdField,
      userId: UserIdField,
      clientMessageId: ClientMessageIdField,
      role: RoleField,
    }),
    answer: EventsAnswer,
    errors: ['forbidden', 'not_applicable', 'last_owner', 'idempotency_conflict'],
  },
  send_message: {
    ...calls.send_message,
    request: Type.Object({
      conversationId: ConversationIdField,
      clientMessageId: ClientMessageIdField,
      body: BodyField,
      format: Type.Optional(FormatField),
      replyTo: Type.Optional(EventIdField),
      mentions: Type.Optional(Type.Array(UserIdField, { maxItems: limits.mentionsMax })),
      readThrough: Type.Optional(SequenceField),
    }),
    answer: Accepted,
    errors: ['forbidden', 'idempotency_conflict', 'after_previous', 'too_large'],
  },
  abandon_send: {
    ...calls.abandon_send,
    request: Type.Object({ conversationId: ConversationIdField, clientMessageId: ClientMessageIdField }),
    answer: null,
    errors: [],
  },
  list_messages: {
    ...calls.list_messages,
    request: Type.Object({
      conversationId: ConversationIdField,
      after: Type.Optional(PlaceField),
      before: Type.Optional(PlaceField),
      around: Type.Optional(PlaceField),
      limit: Type.Optional(LimitField),
    }),
    answer: Type.Object({ messages: Type.Array(Message), head: Head }),
    errors: ['invalid'],
  },
  list_events: {
    ...calls.list_events,
    request: Type.Object({
      conversationId: ConversationIdField,
      after: Type.Optional(PlaceField),
      limit: Type.Optional(LimitField),
      waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.longPollWaitMsMax })),
    }),
    answer: EventPage,
    errors: [],
  },
  sync: {
    ...calls.sync,
    request: Type.Object({
      conversationId: ConversationIdField,
      after: Type.Union([EventIdField, Type.Null()]),
      limit: Type.Optional(LimitField),
    }),
    answer: EventPage,
    errors: [],
  },
  receipt: {
    ...calls.receipt,
    request: Type.Object({
      conversationId: ConversationIdField,
      delivered: Type.Optional(SequenceField),
      read: Type.Optional(SequenceField),
    }),
    answer: null,
    errors: [],
  },
  create_receipt: {
    ...calls.create_receipt,
    request: Type.Object({
      messageId: EventIdField,
      receiptType: Type.Union([Type.Literal('delivered'), Type.Literal('read')]),
      deviceId: Type.Optional(DeviceIdField),
    }),
    answer: null,
    errors: ['not_found'],
  },
  typing: {
    ...calls.typing,
    request: Type.Object({ conversationId: ConversationIdField }),
    answer: null,
    errors: [],
  },
  state: {
    ...calls.state,
    request: Type.Object({ active: Type.Boolean() }),
    answer: null,
    errors: [],
  },
} as const satisfies Record<Verb, Operation>;

/** What a verb is asked with. */
export type RequestOf<V extends Verb> = Static<(typeof operations)[V]['request']>;
/** What a verb is answered with; null is nothing but success. */
export type AnswerOf<V extends Verb> = (typeof operations)[V]['answer'] extends infer A
  ? A extends ObjectSchema
    ? Static<A>
    : null
  : never;

/** Errors that any operation may answer with beside its own. */
export const commonErrors = [
  'invalid',
  'malformed',
  'too_large',
  'rate_limited',
  'unavailable',
  'internal',
] as const;
/** Errors by access: who is not known is asked to be; who is no member finds nothing. */
export const accessErrors: Readonly<Record<Access, readonly ErrorCode[]>> = {
  anyone: [],
  user: ['unauthenticated', 'token_expired', 'session_ended', 'too_many_devices'],
  member: ['unauthenticated', 'token_expired', 'session_ended', 'too_many_devices', 'not_found'],
  server: ['unauthenticated'],
};

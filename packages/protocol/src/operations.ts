import Type, { type Static } from 'typebox';
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
import { Accepted, ConversationSummary, Device, EventPage, Head, Member, Message, Session, User } from './resources.ts';

/**
 * Who may ask: `anyone`; a signed-in `user`; a `member` of the conversation named in the request (to all others it is
 * `not_found`); the `server` of an embedding product with the API key.
 */
export type Access = 'anyone' | 'user' | 'member' | 'server';

/** One verb: what is asked, what is answered, what may go wrong, who may, and where HTTP has it. */
export interface Operation {
  readonly summary: string;
  readonly access: Access;
  readonly request: ObjectSchema;
  readonly answer: ObjectSchema | null;
  readonly errors: readonly ErrorCode[];
  /** Whether a socket takes it as a frame of the same name. */
  readonly frame: boolean;
  /** `existing` is the status where an earlier request had already done it. */
  readonly http: HttpRoute | null;
}

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fields of the request stand in the path as `{field}`; the others are the query of a GET or DELETE, else the body. */
  readonly path: string;
  readonly status: number;
  readonly existing?: number;
  /** Fields of the body with another name there than in the frame, where `type` is the verb: body name -> field. */
  readonly bodyNames?: Readonly<Record<string, string>>;
}

const Empty = Type.Object({});
const EventsAnswer = Type.Object({ events: Type.Array(LogEvent) });
/** A place in the log as paging takes it: a sequence or a message id. */
const PlaceField = Type.Union([SequenceField, EventIdField]);
const CursorField = Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,128}$', description: 'From the answer before.' });
const NextField = Type.Optional(Type.String({ description: 'The cursor of the next page; absent on the last.' }));

export const operations = {
  create_account: {
    summary: 'Register an account',
    access: 'anyone',
    request: Type.Object({
      username: UsernameField,
      password: PasswordField,
      displayName: Type.Optional(DisplayNameField),
    }),
    answer: Type.Object({ userId: UserIdField }),
    errors: ['username_taken', 'forbidden'],
    frame: false,
    http: { method: 'POST', path: '/v1/accounts', status: 201 },
  },
  create_session: {
    summary: 'Log in on a device',
    access: 'anyone',
    request: Type.Object({
      username: Type.String({ maxLength: 64 }),
      password: Type.String({ maxLength: limits.passwordCharactersMax }),
      deviceId: Type.Optional(DeviceIdField),
      deviceName: Type.Optional(DisplayNameField),
    }),
    answer: Session,
    errors: ['invalid_credentials', 'too_many_devices'],
    frame: false,
    http: { method: 'POST', path: '/v1/sessions', status: 201 },
  },
  refresh_session: {
    summary: 'Exchange a refresh token for new tokens',
    access: 'anyone',
    request: Type.Object({ refreshToken: TokenField }),
    answer: Session,
    errors: ['session_ended', 'unauthenticated'],
    frame: false,
    http: { method: 'POST', path: '/v1/sessions/refresh', status: 201 },
  },
  delete_session: {
    summary: 'Log out: end the session of this device',
    access: 'user',
    request: Empty,
    answer: null,
    errors: [],
    frame: false,
    http: { method: 'DELETE', path: '/v1/sessions/current', status: 204 },
  },
  list_devices: {
    summary: 'List your devices',
    access: 'user',
    request: Empty,
    answer: Type.Object({ devices: Type.Array(Device) }),
    errors: [],
    frame: false,
    http: { method: 'GET', path: '/v1/devices', status: 200 },
  },
  delete_device: {
    summary: 'Revoke a device; its sockets close',
    access: 'user',
    request: Type.Object({ deviceId: DeviceIdField }),
    answer: null,
    errors: ['not_found'],
    frame: false,
    http: { method: 'DELETE', path: '/v1/devices/{deviceId}', status: 204 },
  },
  search_users: {
    summary: 'Find users by the beginning of their name',
    access: 'user',
    request: Type.Object({
      query: Type.String({ minLength: 1, maxLength: 64 }),
      limit: Type.Optional(LimitField),
    }),
    answer: Type.Object({ users: Type.Array(User) }),
    errors: [],
    frame: false,
    http: { method: 'GET', path: '/v1/users', status: 200 },
  },
  get_user: {
    summary: 'Read one user',
    access: 'user',
    request: Type.Object({ userId: UserIdField }),
    answer: User,
    errors: ['not_found'],
    frame: false,
    http: { method: 'GET', path: '/v1/users/{userId}', status: 200 },
  },
  put_external_user: {
    summary: 'Create or update a user of the embedding product',
    access: 'server',
    request: Type.Object({
      issuer: Type.String({ minLength: 1, maxLength: 256 }),
      subject: Type.String({ minLength: 1, maxLength: 256 }),
      displayName: DisplayNameField,
      picture: Type.Optional(Type.String({ maxLength: 2048, pattern: '^https://[!-~]+$' })),
    }),
    answer: User,
    errors: [],
    frame: false,
    http: { method: 'PUT', path: '/v1/users/external', status: 200 },
  },
  create_conversation: {
    summary: 'Start a direct conversation or a group',
    access: 'user',
    request: Type.Object({
      conversationType: ConversationTypeField,
      memberIds: MemberIdsField,
      title: Type.Optional(TitleField),
      clientMessageId: Type.Optional(ClientMessageIdField),
    }),
    answer: Type.Object({ conversation: ConversationSummary }),
    errors: ['unknown_members', 'idempotency_conflict', 'too_many_members'],
    frame: true,
    http: {
      method: 'POST',
      path: '/v1/conversations',
      status: 201,
      existing: 200,
      bodyNames: { type: 'conversationType' },
    },
  },
  list_conversations: {
    summary: 'List your conversations, newest activity first',
    access: 'user',
    request: Type.Object({ cursor: Type.Optional(CursorField), limit: Type.Optional(LimitField) }),
    answer: Type.Object({ conversations: Type.Array(ConversationSummary), next: NextField }),
    errors: [],
    frame: false,
    http: { method: 'GET', path: '/v1/conversations', status: 200 },
  },
  get_conversation: {
    summary: 'Read one conversation',
    access: 'member',
    request: Type.Object({ conversationId: ConversationIdField }),
    answer: Type.Object({ conversation: ConversationSummary }),
    errors: [],
    frame: false,
    http: { method: 'GET', path: '/v1/conversations/{conversationId}', status: 200 },
  },
  update_conversation: {
    summary: 'Change the title of a group',
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      clientMessageId: ClientMessageIdField,
      title: Type.Union([TitleField, Type.Null()]),
    }),
    answer: EventsAnswer,
    errors: ['forbidden', 'not_applicable', 'idempotency_conflict'],
    frame: true,
    http: { method: 'PATCH', path: '/v1/conversations/{conversationId}', status: 200 },
  },
  list_members: {
    summary: 'List the members of a conversation',
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      cursor: Type.Optional(CursorField),
      limit: Type.Optional(LimitField),
    }),
    answer: Type.Object({ members: Type.Array(Type.Object({ ...Member.properties, user: User })), next: NextField }),
    errors: [],
    frame: false,
    http: { method: 'GET', path: '/v1/conversations/{conversationId}/members', status: 200 },
  },
  add_members: {
    summary: 'Add members to a group',
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      clientMessageId: ClientMessageIdField,
      userIds: Type.Array(UserIdField, { minItems: 1, maxItems: limits.membersPerRequestMax, uniqueItems: true }),
      role: Type.Optional(RoleField),
    }),
    answer: EventsAnswer,
    errors: ['forbidden', 'not_applicable', 'unknown_members', 'too_many_members', 'idempotency_conflict'],
    frame: true,
    http: { method: 'POST', path: '/v1/conversations/{conversationId}/members', status: 201, existing: 200 },
  },
  remove_member: {
    summary: 'Remove a member from a group; yourself: leave it',
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      userId: UserIdField,
      clientMessageId: Type.Optional(ClientMessageIdField),
    }),
    answer: EventsAnswer,
    errors: ['forbidden', 'not_applicable', 'last_owner', 'idempotency_conflict'],
    frame: true,
    http: { method: 'DELETE', path: '/v1/conversations/{conversationId}/members/{userId}', status: 200 },
  },
  update_member: {
    summary: "Change a member's role",
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      userId: UserIdField,
      clientMessageId: ClientMessageIdField,
      role: RoleField,
    }),
    answer: EventsAnswer,
    errors: ['forbidden', 'not_applicable', 'last_owner', 'idempotency_conflict'],
    frame: true,
    http: { method: 'PATCH', path: '/v1/conversations/{conversationId}/members/{userId}', status: 200 },
  },
  send_message: {
    summary: 'Send a message',
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      clientMessageId: ClientMessageIdField,
      body: BodyField,
      format: Type.Optional(FormatField),
      replyTo: Type.Optional(EventIdField),
      mentions: Type.Optional(Type.Array(UserIdField, { maxItems: limits.mentionsMax, uniqueItems: true })),
      readThrough: Type.Optional(SequenceField),
    }),
    answer: Accepted,
    errors: ['forbidden', 'idempotency_conflict', 'after_previous', 'too_large'],
    frame: true,
    http: { method: 'POST', path: '/v1/conversations/{conversationId}/messages', status: 201, existing: 200 },
  },
  abandon_send: {
    summary: 'Give up a refused send, so that later ones of this connection are taken again',
    access: 'member',
    request: Type.Object({ conversationId: ConversationIdField, clientMessageId: ClientMessageIdField }),
    answer: null,
    errors: [],
    frame: true,
    http: null,
  },
  list_messages: {
    summary: 'Read messages in their current state, a page around a place',
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      after: Type.Optional(PlaceField),
      before: Type.Optional(PlaceField),
      around: Type.Optional(PlaceField),
      limit: Type.Optional(LimitField),
    }),
    answer: Type.Object({ messages: Type.Array(Message), head: Head }),
    errors: ['invalid'],
    frame: false,
    http: { method: 'GET', path: '/v1/conversations/{conversationId}/messages', status: 200 },
  },
  list_events: {
    summary: 'Read the log after a cursor, waiting for news: the long poll',
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      after: Type.Optional(PlaceField),
      limit: Type.Optional(LimitField),
      waitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.longPollWaitMsMax })),
    }),
    answer: EventPage,
    errors: [],
    frame: false,
    http: { method: 'GET', path: '/v1/conversations/{conversationId}/events', status: 200 },
  },
  sync: {
    summary: 'Read the log after a cursor',
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      after: Type.Union([EventIdField, Type.Null()]),
      limit: Type.Optional(LimitField),
    }),
    answer: EventPage,
    errors: [],
    frame: true,
    http: null,
  },
  receipt: {
    summary: 'Say how far this device has received and this user has read',
    access: 'member',
    request: Type.Object({
      conversationId: ConversationIdField,
      delivered: Type.Optional(SequenceField),
      read: Type.Optional(SequenceField),
    }),
    answer: null,
    errors: [],
    frame: true,
    http: null,
  },
  create_receipt: {
    summary: 'Say that a message was delivered or read',
    access: 'user',
    request: Type.Object({
      messageId: EventIdField,
      receiptType: Type.Union([Type.Literal('delivered'), Type.Literal('read')]),
      deviceId: Type.Optional(DeviceIdField),
    }),
    answer: null,
    errors: ['not_found'],
    frame: false,
    http: { method: 'POST', path: '/v1/receipts', status: 204 },
  },
  typing: {
    summary: 'Say that you are typing',
    access: 'member',
    request: Type.Object({ conversationId: ConversationIdField }),
    answer: null,
    errors: [],
    frame: true,
    http: null,
  },
  state: {
    summary: 'Say whether the user looks at this device',
    access: 'user',
    request: Type.Object({ active: Type.Boolean() }),
    answer: null,
    errors: [],
    frame: true,
    http: null,
  },
} as const satisfies Record<string, Operation>;

/** The name of an operation; for those with `frame`, also the `type` of its frame. */
export type Verb = keyof typeof operations;
export const verbs = Object.keys(operations) as Verb[];

/** What a verb is asked with. */
export type RequestOf<V extends Verb> = Static<(typeof operations)[V]['request']>;
/** What a verb is answered with; null is nothing but success. */
export type AnswerOf<V extends Verb> = (typeof operations)[V]['answer'] extends infer A
  ? A extends ObjectSchema
    ? Static<A>
    : null
  : never;

/** Verbs that a socket takes as frames. */
export type FrameVerb = { [V in Verb]: (typeof operations)[V]['frame'] extends true ? V : never }[Verb];
/** Verbs that have a route. */
export type HttpVerb = { [V in Verb]: (typeof operations)[V]['http'] extends null ? never : V }[Verb];

/** Errors that any operation may answer with beside its own. */
export const commonErrors = ['invalid', 'malformed', 'too_large', 'rate_limited', 'unavailable', 'internal'] as const;
/** Errors by access: who is not known is asked to be; who is no member finds nothing. */
export const accessErrors: Readonly<Record<Access, readonly ErrorCode[]>> = {
  anyone: [],
  user: ['unauthenticated', 'token_expired'],
  member: ['unauthenticated', 'token_expired', 'not_found'],
  server: ['unauthenticated'],
};

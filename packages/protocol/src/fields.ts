import Type, { type Static, type TSchema } from 'typebox';
import { limits } from './limits.ts';

/**
 * The fields all frames and bodies are made of. Text refuses control characters (but tab and newline where it is
 * prose) and lone surrogates, which have no UTF-8.
 */
const PROSE = '^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\ud800-\\udfff]*$';
const LINE = '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ud800-\\udfff]*$';

/** A user: `u` and 22 random characters for an account, `x` and 22 of a hash for a user of an embedding product. */
export type UserId = string;
/** A device of a user, chosen by the server at login; in embedded use by the client. */
export type DeviceId = string;
/** `d`, `g` or `s` (direct, group, a user's own log) and 22 characters of a hash. */
export type ConversationId = string;
/** conversationId `.` sequence in base 36 `.` 8 random characters; also the resume cursor. */
export type EventId = string;
/** The client's own id of a durable request; what makes a retry safe. */
export type ClientMessageId = string;

/** A user: 1 to 64 URL-safe characters. */
export const UserIdField = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'A user.' });
/** A device of a user: 1 to 64 URL-safe characters. */
export const DeviceIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'A device of a user.',
});
/** One running copy of the client: 1 to 64 URL-safe characters. */
export const InstanceIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'One running copy of the client on a device: a browser tab, a process.',
});
/** A conversation: 1 to 40 URL-safe characters. */
export const ConversationIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,40}$',
  description: 'A conversation.',
});
/** An event, and the cursor of who applied it last. */
export const EventIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,40}\\.[0-9a-z]{1,11}\\.[A-Za-z0-9_-]{8}$',
  description: 'An event of a conversation and a resume cursor: conversationId.sequence(base 36).random.',
});
/** The client's own id of a durable request: 22 to 64 URL-safe characters. */
export const ClientMessageIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{22,64}$',
  description:
    'Chosen by the client, at least 122 random bits (a UUID); the same id is the same request for ever.',
});
/** What ties an answer to its request. */
export const RefField = Type.String({
  pattern: '^[A-Za-z0-9_.:-]{1,64}$',
  description: 'Any request may carry one; its answer or error carries it back.',
});
/** A place in a log; 0 is before the first event. */
export const SequenceField = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Place in a conversation: 1, 2, 3... without gaps; 0 is before the first event.',
});
/** Messages up to a place. */
export const OrdinalField = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'How many countable events (messages) the log holds up to and with this event.',
});
/** RFC 3339 in UTC with milliseconds. */
export const TimeField = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
  description: 'RFC 3339 in UTC with milliseconds. For people; order is by sequence.',
});
/** Text of a message: at most 64 KiB of UTF-8, else `too_large`. */
export const BodyField = Type.String({
  minLength: 1,
  maxLength: limits.bodyBytesMax,
  pattern: PROSE,
  description: 'Text of a message, at most 64 KiB of UTF-8; no control characters but tab and newline.',
});
/** One line of at most 200 characters. */
export const TitleField = Type.String({ minLength: 1, maxLength: limits.titleCharactersMax, pattern: LINE });
/** One line of at most 80 characters. */
export const DisplayNameField = Type.String({
  minLength: 1,
  maxLength: limits.displayNameCharactersMax,
  pattern: LINE,
});
/** 3 to 32 characters of the allow-list. */
export const UsernameField = Type.String({
  minLength: limits.usernameCharactersMin,
  maxLength: limits.usernameCharactersMax,
  pattern: "^[\\p{L}\\p{N}_.'-]+$",
  description: 'Letters, digits, `_`, `.`, `-` and apostrophe; compared after NFKC and case folding.',
});
/** 8 to 256 characters. */
export const PasswordField = Type.String({
  minLength: limits.passwordCharactersMin,
  maxLength: limits.passwordCharactersMax,
  pattern: '^[^\\u0000\\ud800-\\udfff]*$',
});
/** An access or refresh token: at most 8,192 characters. */
export const TokenField = Type.String({ minLength: 1, maxLength: 8192, pattern: '^[A-Za-z0-9._~+/=-]+$' });
/** What kind of conversation. */
export const ConversationTypeField = Type.Union([Type.Literal('direct'), Type.Literal('group')]);
/** What a member is in a group. */
export const RoleField = Type.Union([Type.Literal('owner'), Type.Literal('admin'), Type.Literal('member')], {
  description: 'What a member may do; see the table of permissions in the protocol document.',
});
/** How a body is to be read. */
export const FormatField = Type.Union([Type.Literal('plain'), Type.Literal('markdown')]);
/** What a client does with an error; see `errorTable`. */
export const RetryField = Type.Union([
  Type.Literal('never'),
  Type.Literal('later'),
  Type.Literal('after_auth'),
  Type.Literal('after_resume'),
]);
/** Milliseconds to wait before the retry. */
export const AfterMsField = Type.Integer({
  minimum: 0,
  description: 'Milliseconds to wait before the retry.',
});
/** Items of a page, 1 to 200. */
export const LimitField = Type.Integer({ minimum: 1, maximum: limits.pageItemsMax });
/** Users named in one request, at most 200; one named twice counts once. */
export const MemberIdsField = Type.Array(UserIdField, {
  maxItems: limits.membersPerRequestMax,
});

/** What kind of conversation. */
export type ConversationType = Static<typeof ConversationTypeField>;
/** A user's own log is a conversation with one member that only the server writes to. */
export type LogType = ConversationType | 'self';
/** What a member is in a group. */
export type Role = Static<typeof RoleField>;
/** How a body is to be read; absent is plain. */
export type MessageFormat = Static<typeof FormatField>;

/** A schema that lists its fields, which all frames and bodies are. */
export type ObjectSchema = TSchema & { readonly properties: Record<string, TSchema> };

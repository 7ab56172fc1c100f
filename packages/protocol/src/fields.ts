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

export const UserIdField = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'A user.' });
export const DeviceIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'A device of a user.',
});
export const InstanceIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'One running copy of the client on a device: a browser tab, a process.',
});
export const ConversationIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,40}$',
  description: 'A conversation.',
});
export const EventIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,40}\\.[0-9a-z]{1,11}\\.[A-Za-z0-9_-]{8}$',
  description: 'An event of a conversation and a resume cursor: conversationId.sequence(base 36).random.',
});
export const ClientMessageIdField = Type.String({
  pattern: '^[A-Za-z0-9_-]{22,64}$',
  description:
    'Chosen by the client, at least 122 random bits (a UUID); the same id is the same request for ever.',
});
export const RefField = Type.String({
  pattern: '^[A-Za-z0-9_.:-]{1,64}$',
  description: 'Any request may carry one; its answer or error carries it back.',
});
export const SequenceField = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Place in a conversation: 1, 2, 3... without gaps; 0 is before the first event.',
});
export const OrdinalField = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'How many countable events (messages) the log holds up to and with this event.',
});
export const TimeField = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
  description: 'RFC 3339 in UTC with milliseconds. For people; order is by sequence.',
});
export const BodyField = Type.String({
  minLength: 1,
  maxLength: limits.bodyBytesMax,
  pattern: PROSE,
  description: 'Text of a message, at most 64 KiB of UTF-8; no control characters but tab and newline.',
});
export const TitleField = Type.String({ minLength: 1, maxLength: limits.titleCharactersMax, pattern: LINE });
export const DisplayNameField = Type.String({
  minLength: 1,
  maxLength: limits.displayNameCharactersMax,
  pattern: LINE,
});
export const UsernameField = Type.String({
  minLength: limits.usernameCharactersMin,
  maxLength: limits.usernameCharactersMax,
  pattern: "^[\\p{L}\\p{N}_.'-]+$",
  description: 'Letters, digits, `_`, `.`, `-` and apostrophe; compared after NFKC and case folding.',
});
export const PasswordField = Type.String({
  minLength: limits.passwordCharactersMin,
  maxLength: limits.passwordCharactersMax,
  pattern: '^[^\\u0000\\ud800-\\udfff]*$',
});
export const TokenField = Type.String({ minLength: 1, maxLength: 8192, pattern: '^[A-Za-z0-9._~+/=-]+$' });
export const ConversationTypeField = Type.Union([Type.Literal('direct'), Type.Literal('group')]);
export const RoleField = Type.Union([Type.Literal('owner'), Type.Literal('admin'), Type.Literal('member')], {
  description: 'What a member may do; see the table of permissions in the protocol document.',
});
export const FormatField = Type.Union([Type.Literal('plain'), Type.Literal('markdown')]);
export const RetryField = Type.Union([
  Type.Literal('never'),
  Type.Literal('later'),
  Type.Literal('after_auth'),
  Type.Literal('after_resume'),
]);
export const AfterMsField = Type.Integer({
  minimum: 0,
  description: 'Milliseconds to wait before the retry.',
});
export const LimitField = Type.Integer({ minimum: 1, maximum: limits.pageItemsMax });
export const MemberIdsField = Type.Array(UserIdField, {
  maxItems: limits.membersPerRequestMax,
  uniqueItems: true,
});

export type ConversationType = Static<typeof ConversationTypeField>;
/** A user's own log is a conversation with one member that only the server writes to. */
export type LogType = ConversationType | 'self';
export type Role = Static<typeof RoleField>;
export type MessageFormat = Static<typeof FormatField>;

/** A schema that lists its fields, which all frames and bodies are. */
export type ObjectSchema = TSchema & { readonly properties: Record<string, TSchema> };

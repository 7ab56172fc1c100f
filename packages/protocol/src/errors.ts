/**
 * The one error table. `retry` says what a client does next:
 * `never` (the same request fails again), `later` (after `afterMs`, else with back-off), `after_auth` (with a new
 * token), `after_resume` (on a new connection). `status` is the HTTP status of the same error.
 */
export const errorTable = {
  malformed: { status: 400, retry: 'never', meaning: 'The frame or body is not one JSON object in UTF-8.' },
  invalid: {
    status: 400,
    retry: 'never',
    meaning: 'A field is missing, of the wrong type or out of its bounds.',
  },
  unknown_type: { status: 400, retry: 'never', meaning: 'No frame of this type exists in this version.' },
  too_large: {
    status: 413,
    retry: 'never',
    meaning: 'The frame, the HTTP body or the message is over its limit.',
  },
  unsupported_media_type: { status: 415, retry: 'never', meaning: 'Bodies are application/json.' },
  not_acceptable: { status: 406, retry: 'never', meaning: 'The stream is text/event-stream only.' },
  unauthenticated: { status: 401, retry: 'after_auth', meaning: 'No valid access token was given.' },
  token_expired: { status: 401, retry: 'after_auth', meaning: 'The access token has run out; refresh it.' },
  invalid_credentials: { status: 401, retry: 'never', meaning: 'Username and password do not fit together.' },
  session_ended: { status: 401, retry: 'never', meaning: 'This device was signed out; log in again.' },
  forbidden: { status: 403, retry: 'never', meaning: 'Your role in this conversation does not allow this.' },
  origin_not_allowed: { status: 403, retry: 'never', meaning: 'The Origin header is not on the allow-list.' },
  not_found: { status: 404, retry: 'never', meaning: 'No such thing, or none you may see.' },
  method_not_allowed: { status: 405, retry: 'never', meaning: 'This path does not take this method.' },
  username_taken: { status: 409, retry: 'never', meaning: 'Another account has this name.' },
  idempotency_conflict: {
    status: 409,
    retry: 'never',
    meaning: 'This clientMessageId was used before in this conversation for something else.',
  },
  last_owner: {
    status: 409,
    retry: 'never',
    meaning: 'A group keeps at least one owner; name another first.',
  },
  not_applicable: {
    status: 409,
    retry: 'never',
    meaning: 'This type of conversation has no such operation.',
  },
  too_many_members: {
    status: 409,
    retry: 'never',
    meaning: 'The conversation would be over its member limit.',
  },
  too_many_devices: { status: 409, retry: 'never', meaning: 'The account has its most devices; revoke one.' },
  unknown_members: {
    status: 422,
    retry: 'never',
    meaning: 'Some of the named users do not exist (userIds).',
  },
  after_previous: {
    status: 409,
    retry: 'later',
    meaning:
      'An earlier send of this connection to this conversation was refused; send that one again first.',
  },
  rate_limited: { status: 429, retry: 'later', meaning: 'Too many requests; afterMs says when to go on.' },
  unavailable: { status: 503, retry: 'later', meaning: 'The store cannot answer now; nothing was written.' },
  draining: { status: 503, retry: 'after_resume', meaning: 'This node is going away; connect again.' },
  internal: { status: 500, retry: 'later', meaning: 'A fault of ours; it is in the server log.' },
} as const satisfies Record<string, ErrorRow>;

interface ErrorRow {
  readonly status: number;
  readonly retry: RetryClass;
  readonly meaning: string;
}

/** What a client does with an error; see `errorTable`. */
export type RetryClass = 'never' | 'later' | 'after_auth' | 'after_resume';

/** A key of the error table. */
export type ErrorCode = keyof typeof errorTable;

/** Every code of the error table. */
export const errorCodes = Object.keys(errorTable) as ErrorCode[];

/** Optional facts of one error beside its row of the table. */
export interface ErrorDetail {
  /** Milliseconds after which a retry makes sense. */
  readonly afterMs?: number;
  /** The users an `unknown_members` is about. */
  readonly userIds?: readonly string[];
}

/** An expected refusal on its way to a peer. Anything else thrown becomes `internal` and carries no detail. */
export class ConfabError extends Error {
  override readonly name = 'ConfabError';
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string = errorTable[code].meaning, detail: ErrorDetail = {}) {
    super(message);
    this.code = code;
    this.detail = detail;
  }

  get retry(): RetryClass {
    return errorTable[this.code].retry;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}

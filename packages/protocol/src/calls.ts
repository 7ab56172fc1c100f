/**
 * Every verb as plain data: what it is for, who may ask, whether a socket takes it as a frame, and where HTTP has it. The
 * schemas stand beside these rows in `operations.ts`; a client that only calls needs none of them.
 */

/**
 * Who may ask: `anyone`; a signed-in `user`; a `member` of the conversation named in the request (to all others it is
 * `not_found`); the `server` of an embedding product with the API key.
 */
export type Access = 'anyone' | 'user' | 'member' | 'server';

/** One verb without its schemas. */
export interface Call {
  readonly summary: string;
  readonly access: Access;
  /** Whether a socket takes it as a frame of the same name. */
  readonly frame: boolean;
  readonly http: HttpRoute | null;
}

/** Where HTTP has a verb. `existing` is the status where an earlier request had already done it. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fields of the request stand in the path as `{field}`; the others are the query of a GET or DELETE, else the body. */
  readonly path: string;
  readonly status: number;
  readonly existing?: number;
  /** Fields of the body with another name there than in the frame, where `type` is the verb: body name -> field. */
  readonly bodyNames?: Readonly<Record<string, string>>;
}

/** Every verb by its name. */
export const calls = {
  create_account: {
    summary: 'Register an account',
    access: 'anyone',
    frame: false,
    http: { method: 'POST', path: '/v1/accounts', status: 201 },
  },
  create_session: {
    summary: 'Log in on a device',
    access: 'anyone',
    frame: false,
    http: { method: 'POST', path: '/v1/sessions', status: 201 },
  },
  refresh_session: {
    summary: 'Exchange a refresh token for new tokens',
    access: 'anyone',
    frame: false,
    http: { method: 'POST', path: '/v1/sessions/refresh', status: 201 },
  },
  delete_session: {
    summary: 'Log out: end the session of this device',
    access: 'user',
    frame: false,
    http: { method: 'DELETE', path: '/v1/sessions/current', status: 204 },
  },
  list_devices: {
    summary: 'List your devices',
    access: 'user',
    frame: false,
    http: { method: 'GET', path: '/v1/devices', status: 200 },
  },
  delete_device: {
    summary: 'Revoke a device; its sockets close',
    access: 'user',
    frame: false,
    http: { method: 'DELETE', path: '/v1/devices/{deviceId}', status: 204 },
  },
  search_users: {
    summary: 'Find users by the beginning of their name',
    access: 'user',
    frame: false,
    http: { method: 'GET', path: '/v1/users', status: 200 },
  },
  get_user: {
    summary: 'Read one user',
    access: 'user',
    frame: false,
    http: { method: 'GET', path: '/v1/users/{userId}', status: 200 },
  },
  put_external_user: {
    summary: 'Create or update a user of the embedding product',
    access: 'server',
    frame: false,
    http: { method: 'PUT', path: '/v1/users/external', status: 200 },
  },
  create_conversation: {
    summary: 'Start a direct conversation or a group',
    access: 'user',
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
    frame: false,
    http: { method: 'GET', path: '/v1/conversations', status: 200 },
  },
  get_conversation: {
    summary: 'Read one conversation',
    access: 'member',
    frame: false,
    http: { method: 'GET', path: '/v1/conversations/{conversationId}', status: 200 },
  },
  update_conversation: {
    summary: 'Change the title of a group',
    access: 'member',
    frame: true,
    http: { method: 'PATCH', path: '/v1/conversations/{conversationId}', status: 200 },
  },
  list_members: {
    summary: 'List the members of a conversation',
    access: 'member',
    frame: false,
    http: { method: 'GET', path: '/v1/conversations/{conversationId}/members', status: 200 },
  },
  add_members: {
    summary: 'Add members to a group',
    access: 'member',
    frame: true,
    http: { method: 'POST', path: '/v1/conversations/{conversationId}/members', status: 201, existing: 200 },
  },
  remove_member: {
    summary: 'Remove a member from a group; yourself: leave it',
    access: 'member',
    frame: true,
    http: { method: 'DELETE', path: '/v1/conversations/{conversationId}/members/{userId}', status: 200 },
  },
  update_member: {
    summary: "Change a member's role",
    access: 'member',
    frame: true,
    http: { method: 'PATCH', path: '/v1/conversations/{conversationId}/members/{userId}', status: 200 },
  },
  send_message: {
    summary: 'Send a message',
    access: 'member',
    frame: true,
    http: { method: 'POST', path: '/v1/conversations/{conversationId}/messages', status: 201, existing: 200 },
  },
  abandon_send: {
    summary: 'Give up a refused send, so that later ones of this connection are taken again',
    access: 'member',
    frame: true,
    http: null,
  },
  list_messages: {
    summary: 'Read messages in their current state, a page around a place',
    access: 'member',
    frame: false,
    http: { method: 'GET', path: '/v1/conversations/{conversationId}/messages', status: 200 },
  },
  list_events: {
    summary: 'Read the log after a cursor, waiting for news: the long poll',
    access: 'member',
    frame: false,
    http: { method: 'GET', path: '/v1/conversations/{conversationId}/events', status: 200 },
  },
  sync: {
    summary: 'Read the log after a cursor',
    access: 'member',
    frame: true,
    http: null,
  },
  receipt: {
    summary: 'Say how far this device has received and this user has read',
    access: 'member',
    frame: true,
    http: null,
  },
  create_receipt: {
    summary: 'Say that a message was delivered or read',
    access: 'user',
    frame: false,
    http: { method: 'POST', path: '/v1/receipts', status: 204 },
  },
  typing: {
    summary: 'Say that you are typing',
    access: 'member',
    frame: true,
    http: null,
  },
  state: {
    summary: 'Say whether the user looks at this device',
    access: 'user',
    frame: true,
    http: null,
  },
} as const satisfies Record<string, Call>;

/** The name of an operation; for those with `frame`, also the `type` of its frame. */
export type Verb = keyof typeof calls;
/** The names of all verbs. */
export const verbs = Object.keys(calls) as Verb[];

/** Verbs that a socket takes as frames. */
export type FrameVerb = { [V in Verb]: (typeof calls)[V]['frame'] extends true ? V : never }[Verb];
/** Verbs that have a route. */
export type HttpVerb = { [V in Verb]: (typeof calls)[V]['http'] extends null ? never : V }[Verb];

import { ConfabError, parseEventId, type RequestOf, type Verb } from '@confab/protocol';
import type { Command } from '@confab/conversation';
import type { RateLimits, RateName } from '../admission/rate-limits.ts';
import type { Registration } from '../accounts/accounts.ts';
import type { SignIn } from '../accounts/sign-in.ts';
import type { Caller, Reply, RequestContext } from '../face/chat.ts';
import type { Access } from '../membership/access.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { type Summaries, userOf } from '../conversations/summaries.ts';
import type { CommandOutcome } from '../log/batch.ts';
import type { LanePlace } from '../log/lane.ts';
import type { Writers } from '../log/writers.ts';
import type { Random } from '@confab/contracts';
import type { Receipts } from '../receipts/receipts.ts';
import { encodePage } from '../sync/encode-page.ts';
import type { History } from '../sync/history.ts';
import { limitOf, type Pages } from '../sync/pages.ts';
import type { Typing } from '../typing/typing.ts';
import { acceptedReply, DONE, eventsReply, replyOf } from './reply.ts';

/** The parts that operations are done with. */
export interface Parts {
  readonly access: Access;
  readonly conversations: Conversations;
  readonly history: History;
  readonly pages: Pages;
  readonly random: Random;
  readonly rateLimits: RateLimits;
  readonly receipts: Receipts;
  readonly registration: Registration;
  readonly signIn: SignIn;
  readonly summaries: Summaries;
  readonly typing: Typing;
  readonly writers: Writers;
}

/** A signed-in caller. */
export type UserCaller = Extract<Caller, { kind: 'user' }>;

type Asked<V extends Verb> = {
  readonly parts: Parts;
  readonly user: UserCaller;
  readonly request: RequestOf<V>;
  readonly context: RequestContext;
};

/** One row a verb; a verb without its row does not compile. For verbs that anyone may ask, `user` is nobody. */
export type Handlers = { readonly [V in Verb]: (asked: Asked<V>) => Promise<Reply> };

export const handlers: Handlers = {
  create_account: async ({ parts, request }) =>
    replyOf({ userId: await parts.registration.register(request) }),
  create_session: async ({ parts, request }) => replyOf(await parts.signIn.logIn(request)),
  refresh_session: async ({ parts, request }) => replyOf(await parts.signIn.refresh(request.refreshToken)),
  delete_session: async ({ parts, user }) => {
    await parts.signIn.revoke(user.userId, user.deviceId);
    return DONE;
  },
  list_devices: async ({ parts, user }) =>
    replyOf({ devices: await parts.signIn.list(user.userId, user.deviceId) }),
  delete_device: async ({ parts, user, request }) => {
    await parts.signIn.revoke(user.userId, request.deviceId);
    return DONE;
  },
  search_users: async ({ parts, request }) => {
    const users = await parts.registration.search(request.query, request.limit ?? 20);
    return replyOf({ users: users.map(userOf) });
  },
  get_user: async ({ parts, request }) => replyOf(userOf(await parts.registration.one(request.userId))),
  put_external_user: async ({ parts, request }) =>
    replyOf(userOf(await parts.registration.putExternal(request))),
  create_conversation: async ({ parts, user, request }) => {
    const afterMs = parts.rateLimits.take('create_conversation', user.userId);
    const { conversationId, existing } = await parts.conversations.create(user.userId, request, afterMs);
    return replyOf({ conversation: await parts.summaries.one(conversationId, user.userId) }, existing);
  },
  list_conversations: listConversations,
  get_conversation: async ({ parts, user, request }) =>
    replyOf({ conversation: await parts.summaries.one(request.conversationId, user.userId) }),
  update_conversation: async ({ parts, user, request, context }) => {
    const { conversationId, clientMessageId, title } = request;
    const command: Command = {
      verb: 'update_conversation',
      conversationId,
      clientMessageId,
      actorId: user.userId,
      title,
    };
    return eventsReply(await submit(parts, command, context), user.userId);
  },
  list_members: listMembers,
  add_members: async ({ parts, user, request, context }) => {
    const { conversationId, clientMessageId, userIds, role } = request;
    const command: Command & { verb: 'add_members' } = {
      verb: 'add_members',
      conversationId,
      clientMessageId,
      actorId: user.userId,
      userIds,
      role: role ?? 'member',
    };
    const prepare = () => parts.conversations.refuseUnknownAdded(command);
    return eventsReply(await submit(parts, command, context, prepare), user.userId);
  },
  remove_member: async ({ parts, user, request, context }) => {
    const { conversationId, userId } = request;
    const clientMessageId = request.clientMessageId ?? parts.random.urlSafe(22);
    const command: Command = {
      verb: 'remove_member',
      conversationId,
      clientMessageId,
      actorId: user.userId,
      userId,
    };
    // Without an id of the client's it could be neither retried nor given up, so it takes no place in a lane.
    const lane = request.clientMessageId === undefined ? null : context.lane;
    return eventsReply(await submit(parts, command, { ...context, lane }), user.userId);
  },
  update_member: async ({ parts, user, request, context }) => {
    const { conversationId, clientMessageId, userId, role } = request;
    const command: Command = {
      verb: 'update_member',
      conversationId,
      clientMessageId,
      actorId: user.userId,
      userId,
      role,
    };
    return eventsReply(await submit(parts, command, context), user.userId);
  },
  send_message: sendMessage,
  abandon_send: async ({ parts, user, request, context }) => {
    context.lane?.abandon(request.clientMessageId);
    await parts.access.member(request.conversationId, user.userId);
    return DONE;
  },
  list_messages: async ({ parts, user, request }) => {
    const { conversationId, after, before, around } = request;
    const json = await parts.history.page({
      conversationId,
      userId: user.userId,
      after: after ?? null,
      before: before ?? null,
      around: around ?? null,
      limit: limitOf(request.limit),
    });
    return { json, existing: false };
  },
  list_events: async ({ parts, user, request, context }) => {
    const page = await parts.pages.waitForPage(
      {
        conversationId: request.conversationId,
        userId: user.userId,
        after: request.after ?? null,
        limit: limitOf(request.limit),
      },
      { waitMs: request.waitMs ?? 0, deviceId: user.deviceId, gone: context.gone },
    );
    return { json: encodePage(page, user.userId), existing: false };
  },
  sync: async ({ parts, user, request }) => {
    const { conversationId, after } = request;
    const page = await parts.pages.page({
      conversationId,
      userId: user.userId,
      after,
      limit: limitOf(request.limit),
    });
    return { json: encodePage(page, user.userId), existing: false };
  },
  receipt: async ({ parts, user, request }) => {
    const { conversationId, delivered, read } = request;
    // Not until it is written: receipts come in crowds, and only the highest counts.
    await parts.receipts.take({ conversationId, ...user, delivered: delivered ?? null, read: read ?? null });
    return DONE;
  },
  create_receipt: createReceipt,
  typing: async ({ parts, user, request }) => {
    await parts.typing.note(request.conversationId, user.userId);
    return DONE;
  },
  state: async () => DONE,
};

/** What a verb takes a token of before it is done; durable requests take theirs in `submit`, after the look for a repetition. */
const rateOf: Readonly<Partial<Record<Verb, RateName>>> = {
  search_users: 'search',
  get_user: 'read',
  list_devices: 'read',
  list_conversations: 'read',
  get_conversation: 'read',
  list_members: 'read',
  list_messages: 'read',
  list_events: 'read',
  sync: 'read',
  receipt: 'receipt',
  create_receipt: 'receipt',
};

/** Refuses what comes faster than its bucket allows. */
export function admit(rateLimits: RateLimits, verb: Verb, userId: string): void {
  const name = rateOf[verb];
  const afterMs = name === undefined ? 0 : rateLimits.take(name, userId);
  if (afterMs > 0) throw new ConfabError('rate_limited', undefined, { afterMs });
}

/**
 * Brings a durable request to its writer, after `prepare`. Where there is nothing to prepare, nothing waits up to the
 * writer's queue, so that requests of one connection stay in their order; and what was done before is answered before
 * any limit refuses it.
 */
async function submit(
  parts: Parts,
  command: Command,
  { lane }: RequestContext,
  prepare: (() => Promise<void>) | null = null,
): Promise<CommandOutcome> {
  const place = lane?.enter(command.clientMessageId) ?? null;
  const refusal = refusalAtArrival(parts, command, place);
  if (refusal !== null) place?.lane.refuse(place);
  const before = refusal === null ? prepare : null;
  const work = () =>
    refusal === null ? parts.writers.submit(command, place) : repeated(parts, command, refusal);
  if (place !== null) return await place.lane.run(place, before, work);
  await before?.();
  return await work();
}

/**
 * What stands behind a refused send costs no token, or a crowd of them would take every token from the one in front.
 */
function refusalAtArrival(parts: Parts, command: Command, place: LanePlace | null): ConfabError | null {
  if (place?.lane.blocks(place) === true) return new ConfabError('after_previous');
  const afterMs = parts.rateLimits.take('send', command.actorId);
  if (afterMs === 0) return null;
  return new ConfabError('rate_limited', undefined, { afterMs: Math.max(afterMs, SEND_RETRY_MS_MIN) });
}

/** A sender over the limit comes back no sooner: by then there is room for more than one message. */
const SEND_RETRY_MS_MIN = 500;

/** What was done before, or the refusal. */
async function repeated({ writers }: Parts, command: Command, refusal: ConfabError): Promise<CommandOutcome> {
  const duplicate = await writers.findDuplicate(command);
  if (duplicate === null) throw refusal;
  return duplicate;
}

async function sendMessage({ parts, user, request, context }: Asked<'send_message'>): Promise<Reply> {
  const { conversationId, clientMessageId, body, format, replyTo, mentions, readThrough } = request;
  const command: Command = {
    verb: 'send_message',
    conversationId,
    clientMessageId,
    actorId: user.userId,
    body,
    format: format ?? null,
    replyTo: replyTo ?? null,
    mentions: mentions ?? [],
  };
  const prepare =
    replyTo === undefined
      ? null
      : () => parts.history.refuseUnknownReply(conversationId, user.userId, replyTo);
  const { event, duplicate } = await submit(parts, command, context, prepare);
  if (event === null) throw new Error('a message was decided to be nothing');
  // Of a repetition too: the first one's answer may have been lost with the node that was to note it.
  if (readThrough !== undefined && readThrough > 0) {
    void parts.receipts
      .take({ conversationId, ...user, delivered: null, read: readThrough })
      .catch(() => undefined);
  }
  return acceptedReply(event, duplicate);
}

async function listConversations({ parts, user, request }: Asked<'list_conversations'>): Promise<Reply> {
  const limit = limitOf(request.limit);
  const entries = await parts.summaries.entries(user.userId);
  const { cursor } = request;
  const from =
    cursor === undefined
      ? 0
      : entries.findIndex(({ conversationId, head }) => isBelow(cursor, head.sentAt, conversationId));
  const page = from === -1 ? [] : entries.slice(from, from + limit);
  const last = page.at(-1);
  const conversations = await parts.summaries.describe(user.userId, page);
  const more = last !== undefined && from + limit < entries.length;
  return replyOf({ conversations, ...(more ? { next: `${last.head.sentAt}.${last.conversationId}` } : {}) });
}

/** Whether an entry comes after the cursor in a list with the newest first. */
function isBelow(cursor: string, sentAt: string, conversationId: string): boolean {
  const [cursorTime, cursorId] = [cursor.slice(0, 24), cursor.slice(25)];
  return sentAt < cursorTime || (sentAt === cursorTime && conversationId > cursorId);
}

async function listMembers({ parts, user, request }: Asked<'list_members'>): Promise<Reply> {
  await parts.access.member(request.conversationId, user.userId);
  const { members, next } = await parts.conversations.members(
    request.conversationId,
    request.cursor ?? null,
    limitOf(request.limit),
  );
  return replyOf({ members, ...(next === null ? {} : { next }) });
}

async function createReceipt({ parts, user, request }: Asked<'create_receipt'>): Promise<Reply> {
  const deviceId = request.deviceId ?? user.deviceId;
  const isOwn = deviceId === user.deviceId || (await parts.signIn.isSignedIn(user.userId, deviceId));
  if (!isOwn) throw new ConfabError('not_found', 'This is no device of yours.');
  const place = parseEventId(request.messageId);
  if (place === null) throw new ConfabError('not_found');
  const { conversationId, sequence } = place;
  const { written } = await parts.receipts.take({
    conversationId,
    userId: user.userId,
    deviceId,
    delivered: request.receiptType === 'delivered' ? sequence : null,
    read: request.receiptType === 'read' ? sequence : null,
  });
  await written;
  return DONE;
}

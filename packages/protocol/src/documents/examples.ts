import { type HttpVerb } from '../calls.ts';
import { type AnswerOf, type RequestOf } from '../operations.ts';

/** One request and, where there is one, its answer: what a reader may copy. The tests hold them to the schemas. */
type Example<V extends HttpVerb> = { readonly request: RequestOf<V>; readonly answer: AnswerOf<V> };

const alice = 'u3kGz0qmT1bXo9WvJr5sYhA';
const bob = 'u9LdPw4nRkV2cEs7ZtQxUoM';
const conversationId = 'gB7yKf2HqSx0MvTn8LwRjZe';
const messageId = `${conversationId}.2.Xq4bT9sZ`;
const clientMessageId = '0b0c8a52-3f1e-4c53-9d54-1f4e3b1f6a10';
const sentAt = '2026-11-21T10:15:30.000Z';
const cursor = '2026-11-21T10:15:30.000Z';

const session = {
  userId: alice,
  deviceId: 'dWq7uTz1Yb',
  accessToken: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1M2tHejAifQ.c2lnbmF0dXJl',
  accessTokenExpiresAt: '2026-11-21T10:30:30.000Z',
  refreshToken: 'r1.dWq7uTz1Yb.0.mHk2vQ',
};
const user = { userId: alice, username: 'alice', displayName: 'Alice' };
const conversation = {
  conversationId,
  type: 'group' as const,
  title: 'Lunch',
  role: 'owner' as const,
  memberCount: 2,
  head: { sequence: 2, ordinal: 1, eventId: messageId, sentAt },
  read: { sequence: 2, ordinal: 1 },
  unread: 0,
  mentions: 0,
  preview: { messageId, sequence: 2, senderId: alice, body: 'Soup at noon?', sentAt },
};
const memberEvent = {
  type: 'member_event' as const,
  eventId: `${conversationId}.3.Pz8cL1aN`,
  conversationId,
  sequence: 3,
  ordinal: 1,
  senderId: alice,
  sentAt,
  clientMessageId,
};
const messageEvent = {
  type: 'message_event' as const,
  eventId: messageId,
  messageId,
  conversationId,
  sequence: 2,
  ordinal: 1,
  senderId: alice,
  sentAt,
  clientMessageId,
  body: 'Soup at noon?',
};
const { type: _type, ...message } = messageEvent;

export const examples: { readonly [V in HttpVerb]: Example<V> } = {
  create_account: {
    request: { username: 'alice', password: 'correct horse battery', displayName: 'Alice' },
    answer: { userId: alice },
  },
  create_session: {
    request: { username: 'alice', password: 'correct horse battery', deviceName: 'Firefox on Linux' },
    answer: session,
  },
  refresh_session: { request: { refreshToken: session.refreshToken }, answer: session },
  delete_session: { request: {}, answer: null },
  list_devices: {
    request: {},
    answer: {
      devices: [
        {
          deviceId: session.deviceId,
          name: 'Firefox on Linux',
          createdAt: sentAt,
          lastSeenAt: sentAt,
          current: true,
        },
      ],
    },
  },
  delete_device: { request: { deviceId: session.deviceId }, answer: null },
  search_users: { request: { query: 'ali', limit: 20 }, answer: { users: [user] } },
  get_user: { request: { userId: alice }, answer: user },
  put_external_user: {
    request: { issuer: 'https://shop.example.org', subject: '4711', displayName: 'Carol' },
    answer: { userId: 'xT5rBn0WqLm8GvKs2HyCzDf', username: null, displayName: 'Carol' },
  },
  create_conversation: {
    request: { conversationType: 'group', memberIds: [bob], title: 'Lunch', clientMessageId },
    answer: { conversation },
  },
  list_conversations: { request: { limit: 50 }, answer: { conversations: [conversation], next: cursor } },
  get_conversation: { request: { conversationId }, answer: { conversation } },
  update_conversation: {
    request: { conversationId, clientMessageId, title: 'Lunch on Friday' },
    answer: {
      events: [{ ...memberEvent, type: 'conversation_event', change: 'updated', title: 'Lunch on Friday' }],
    },
  },
  list_members: {
    request: { conversationId, limit: 50 },
    answer: { members: [{ userId: alice, role: 'owner', joinedSequence: 1, user }] },
  },
  add_members: {
    request: { conversationId, clientMessageId, userIds: [bob], role: 'member' },
    answer: { events: [{ ...memberEvent, change: 'joined', members: [{ userId: bob, role: 'member' }] }] },
  },
  remove_member: {
    request: { conversationId, userId: bob, clientMessageId },
    answer: { events: [{ ...memberEvent, change: 'removed', members: [{ userId: bob, role: 'member' }] }] },
  },
  update_member: {
    request: { conversationId, userId: bob, clientMessageId, role: 'admin' },
    answer: {
      events: [{ ...memberEvent, change: 'role_changed', members: [{ userId: bob, role: 'admin' }] }],
    },
  },
  send_message: {
    request: { conversationId, clientMessageId, body: 'Soup at noon?' },
    answer: { clientMessageId, conversationId, messageId, sequence: 2, sentAt },
  },
  list_messages: {
    request: { conversationId, before: 3, limit: 50 },
    answer: { messages: [message], head: conversation.head },
  },
  list_events: {
    request: { conversationId, after: `${conversationId}.1.Aa0bB1cC`, waitMs: 20_000 },
    answer: { conversationId, events: [messageEvent], head: conversation.head },
  },
  create_receipt: { request: { messageId, receiptType: 'read' }, answer: null },
};

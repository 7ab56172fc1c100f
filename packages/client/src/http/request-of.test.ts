import { expect, test } from 'bun:test';
import { requestOf } from './request-of.ts';

test('fields of the path stand in the path, those of a GET in the query', () => {
  expect(requestOf('list_messages', { conversationId: 'g1', before: 12, limit: 50 })).toEqual({
    method: 'GET',
    path: '/v1/conversations/g1/messages?before=12&limit=50',
    body: null,
  });
  expect(requestOf('search_users', { query: 'a&b /?' })).toMatchObject({
    path: '/v1/users?query=a%26b+%2F%3F',
  });
});

test('the others are the body, under the names the body has', () => {
  const { method, path, body } = requestOf('create_conversation', {
    conversationType: 'direct',
    memberIds: ['u1'],
  });
  expect([method, path]).toEqual(['POST', '/v1/conversations']);
  expect(JSON.parse(body ?? '')).toEqual({ type: 'direct', memberIds: ['u1'] });
});

test('a DELETE has no body', () => {
  expect(requestOf('remove_member', { conversationId: 'g1', userId: 'u/1', clientMessageId: 'c1' })).toEqual({
    method: 'DELETE',
    path: '/v1/conversations/g1/members/u%2F1?clientMessageId=c1',
    body: null,
  });
});

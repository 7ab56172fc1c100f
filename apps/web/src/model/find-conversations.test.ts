import type { ConversationView } from '@confab/client';
import { expect, test } from 'bun:test';
import { findConversations } from './find-conversations.ts';

const conversation = (name: string, username?: string) =>
  ({
    conversationId: name,
    name,
    peer: username === undefined ? null : { userId: username, username, displayName: name },
  }) as ConversationView;

const items = [
  conversation('The Old Library'),
  conversation('José Álvarez', 'jose'),
  conversation('Library friends'),
  conversation('Bo', 'libra'),
];
const find = (typed: string, most = 10) => findConversations(items, typed, most).map(({ name }) => name);

test.each([
  ['', ['The Old Library', 'José Álvarez', 'Library friends', 'Bo']],
  ['jose', ['José Álvarez']],
  ['alv', ['José Álvarez']],
  ['@libra', ['Library friends', 'Bo', 'The Old Library']],
  ['LIBRARY F', ['Library friends']],
  ['rary', []],
])('%p finds %p', (typed, names) => expect(find(typed)).toEqual(names));

test('finds no more than is shown', () => expect(find('', 2)).toHaveLength(2));

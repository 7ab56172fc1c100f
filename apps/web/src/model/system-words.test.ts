import type { SystemItem } from '@confab/client';
import { describe, expect, test } from 'bun:test';
import { peopleOf, systemWords } from './system-words.ts';

const names: Record<string, string> = { ada: 'Ada', bob: 'Bob', cy: 'Cy', di: 'Di', eve: 'Eve' };
const cast = { ownId: 'me', nameOf: (userId: string) => names[userId] ?? '?' };

const line = (senderId: string, event: object) => ({
  senderId,
  event: { ...event, senderId } as SystemItem['event'],
});
const member = (senderId: string, change: string, userIds: string[], role = 'member') =>
  line(senderId, { type: 'member_event', change, members: userIds.map((userId) => ({ userId, role })) });
const conversation = (senderId: string, change: string, title: string | null) =>
  line(senderId, { type: 'conversation_event', change, title });

describe('system lines', () => {
  test.each([
    [conversation('me', 'created', null), 'You started the conversation'],
    [conversation('ada', 'created', 'Tea'), 'Ada started “Tea”'],
    [conversation('ada', 'updated', 'Cake'), 'Ada named it “Cake”'],
    [conversation('ada', 'updated', null), 'Ada removed the name'],
    [member('ada', 'joined', ['me']), 'Ada added you'],
    [member('me', 'joined', ['ada', 'bob']), 'You added Ada and Bob'],
    [member('ada', 'joined', ['ada']), 'Ada joined'],
    [member('bob', 'left', ['bob']), 'Bob left'],
    [member('me', 'left', ['me']), 'You left'],
    [member('ada', 'removed', ['bob']), 'Ada removed Bob'],
    [member('ada', 'role_changed', ['bob'], 'admin'), 'Ada made Bob an admin'],
  ])('%j', (item, words) => expect(systemWords(item, cast)).toBe(words));

  test('many people become a number, but never "one other"', () => {
    expect(systemWords(member('me', 'joined', ['ada', 'bob', 'cy', 'di']), cast)).toBe(
      'You added Ada, Bob, Cy, and Di',
    );
    expect(systemWords(member('me', 'joined', ['ada', 'bob', 'cy', 'di', 'eve']), cast)).toContain(
      '2 others',
    );
  });

  test('only people who are named have to be known', () => {
    expect(peopleOf(member('me', 'joined', ['ada', 'bob', 'cy', 'di', 'eve']))).toEqual([
      'me',
      'ada',
      'bob',
      'cy',
      'di',
    ]);
    expect(peopleOf(member('ada', 'left', ['ada']))).toEqual(['ada']);
  });
});

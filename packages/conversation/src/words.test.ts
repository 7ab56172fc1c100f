import { describe, expect, test } from 'bun:test';
import {
  canonicalText,
  type Command,
  compareArrival,
  conversationIdPrefix,
  directConversationText,
  groupConversationText,
  lengthPrefixed,
  ownLogText,
  deliveryTiers,
  tierOf,
} from './index.ts';

const envelope = { conversationId: 'g1', actorId: 'ann', clientMessageId: 'id' };

describe('the canonical text', () => {
  const commands: readonly Command[] = [
    { ...envelope, verb: 'send_message', body: 'a', format: null, replyTo: null, mentions: ['x', 'y'] },
    { ...envelope, verb: 'send_message', body: 'a', format: 'markdown', replyTo: null, mentions: ['x', 'y'] },
    {
      ...envelope,
      verb: 'send_message',
      body: 'a',
      format: null,
      replyTo: 'g1.1.AAAAAAAA',
      mentions: ['x', 'y'],
    },
    { ...envelope, verb: 'send_message', body: 'a', format: null, replyTo: null, mentions: ['x'] },
    { ...envelope, verb: 'send_message', body: 'b', format: null, replyTo: null, mentions: ['x', 'y'] },
    { ...envelope, verb: 'update_conversation', title: 'a' },
    { ...envelope, verb: 'update_conversation', title: null },
    { ...envelope, verb: 'create_conversation', type: 'group', title: 'a', memberIds: ['x', 'y'] },
    { ...envelope, verb: 'create_conversation', type: 'direct', title: 'a', memberIds: ['x', 'y'] },
    { ...envelope, verb: 'create_conversation', type: 'group', title: null, memberIds: ['x', 'y'] },
    { ...envelope, verb: 'create_conversation', type: 'group', title: 'a', memberIds: ['x'] },
    { ...envelope, verb: 'add_members', userIds: ['x', 'y'], role: 'member' },
    { ...envelope, verb: 'add_members', userIds: ['x', 'y'], role: 'admin' },
    { ...envelope, verb: 'remove_member', userId: 'x' },
    { ...envelope, verb: 'remove_member', userId: 'y' },
    { ...envelope, verb: 'update_member', userId: 'x', role: 'member' },
    { ...envelope, verb: 'update_member', userId: 'x', role: 'owner' },
    {
      ...envelope,
      verb: 'record_membership',
      change: 'joined',
      targetConversationId: 'g1',
      targetSequence: 1,
    },
    { ...envelope, verb: 'record_membership', change: 'left', targetConversationId: 'g1', targetSequence: 1 },
    {
      ...envelope,
      verb: 'record_membership',
      change: 'joined',
      targetConversationId: 'g1',
      targetSequence: 2,
    },
  ];

  test('[G3.2] is another one for every other wish', () => {
    expect(new Set(commands.map(canonicalText)).size).toBe(commands.length);
  });

  test('[G3.1] is the same in whatever order a set is named, and whoever asks', () => {
    for (const command of commands) {
      const turned = Object.fromEntries(
        Object.entries(command).map(([name, value]) => [
          name,
          Array.isArray(value) ? [...(value as string[])].reverse() : value,
        ]),
      ) as unknown as Command;
      expect(canonicalText({ ...turned, actorId: 'bob', clientMessageId: 'other' })).toBe(
        canonicalText(command),
      );
    }
  });
});

test('[G3.1] the canonical text is the one whose hash stands in logs, in every version', () => {
  const send = { body: 'a "b"', format: 'markdown', replyTo: null, mentions: ['y', 'x'] } as const;
  expect(canonicalText({ ...envelope, verb: 'send_message', ...send })).toBe(
    '["send_message","a \\"b\\"","markdown",null,["x","y"]]',
  );
  const group = { type: 'group', title: null, memberIds: ['y', 'x'] } as const;
  expect(canonicalText({ ...envelope, verb: 'create_conversation', ...group })).toBe(
    '["create_conversation","group",null,["x","y"]]',
  );
});

describe('the texts of ids', () => {
  test('[G3.4] are those that ids were made of, in every version: the same users find the same conversation', () => {
    expect(directConversationText('bob', 'ann')).toBe('6:direct3:ann3:bob');
    expect(groupConversationText('ann', 'id')).toBe('5:group3:ann2:id');
    expect(ownLogText('ann')).toBe('4:self3:ann');
    expect(conversationIdPrefix).toEqual({ direct: 'd', group: 'g', self: 's' });
  });

  test('[G3.4] a direct conversation is its two users, in whatever order', () => {
    expect(directConversationText('ann', 'bob')).toBe(directConversationText('bob', 'ann'));
    expect(directConversationText('ann', 'bob')).not.toBe(directConversationText('ann', 'bo'));
  });

  test('no two lists are one text', () => {
    const lists = [
      [],
      [''],
      ['', ''],
      ['ab'],
      ['a', 'b'],
      ['a', '1:b'],
      ['a1:b'],
      ['1:a'],
      ['direct', 'ann', 'bob'],
      ['direct', 'annbob'],
    ];
    expect(new Set(lists.map(lengthPrefixed)).size).toBe(lists.length);
    const kinds = [directConversationText('a', 'b'), groupConversationText('a', 'b'), ownLogText('a')];
    expect(new Set(kinds).size).toBe(3);
  });
});

describe('the three-way compare', () => {
  test.each([
    [0, 1, 'next'],
    [5, 6, 'next'],
    [5, 5, 'old'],
    [5, 1, 'old'],
    [5, 7, 'gap'],
    [0, 2, 'gap'],
  ] as const)('after %p, %p is %s', (lastApplied, sequence, expected) => {
    expect(compareArrival(lastApplied, sequence)).toBe(expected);
  });
});

describe('tiers', () => {
  test.each([
    ['direct', 2, 'push', 'everyone', true],
    ['group', 1, 'push', 'everyone', true],
    ['group', 100, 'push', 'everyone', true],
    ['group', 101, 'followers', 'none', false],
    ['group', 5_000, 'followers', 'none', false],
    ['group', 5_001, 'ticks', 'none', false],
    ['group', 999_999, 'ticks', 'none', false],
  ] as const)('%s of %p: %s', (...[type, memberCount, delivery, receipts, typing]) => {
    expect(tierOf(deliveryTiers, type, memberCount)).toMatchObject({ type, delivery, receipts, typing });
  });
});

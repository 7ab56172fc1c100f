import { describe, expect, test } from 'bun:test';
import { limits, type LogEvent, type Role } from '@confab/protocol';
import { SeededRandom } from '@confab/testkit';
import {
  apply,
  type Command,
  type ConversationState,
  decide,
  fold,
  outranks,
  type Permission,
  permissions,
} from './index.ts';

const SEEDS = 300;
const COMMANDS = 60;
const users = ['ann', 'bob', 'cyd', 'dan', 'eve'];
const roles: readonly Role[] = ['owner', 'admin', 'member'];
const context = { sentAt: '2026-01-01T00:00:00.000Z', random: 'AAAAAAAA' };

type Wish = Command extends infer C
  ? C extends Command
    ? Omit<C, 'conversationId' | 'actorId' | 'clientMessageId'>
    : never
  : never;

function command(actorId: string, wish: Wish, conversationId = 'g1'): Command {
  return { conversationId, actorId, clientMessageId: 'id', ...wish };
}

const message: Extract<Wish, { verb: 'send_message' }> = {
  verb: 'send_message',
  body: 'x',
  format: null,
  replyTo: null,
  mentions: [],
};

function create(type: 'direct' | 'group', memberIds: readonly string[]): ConversationState {
  const decision = decide(
    null,
    command('ann', { verb: 'create_conversation', type, title: null, memberIds }),
    context,
  );
  if (decision.kind !== 'event') throw new Error('not created');
  return apply(null, decision.event);
}

/** What a decision comes to, in a word. */
function outcomeOf(state: ConversationState | null, wanted: Command): string {
  const decision = decide(state, wanted, context);
  return decision.kind === 'refused' ? decision.refusal.code : decision.kind;
}

function randomWish(random: SeededRandom, state: ConversationState): Wish {
  const userId = random.pick(users);
  const role = random.pick(roles);
  switch (random.below(7)) {
    case 0:
      return { verb: 'add_members', userIds: users.filter(() => random.chance(0.4)), role };
    case 1:
      return { verb: 'remove_member', userId };
    case 2:
      return { verb: 'update_member', userId, role };
    case 3:
      return { verb: 'update_conversation', title: random.pick(['one', 'two', null]) };
    case 4:
      return { verb: 'create_conversation', type: 'group', title: null, memberIds: users };
    case 5:
      return {
        ...message,
        mentions: users.filter(() => random.chance(0.3)),
        replyTo: random.chance(0.3) ? state.head.eventId : null,
      };
    default:
      return message;
  }
}

/** A group after random commands by anybody, with all its events. */
function randomHistory(random: SeededRandom): {
  readonly events: LogEvent[];
  readonly state: ConversationState;
} {
  const first = decide(
    null,
    command('ann', { verb: 'create_conversation', type: 'group', title: null, memberIds: ['bob'] }),
    context,
  );
  if (first.kind !== 'event') throw new Error('not created');
  const events = [first.event];
  let state = apply(null, first.event);
  for (let count = 0; count < COMMANDS; count++) {
    const decision = decide(state, command(random.pick(users), randomWish(random, state)), context);
    if (decision.kind !== 'event') continue;
    events.push(decision.event);
    state = apply(state, decision.event);
    checkState(state);
  }
  return { events, state };
}

function checkState(state: ConversationState): void {
  const held = [...state.members.values()].map(({ role }) => role);
  if (held.length > 0) expect(held).toContain('owner');
  for (const { joinedSequence, joinedOrdinal } of state.members.values()) {
    expect(joinedSequence).toBeLessThanOrEqual(state.head.sequence);
    expect(joinedOrdinal).toBeLessThanOrEqual(state.head.ordinal);
  }
}

describe('random histories', () => {
  test('[G2.1] are dense, count messages, keep an owner, and forget who left', () => {
    let total = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { events, state } = randomHistory(new SeededRandom(seed));
      total += events.length;
      const members = new Map<string, number>();
      let messages = 0;
      events.forEach((event, index) => {
        expect(event.sequence).toBe(index + 1);
        if (event.type === 'message_event') {
          messages += 1;
          expect(members.has(event.senderId)).toBe(true);
          for (const mentioned of event.mentions ?? []) expect(members.has(mentioned)).toBe(true);
        }
        expect(event.ordinal).toBe(messages);
        if (event.type !== 'conversation_event' && event.type !== 'member_event') return;
        for (const { userId } of event.members ?? []) {
          if (event.type === 'member_event' && event.change === 'role_changed') continue;
          const leaves = event.type === 'member_event' && event.change !== 'joined';
          expect(members.has(userId)).toBe(leaves);
          if (leaves) members.delete(userId);
          else members.set(userId, event.sequence);
        }
      });
      expect(
        new Map([...state.members].map(([userId, { joinedSequence }]) => [userId, joinedSequence])),
      ).toEqual(members);
    }
    expect(total / SEEDS).toBeGreaterThan(10);
  });

  test('fold to one state, from the beginning or from any place on, and leave older states alone', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { events, state } = randomHistory(new SeededRandom(seed));
      for (let place = 1; place <= events.length; place++) {
        const base = fold(null, events.slice(0, place));
        const text = JSON.stringify([...(base?.members ?? [])]);
        expect(fold(base, events.slice(place))).toEqual(state);
        expect(JSON.stringify([...(base?.members ?? [])])).toBe(text);
      }
    }
  });

  test('a decision is the same again', () => {
    const random = new SeededRandom(7);
    const { state } = randomHistory(random);
    for (let count = 0; count < 100; count++) {
      const wanted = command(random.pick(users), randomWish(random, state));
      expect(decide(state, wanted, context)).toEqual(decide(state, wanted, context));
    }
  });

  test('no event is applied out of its place', () => {
    const { events } = randomHistory(new SeededRandom(3));
    const [first, second, third] = events as [LogEvent, LogEvent, LogEvent];
    const state = apply(null, first);
    expect(() => apply(null, second)).toThrow();
    expect(() => apply(state, first)).toThrow();
    expect(() => apply(state, third)).toThrow();
    expect(() => apply(null, { ...second, sequence: 1 })).toThrow();
  });
});

const wishes: Readonly<Record<Permission, Wish>> = {
  send: message,
  rename: { verb: 'update_conversation', title: 'new' },
  add_members: { verb: 'add_members', userIds: ['eve'], role: 'member' },
  remove_members: { verb: 'remove_member', userId: 'dan' },
  change_roles: { verb: 'update_member', userId: 'dan', role: 'admin' },
  leave: { verb: 'remove_member', userId: '' },
};

describe('permissions', () => {
  const names = Object.keys(wishes) as Permission[];

  test.each(names.flatMap((name) => roles.map((role) => [name, role] as const)))(
    '%s as %s of a group',
    (name, role) => {
      // Ann, Bob and Cyd have one role each; Dan is a member besides, and Ann's group keeps a second owner.
      let state = create('group', ['bob', 'cyd', 'dan', 'own']);
      const promote = (userId: string, to: Role) => {
        const decision = decide(state, command('ann', { verb: 'update_member', userId, role: to }), context);
        if (decision.kind === 'event') state = apply(state, decision.event);
      };
      promote('own', 'owner');
      promote('bob', 'admin');
      const actor = { owner: 'ann', admin: 'bob', member: 'cyd' }[role];
      const wish = name === 'leave' ? { verb: 'remove_member' as const, userId: actor } : wishes[name];
      const expected = permissions.group[name].includes(role) ? 'event' : 'forbidden';
      expect(outcomeOf(state, command(actor, wish))).toBe(expected);
      expect(outcomeOf(state, command('stranger', wish))).toBe('not_found');
      expect(outcomeOf(null, command(actor, wish))).toBe('not_found');
    },
  );

  test.each(names)('%s in a direct conversation', (name) => {
    const state = create('direct', ['bob']);
    const wish = name === 'leave' ? { verb: 'remove_member' as const, userId: 'ann' } : wishes[name];
    expect(outcomeOf(state, command('ann', wish))).toBe(name === 'send' ? 'event' : 'not_applicable');
  });

  test('[P7.2] the least role that may', () => {
    const leastOf = (type: 'direct' | 'group') =>
      Object.fromEntries(names.map((name) => [name, permissions[type][name].at(-1) ?? 'nobody']));
    expect(leastOf('group')).toEqual({
      send: 'member',
      rename: 'admin',
      add_members: 'admin',
      remove_members: 'admin',
      change_roles: 'owner',
      leave: 'member',
    });
    expect(leastOf('direct')).toEqual({
      send: 'member',
      rename: 'nobody',
      add_members: 'nobody',
      remove_members: 'nobody',
      change_roles: 'nobody',
      leave: 'nobody',
    });
  });

  test('nobody acts on those above, or gives a role as high as their own', () => {
    expect(roles.map((actor) => roles.filter((target) => outranks(actor, target)))).toEqual([
      [...roles],
      ['member'],
      [],
    ]);
    let state = create('group', ['bob', 'cyd']);
    const decision = decide(
      state,
      command('ann', { verb: 'update_member', userId: 'bob', role: 'admin' }),
      context,
    );
    if (decision.kind === 'event') state = apply(state, decision.event);
    expect(outcomeOf(state, command('bob', { verb: 'remove_member', userId: 'ann' }))).toBe('forbidden');
    for (const role of ['admin', 'owner'] as const) {
      expect(outcomeOf(state, command('bob', { verb: 'add_members', userIds: ['eve'], role }))).toBe(
        'forbidden',
      );
    }
  });
});

describe('wishes that change nothing, or go too far', () => {
  const state = create('group', ['bob']);

  test('what is so already is nothing', () => {
    for (const wish of [
      { verb: 'add_members', userIds: ['bob'], role: 'member' },
      { verb: 'remove_member', userId: 'eve' },
      { verb: 'update_member', userId: 'bob', role: 'member' },
      { verb: 'update_conversation', title: null },
      { verb: 'create_conversation', type: 'group', title: null, memberIds: [] },
    ] as const) {
      expect([wish.verb, outcomeOf(state, command('ann', wish))]).toEqual([wish.verb, 'nothing']);
    }
  });

  test('a title is changed, taken away, and left alone by everything else', () => {
    const named = after(state, command('ann', { verb: 'update_conversation', title: 'ours' })).state;
    expect(named.title).toBe('ours');
    expect(after(named, command('ann', message)).state.title).toBe('ours');
    const bare = after(named, command('ann', { verb: 'update_conversation', title: null })).state;
    expect(bare.title).toBeNull();
  });

  test('the preview is of the newest message, whatever else came since', () => {
    const said = decide(state, command('ann', { ...message, mentions: ['bob', 'bob'] }), context);
    if (said.kind !== 'event' || said.event.type !== 'message_event') throw new Error(said.kind);
    expect(said.event.mentions).toEqual(['bob']);
    const before = apply(state, said.event);
    const added = decide(
      before,
      command('ann', { verb: 'add_members', userIds: ['eve'], role: 'member' }),
      context,
    );
    if (added.kind !== 'event') throw new Error(added.kind);
    expect(apply(before, added.event).head).toMatchObject({
      sequence: 3,
      ordinal: 1,
      preview: { sequence: 2 },
    });
  });

  test('the last owner stays, unless alone', () => {
    expect(outcomeOf(state, command('ann', { verb: 'remove_member', userId: 'ann' }))).toBe('last_owner');
    expect(outcomeOf(state, command('ann', { verb: 'update_member', userId: 'ann', role: 'member' }))).toBe(
      'last_owner',
    );
    expect(outcomeOf(create('group', []), command('ann', { verb: 'remove_member', userId: 'ann' }))).toBe(
      'event',
    );
  });

  test('a reply or a mention of what is not there is invalid', () => {
    for (const replyTo of ['g2.1.AAAAAAAA', 'g1.2.AAAAAAAA', 'nonsense']) {
      expect(outcomeOf(state, command('ann', { ...message, replyTo }))).toBe('invalid');
    }
    expect(outcomeOf(state, command('ann', { ...message, replyTo: 'g1.1.AAAAAAAA' }))).toBe('event');
    expect(outcomeOf(state, command('ann', { ...message, mentions: ['eve'] }))).toBe('invalid');
  });

  test('5,000 members, and not one more', () => {
    const many = (count: number) => Array.from({ length: count }, (_value, index) => `user${index}`);
    expect(
      outcomeOf(
        null,
        command('ann', { verb: 'create_conversation', type: 'group', title: null, memberIds: many(5_000) }),
      ),
    ).toBe('too_many_members');
    const full = create('group', many(4_998));
    expect(outcomeOf(full, command('ann', { verb: 'add_members', userIds: ['eve'], role: 'member' }))).toBe(
      'event',
    );
    expect(
      outcomeOf(full, command('ann', { verb: 'add_members', userIds: ['eve', 'fay'], role: 'member' })),
    ).toBe('too_many_members');
    // Who is a member already takes no place.
    const again = { verb: 'add_members', userIds: ['eve', 'user1', 'user2', 'eve'], role: 'member' } as const;
    expect(outcomeOf(full, command('ann', again))).toBe('event');
  });

  test('a user’s own log takes records of the server, and nothing else', () => {
    const record: Wish = {
      verb: 'record_membership',
      change: 'joined',
      targetConversationId: 'g1',
      targetSequence: 1,
    };
    const decision = decide(null, command('ann', record, 's1'), context);
    if (decision.kind !== 'event') throw new Error('not recorded');
    const own = apply(null, decision.event);
    expect(own).toMatchObject({ type: 'self', head: { sequence: 1, ordinal: 0 } });
    expect(outcomeOf(own, command('ann', record, 's1'))).toBe('event');
    expect(outcomeOf(own, command('ann', message, 's1'))).toBe('not_found');
    expect(outcomeOf(state, command('ann', record))).toBe('not_found');
  });
});

/** A state and the event of a wish that it allows, and the state after it. */
function after(
  state: ConversationState | null,
  wanted: Command,
  given = context,
): { readonly event: LogEvent; readonly state: ConversationState } {
  const decision = decide(state, wanted, given);
  if (decision.kind !== 'event') throw new Error(outcomeOf(state, wanted));
  return { event: decision.event, state: apply(state, decision.event) };
}

describe('what an event says', () => {
  const group = create('group', ['bob', 'cyd']);

  test('[G2.1] who asked, when, under which id, and the next place', () => {
    const given = { sentAt: '2026-02-03T04:05:06.789Z', random: 'BBBBBBBB' };
    const wanted = { ...command('bob', message), clientMessageId: 'of bob' };
    expect(after(group, wanted, given)).toMatchObject({
      event: {
        eventId: 'g1.2.BBBBBBBB',
        messageId: 'g1.2.BBBBBBBB',
        conversationId: 'g1',
        sequence: 2,
        ordinal: 1,
        senderId: 'bob',
        sentAt: given.sentAt,
        clientMessageId: 'of bob',
      },
      state: { head: { sequence: 2, ordinal: 1, eventId: 'g1.2.BBBBBBBB', sentAt: given.sentAt } },
    });
  });

  test('[P6.1] a message as it was sent, and no field that was not', () => {
    const body = '  two  words\n';
    const plain = after(group, command('ann', { ...message, body })).event;
    expect(plain).toMatchObject({ type: 'message_event', body });
    for (const name of ['format', 'replyTo', 'mentions']) expect(plain).not.toHaveProperty(name);
    const replyTo = group.head.eventId;
    const rich = { ...message, body, format: 'markdown', replyTo, mentions: ['cyd', 'bob'] } as const;
    expect(after(group, command('ann', rich)).event).toMatchObject({
      body,
      format: 'markdown',
      replyTo,
      mentions: ['cyd', 'bob'],
    });
  });

  test('[P7.1] [P7.2] a conversation that is created has its creator among its members, a group as its owner', () => {
    const wish = { verb: 'create_conversation', title: 'ours', memberIds: ['bob', 'bob', 'ann'] } as const;
    const made = (type: 'direct' | 'group') => after(null, command('ann', { ...wish, type }));
    const first = { joinedSequence: 1, joinedOrdinal: 0 };
    for (const [type, role] of [
      ['group', 'owner'],
      ['direct', 'member'],
    ] as const) {
      const { event, state } = made(type);
      expect(event).toMatchObject({
        change: 'created',
        conversationType: type,
        title: 'ours',
        members: [
          { userId: 'ann', role },
          { userId: 'bob', role: 'member' },
        ],
      });
      expect(state).toMatchObject({ type, title: 'ours' });
      expect([...state.members]).toEqual([
        ['ann', { role, ...first }],
        ['bob', { role: 'member', ...first }],
      ]);
    }
  });

  test('[G5.2] creating what is there says nothing of it to who is not a member', () => {
    const wish = { verb: 'create_conversation', type: 'group', title: null, memberIds: ['eve'] } as const;
    expect([outcomeOf(group, command('ann', wish)), outcomeOf(group, command('eve', wish))]).toEqual([
      'nothing',
      'not_found',
    ]);
  });

  test('[P7.5] who was added, left, was removed, or has another role', () => {
    const added = { verb: 'add_members', userIds: ['dan', 'bob', 'dan'], role: 'admin' } as const;
    const changes = [
      [command('ann', added), 'joined', 'dan', 'admin'],
      [
        command('ann', { verb: 'update_member', userId: 'bob', role: 'admin' }),
        'role_changed',
        'bob',
        'admin',
      ],
      [command('ann', { verb: 'remove_member', userId: 'cyd' }), 'removed', 'cyd', 'member'],
      [command('cyd', { verb: 'remove_member', userId: 'cyd' }), 'left', 'cyd', 'member'],
    ] as const;
    for (const [wanted, change, userId, role] of changes) {
      expect(after(group, wanted).event).toMatchObject({ change, members: [{ userId, role }] });
    }
  });

  test('[P7.5] in an own log: which conversation was joined or left, and where', () => {
    const record = {
      verb: 'record_membership',
      change: 'left',
      targetConversationId: 'g9',
      targetSequence: 17,
    } as const;
    expect(after(null, command('ann', record, 's1')).event).toMatchObject({
      type: 'membership_event',
      change: 'left',
      targetConversationId: 'g9',
      targetSequence: 17,
      ordinal: 0,
    });
  });
});

test('[P7.2] an owner gives every role, also to who is added', () => {
  const state = create('group', ['bob']);
  for (const role of roles) {
    expect(outcomeOf(state, command('ann', { verb: 'add_members', userIds: ['eve'], role }))).toBe('event');
  }
  expect(outcomeOf(state, command('ann', { verb: 'update_member', userId: 'bob', role: 'owner' }))).toBe(
    'event',
  );
});

describe('what a conversation knows', () => {
  const said = after(create('group', ['bob', 'cyd']), command('ann', message)).state;

  test('[G5.3] who joins again, joins anew; another role is no join', () => {
    const gone = after(said, command('bob', { verb: 'remove_member', userId: 'bob' })).state;
    const back = after(gone, command('ann', { verb: 'add_members', userIds: ['bob'], role: 'member' })).state;
    expect(back.members.get('bob')).toEqual({ role: 'member', joinedSequence: 4, joinedOrdinal: 1 });
    const promoted = after(
      said,
      command('ann', { verb: 'update_member', userId: 'bob', role: 'admin' }),
    ).state;
    expect(promoted.members.get('bob')).toEqual({ role: 'admin', joinedSequence: 1, joinedOrdinal: 0 });
  });

  test('[P7.3] any owner may step down or leave while there is another', () => {
    const two = after(said, command('ann', { verb: 'update_member', userId: 'bob', role: 'owner' })).state;
    for (const wish of [
      { verb: 'update_member', userId: 'bob', role: 'member' },
      { verb: 'remove_member', userId: 'bob' },
    ] as const) {
      expect(outcomeOf(two, command('bob', wish))).toBe('event');
      expect(outcomeOf(said, command('ann', { ...wish, userId: 'ann' }))).toBe('last_owner');
    }
    // Also where the two are alone.
    const pair = after(two, command('ann', { verb: 'remove_member', userId: 'cyd' })).state;
    const last = after(pair, command('bob', { verb: 'update_member', userId: 'ann', role: 'member' })).state;
    expect(outcomeOf(last, command('bob', { verb: 'remove_member', userId: 'bob' }))).toBe('last_owner');
  });

  test('[G8.1] a preview shows who said it, and as much of it as lists may hold', () => {
    const body = 'é'.repeat(limits.previewBytesMax);
    const { event, state } = after(said, command('bob', { ...message, body }));
    expect(state.head.preview).toEqual({
      messageId: event.eventId,
      sequence: 3,
      senderId: 'bob',
      body: 'é'.repeat(limits.previewBytesMax / 2),
      sentAt: context.sentAt,
    });
  });
});

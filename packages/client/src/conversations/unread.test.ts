import { beforeEach, describe, expect, test } from 'bun:test';
import type { ChatClient } from '../index.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { settle } from '../testing/driven-timers.ts';
import { FakeWorld } from '../testing/fake-world.ts';

const group = 'gteam';

describe('unread', () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld(['alice', 'bob', 'carol']);
    world.server.group(group, ['alice', 'bob']);
  });

  const unread = (client: ChatClient): number => client.conversations.conversation(group).get()?.unread ?? -1;
  const mentions = (client: ChatClient): number =>
    client.conversations.conversation(group).get()?.mentions ?? -1;

  test('counts the messages of others, and mentions among them', async () => {
    const alice = await world.live('alice');
    world.server.write('bob', group, 'one');
    world.server.write('bob', group, 'two, @alice', ['alice']);
    await settle();
    expect([unread(alice), mentions(alice)]).toEqual([2, 1]);
    expect(alice.conversations.get()).toMatchObject({ unread: 2, mentions: 1 });
  });

  test('an own message from another device raises it nowhere, also after a restart', async () => {
    const storage = memoryStorage();
    const phone = await world.live('alice');
    const laptop = await world.live('alice', storage);
    world.server.write('bob', group, 'hello');
    await phone.timeline(group).send('hi');
    await settle();
    expect([unread(phone), unread(laptop)]).toEqual([1, 1]);
    await laptop.close();
    await phone.timeline(group).send('still me');
    await settle();
    const again = world.client(storage);
    again.connection.connect();
    await settle();
    expect(unread(again)).toBe(1);
  });

  test('who joins or leaves is no message', async () => {
    const alice = await world.live('alice');
    world.server.commit({
      verb: 'add_members',
      actorId: 'alice',
      conversationId: group,
      clientMessageId: 'add-carol-0123456789abcdef',
      userIds: ['carol'],
      role: 'member',
    });
    await settle();
    expect(unread(alice)).toBe(0);
    expect(alice.conversations.conversation(group).get()?.memberCount).toBe(3);
  });

  test('falls at once where it is read, in part where the window tells, and on other devices by the server’s word', async () => {
    const alice = await world.live('alice');
    const other = await world.live('alice');
    for (let n = 0; n < 4; n++) world.server.write('bob', group, `m${n}`, n === 3 ? ['alice'] : []);
    await settle();
    alice.timeline(group).markRead(3);
    expect([unread(alice), mentions(alice)]).toEqual([2, 1]);
    alice.timeline(group).markRead(5);
    expect([unread(alice), mentions(alice)]).toEqual([0, 0]);
    await world.timers.advance(2_000);
    expect([unread(other), mentions(other)]).toEqual([0, 0]);
  });

  test('what was read without a connection stays read, and is told later', async () => {
    const storage = memoryStorage();
    const alice = await world.live('alice', storage);
    for (let n = 0; n < 3; n++) world.server.write('bob', group, `m${n}`);
    await settle();
    alice.connection.close();
    alice.timeline(group).markRead(4);
    expect(unread(alice)).toBe(0);
    await alice.close();
    const again = world.client(storage);
    again.connection.connect();
    await world.timers.advance(2_000);
    expect(unread(again)).toBe(0);
    expect(world.server.store.summary('alice', group).unread).toBe(0);
  });

  test('sending does not read what was not on screen; the send says what was', async () => {
    const alice = await world.live('alice');
    world.server.write('bob', group, 'seen');
    await settle();
    alice.timeline(group).markRead(2);
    world.server.write('bob', group, 'not seen');
    await settle();
    await alice.timeline(group).send('reply');
    await settle();
    expect(world.server.lastLink.saidOf('send_message')[0]?.readThrough).toBe(2);
    expect(unread(alice)).toBe(1);
  });

  test('coming back counts from the new joining on', async () => {
    world.server.group('gother', ['bob', 'alice']);
    const alice = await world.live('alice');
    world.server.write('bob', 'gother', 'before');
    const change = { actorId: 'bob', conversationId: 'gother' };
    world.server.commit({
      ...change,
      verb: 'remove_member',
      clientMessageId: 'remove-alice-0123456789abc',
      userId: 'alice',
    });
    await settle();
    expect(alice.conversations.conversation('gother').get()).toBe(null);
    world.server.write('bob', 'gother', 'while away');
    world.server.commit({
      ...change,
      verb: 'add_members',
      clientMessageId: 'again-alice-0123456789abcd',
      userIds: ['alice'],
      role: 'member',
    });
    await settle();
    expect(alice.conversations.conversation('gother').get()?.unread).toBe(0);
    world.server.write('bob', 'gother', 'after');
    await settle();
    expect(alice.conversations.conversation('gother').get()?.unread).toBe(1);
  });
});

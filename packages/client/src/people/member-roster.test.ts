import { expect, test } from 'bun:test';
import { settle } from '../testing/driven-timers.ts';
import { FakeWorld } from '../testing/fake-world.ts';

const group = 'gteam';

function shown(client: Awaited<ReturnType<FakeWorld['live']>>): readonly string[] {
  return client.conversations
    .members(group)
    .get()
    .items.map(({ userId }) => userId)
    .toSorted();
}

test('[G4.1] a list of members that is open is read anew when its conversation is met again', async () => {
  const world = new FakeWorld(['alice', 'bob', 'carol']);
  world.server.group(group, ['bob', 'alice', 'carol']);
  const alice = await world.live('alice');
  alice.conversations.members(group).subscribe(() => undefined);
  await settle();
  expect(shown(alice)).toEqual(['alice', 'bob', 'carol']);
  const change = { actorId: 'bob', conversationId: group };
  const remove = (userId: string): void =>
    void world.server.commit({
      ...change,
      verb: 'remove_member',
      clientMessageId: `remove-${userId}-0123456789abc`,
      userId,
    });
  remove('alice');
  await settle();
  remove('carol');
  world.server.commit({
    ...change,
    verb: 'add_members',
    clientMessageId: 'again-alice-0123456789abcd',
    userIds: ['alice'],
    role: 'member',
  });
  await settle();
  expect(shown(alice)).toEqual(['alice', 'bob']);
});

test('[G4.1] who comes while the list is on its way is in it', async () => {
  const world = new FakeWorld(['alice', 'bob', 'carol']);
  world.server.group(group, ['bob', 'alice']);
  const held = Promise.withResolvers<void>();
  let isHeld = true;
  const { fetch } = world.server.http;
  const alice = await world.live('alice', undefined, {
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (isHeld && url.includes('/members')) await held.promise;
      return response;
    },
  });
  alice.conversations.members(group).subscribe(() => undefined);
  await settle();
  world.server.commit({
    verb: 'add_members',
    actorId: 'bob',
    conversationId: group,
    clientMessageId: 'add-carol-0123456789abcdef',
    userIds: ['carol'],
    role: 'member',
  });
  await settle();
  isHeld = false;
  held.resolve();
  await settle();
  expect(shown(alice)).toEqual(['alice', 'bob', 'carol']);
});

test('[G4.1] it is read anew where the events that changed it were left out', async () => {
  const world = new FakeWorld(['alice', 'bob', 'carol']);
  world.server.group(group, ['bob', 'alice', 'carol']);
  const alice = await world.live('alice');
  alice.conversations.members(group).subscribe(() => undefined);
  await settle();
  world.server.delivers = () => false;
  world.server.commit({
    verb: 'remove_member',
    actorId: 'bob',
    conversationId: group,
    clientMessageId: 'remove-carol-0123456789abc',
    userId: 'carol',
  });
  const last = world.server.write('bob', group, 'hello');
  const head = world.server.store.headOf(group);
  world.server.lastLink.say({
    type: 'sync_page',
    conversationId: group,
    events: [last],
    head,
    reset: true,
  });
  await settle();
  expect(shown(alice)).toEqual(['alice', 'bob']);
});

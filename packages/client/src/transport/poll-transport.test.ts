import { expect, test } from 'bun:test';
import { refusal } from '../testing/fake-http.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { bodiesOf, committedIn, FakeWorld, statesOf } from '../testing/fake-world.ts';

const group = 'gteam';

test('over single requests too: the list, what was missed, sends in order, news of an open conversation', async () => {
  const world = new FakeWorld(['alice', 'bob']);
  world.server.group(group, ['alice', 'bob']);
  const alice = await world.live('alice', memoryStorage(), { transport: 'poll' });
  expect(alice.connection.state.get()).toEqual({ kind: 'live', transport: 'poll' });
  alice.timeline(group).subscribe(() => undefined);
  world.server.write('bob', group, 'hello');
  for (let n = 1; n <= 3; n++) void alice.timeline(group).send(`own ${n}`);
  await world.timers.advance(10_000);
  expect(bodiesOf(alice, group)).toEqual(['hello', 'own 1', 'own 2', 'own 3']);
  expect(new Set(statesOf(alice, group))).toEqual(new Set(['sent']));
  expect(alice.pendingCount.get()).toBe(0);
  await alice.close();
});

test('[G5.1] over single requests a list tells what the user is no member of any more', async () => {
  const world = new FakeWorld(['alice', 'bob']);
  world.server.group(group, ['bob', 'alice']);
  const alice = await world.live('alice', memoryStorage(), { transport: 'poll' });
  await world.timers.advance(10_000);
  expect(alice.conversations.get().items.length).toBe(1);
  world.server.commit({
    verb: 'remove_member',
    actorId: 'bob',
    conversationId: group,
    clientMessageId: 'remove-alice-0123456789abc',
    userId: 'alice',
  });
  await world.timers.advance(10_000);
  expect(alice.conversations.get().items).toEqual([]);
  world.server.group('gother', ['bob', 'alice']);
  await world.timers.advance(10_000);
  expect(alice.conversations.get().items.map(({ conversationId }) => conversationId)).toEqual(['gother']);
  await alice.close();
});

test('over single requests a list of several pages is one list', async () => {
  const world = new FakeWorld(['alice', 'bob']);
  for (const id of ['gone', 'gtwo', 'gthree']) world.server.group(id, ['bob', 'alice']);
  const { fetch } = world.server.http;
  const alice = await world.live('alice', memoryStorage(), {
    transport: 'poll',
    fetch: async (url, init) => {
      const { pathname, searchParams } = new URL(url);
      const response = await fetch(url, init);
      if (pathname !== '/v1/conversations') return response;
      const { conversations } = (await response.json()) as { conversations: object[] };
      return Response.json(
        searchParams.has('cursor')
          ? { conversations: conversations.slice(2) }
          : { conversations: conversations.slice(0, 2), next: 'second' },
      );
    },
  });
  await world.timers.advance(10_000);
  expect(alice.conversations.get().items.length).toBe(3);
  await alice.close();
});

test('single requests keep the order too when one is refused for now', async () => {
  const world = new FakeWorld(['alice', 'bob']);
  world.server.group(group, ['alice', 'bob']);
  const alice = await world.live('alice', memoryStorage(), { transport: 'poll' });
  let refusals = 1;
  world.server.http.failure = (request) => {
    return request.startsWith('POST') && request.endsWith('/messages') && refusals-- > 0
      ? refusal('unavailable')
      : null;
  };
  for (let n = 1; n <= 3; n++) void alice.timeline(group).send(`own ${n}`);
  await world.timers.advance(10_000);
  expect(bodiesOf(alice, group)).toEqual(['own 1', 'own 2', 'own 3']);
  expect(committedIn(world, group)).toEqual(['own 1', 'own 2', 'own 3']);
  await alice.close();
});

test('[G4.1] over single requests what was missed comes in order, once, and after the end nothing is asked', async () => {
  const world = new FakeWorld(['alice', 'bob']);
  world.server.group(group, ['alice', 'bob']);
  const alice = await world.live('alice', memoryStorage(), { transport: 'poll' });
  const messages: string[] = [];
  alice.on('message', ({ message }) => messages.push(message.body));
  alice.connection.close();
  const asked = world.server.http.asked.length;
  for (let n = 1; n <= 3; n++) world.server.write('bob', group, `m${n}`);
  await world.timers.advance(60_000);
  expect(world.server.http.asked.length).toBe(asked);
  alice.connection.connect();
  await world.timers.advance(10_000);
  expect(messages).toEqual(['m1', 'm2', 'm3']);
  await alice.close();
  expect(world.timers.waiting).toBe(0);
});

test('over single requests a server that is away is noticed, and found again', async () => {
  const world = new FakeWorld(['alice', 'bob']);
  world.server.group(group, ['alice', 'bob']);
  const alice = await world.live('alice', memoryStorage(), { transport: 'poll' });
  world.server.isDown = true;
  await world.timers.advance(30_000);
  expect(alice.connection.state.get().kind).not.toBe('live');
  await alice.timeline(group).send('waiting');
  world.server.isDown = false;
  await world.timers.advance(60_000);
  expect(alice.connection.state.get()).toEqual({ kind: 'live', transport: 'poll' });
  expect(committedIn(world, group)).toEqual(['waiting']);
  await alice.close();
});

test('[G6.3] over single requests, too, the others see what arrived and what was read', async () => {
  const world = new FakeWorld(['alice', 'bob']);
  world.server.group(group, ['alice', 'bob']);
  const alice = await world.live('alice', memoryStorage(), { transport: 'poll' });
  alice.timeline(group).subscribe(() => undefined);
  world.server.write('bob', group, 'hello');
  await world.timers.advance(10_000);
  expect(world.server.store.delivered.get(`alice ${group}`)).toBe(2);
  let refusals = 1;
  world.server.http.failure = (request) =>
    request.includes('/receipts') && refusals-- > 0 ? refusal('unavailable') : null;
  alice.timeline(group).markRead(2);
  await world.timers.advance(10_000);
  expect(world.server.store.read.get(`alice ${group}`)).toBe(2);
  await alice.close();
});

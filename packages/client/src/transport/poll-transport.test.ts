import { expect, test } from 'bun:test';
import { refusal } from '../testing/fake-http.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { bodiesOf, FakeWorld, statesOf } from '../testing/fake-world.ts';

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
  const log = world.server.store.logs.get(group)?.events ?? [];
  expect(log.flatMap((event) => (event.type === 'message_event' ? [event.body] : []))).toEqual([
    'own 1',
    'own 2',
    'own 3',
  ]);
  await alice.close();
});

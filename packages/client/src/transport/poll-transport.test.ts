import { expect, test } from 'bun:test';
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

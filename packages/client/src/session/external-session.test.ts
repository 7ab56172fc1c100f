import { beforeEach, describe, expect, test } from 'bun:test';
import type { ChatClient } from '../index.ts';
import type { ClientStorage } from '../storage/client-storage.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { settle } from '../testing/driven-timers.ts';
import { bodiesOf, committedIn, FakeWorld } from '../testing/fake-world.ts';

const group = 'gteam';

describe('where the product gives the tokens', () => {
  let world: FakeWorld;
  let storage: ClientStorage;
  /** Who the product is used by, and what the client said it had when it asked. */
  let user: string;
  let asked: (string | null)[];

  beforeEach(() => {
    world = new FakeWorld(['alice', 'bob', 'carol']);
    world.server.group(group, ['alice', 'bob']);
    world.server.group('gcarol', ['carol', 'bob']);
    storage = memoryStorage();
    user = 'alice';
    asked = [];
  });

  async function connected(): Promise<ChatClient> {
    const client = world.client(storage, {
      getToken: async (stale) => {
        asked.push(stale);
        return await Promise.resolve(world.server.http.issue(user).accessToken);
      },
    });
    client.connection.connect();
    await settle();
    return client;
  }

  const saidLast = () => world.server.lastLink.saidOf('authenticate')[0];
  const listed = (client: ChatClient): string[] =>
    client.conversations.get().items.map(({ conversationId }) => conversationId);

  test('the server says who they are for; the device keeps its id, and what it knows, into the next run', async () => {
    const before = await connected();
    const deviceId = saidLast()?.deviceId ?? '';
    expect(before.account.session.get()).toEqual({ kind: 'signed_in', userId: 'alice', deviceId });
    await before.close();
    world.server.isDown = true;
    const alice = await connected();
    expect(alice.account.session.get()).toEqual({ kind: 'signed_in', userId: 'alice', deviceId });
    expect(listed(alice)).toEqual([group]);
    world.server.isDown = false;
    await world.timers.advance(1_000);
    expect(saidLast()?.deviceId).toBe(deviceId);
    await alice.close();
  });

  test('one that was refused is asked about with its name, and not said again', async () => {
    const alice = await connected();
    const first = saidLast()?.token ?? '';
    world.server.http.expire(first);
    world.server.lastLink.drop();
    await world.timers.advance(5_000);
    expect(asked).toEqual([null, first]);
    expect(saidLast()?.token).not.toBe(first);
    expect(alice.connection.state.get().kind).toBe('live');
    await alice.close();
  });

  test('one for another user: nothing of the first is shown, sent or kept', async () => {
    const client = await connected();
    client.conversations.members(group).subscribe(() => undefined);
    world.server.write('bob', group, 'secret');
    await world.timers.advance(2_000);
    world.server.isDown = true;
    world.server.lastLink.drop();
    client.timeline(group).markRead(2);
    await client.timeline(group).send('unsent');
    user = 'carol';
    world.server.http.expire(saidLast()?.token ?? '');
    world.server.isDown = false;
    await world.timers.advance(60_000);
    expect(client.account.session.get()).toMatchObject({ kind: 'signed_in', userId: 'carol' });
    expect(listed(client)).toEqual(['gcarol']);
    expect([bodiesOf(client, group), client.pendingCount.get()]).toEqual([[], 0]);
    expect(client.conversations.members(group).get().items).toEqual([]);
    const { lastLink } = world.server;
    expect([...lastLink.saidOf('send_message'), ...lastLink.saidOf('receipt')]).toEqual([]);
    expect(committedIn(world, group)).toEqual(['secret']);
    expect(await storage.readAll('pending')).toEqual([]);
    await client.close();
    world.server.isDown = true;
    const next = await connected();
    expect(listed(next)).toEqual(['gcarol']);
    await next.close();
  });
});

import { beforeEach, describe, expect, test } from 'bun:test';
import { closeCodes } from '@confab/protocol';
import { memoryStorage } from './storage/memory-storage.ts';
import { settle } from './testing/driven-timers.ts';
import { bodiesOf, committedIn, FakeWorld } from './testing/fake-world.ts';

const group = 'gteam';
const tables = ['conversations', 'timelines', 'pending'] as const;

describe('the users of one device', () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld(['alice', 'bob', 'carol']);
    world.server.group(group, ['alice', 'bob']);
  });

  /** Alice was online, wrote and read without a connection, and then the server ended her session. */
  async function endedSession() {
    const storage = memoryStorage();
    const client = await world.live('alice', storage);
    client.conversations.members(group).subscribe(() => undefined);
    world.server.write('bob', group, 'secret');
    await world.timers.advance(2_000);
    expect(client.conversations.members(group).get().items.length).toBe(2);
    world.server.isDown = true;
    world.server.lastLink.drop();
    client.timeline(group).markRead(2);
    await client.timeline(group).send('unsent');
    world.server.http.revoke('alice');
    world.server.isDown = false;
    await world.timers.advance(60_000);
    expect(client.account.session.get()).toEqual({ kind: 'signed_out', reason: 'ended' });
    return { client, storage };
  }

  test('whose session was ended finds all as it was after logging in again, and what waited goes out', async () => {
    const { client } = await endedSession();
    await client.account.logIn({ username: 'alice', password: 'password' });
    await settle();
    expect(committedIn(world, group)).toEqual(['secret', 'unsent']);
    expect(bodiesOf(client, group)).toEqual(['secret', 'unsent']);
  });

  test('another who logs in there sees, sends and marks nothing of theirs', async () => {
    const { client, storage } = await endedSession();
    world.server.group('gcarol', ['carol', 'bob']);
    await client.account.logIn({ username: 'carol', password: 'password' });
    await world.timers.advance(60_000);
    const { items } = client.conversations.get();
    expect(items.map(({ conversationId }) => conversationId)).toEqual(['gcarol']);
    expect([bodiesOf(client, group), client.pendingCount.get()]).toEqual([[], 0]);
    expect(client.conversations.members(group).get().items).toEqual([]);
    const { lastLink } = world.server;
    expect(lastLink.saidOf('authenticate')[0]?.resume).toEqual({ cursors: [], pending: [] });
    expect([...lastLink.saidOf('send_message'), ...lastLink.saidOf('receipt')]).toEqual([]);
    expect(await storage.readAll('pending')).toEqual([]);
    await client.close();
    const next = world.client(storage);
    await next.loaded;
    expect(next.conversations.get().items.map(({ conversationId }) => conversationId)).toEqual(['gcarol']);
  });

  test('[G8.4] a link that the server closes as signed out ends the session here, for the next run too', async () => {
    const storage = memoryStorage();
    const client = await world.live('alice', storage);
    world.server.lastLink.drop(closeCodes.signedOut, 'signed_out');
    await settle();
    expect(client.account.session.get()).toEqual({ kind: 'signed_out', reason: 'ended' });
    await client.close();
    const next = world.client(storage);
    await next.loaded;
    expect(next.account.session.get().kind).toBe('signed_out');
  });

  test('nothing of who logged out stays on the device', async () => {
    const storage = memoryStorage();
    const client = await world.live('alice', storage);
    world.server.write('bob', group, 'secret');
    await world.timers.advance(2_000);
    client.connection.close();
    await client.timeline(group).send('unsent');
    for (const table of tables) expect((await storage.readAll(table)).length).toBeGreaterThan(0);
    await client.account.logOut();
    await world.timers.advance(60_000);
    for (const table of tables) expect(await storage.readAll(table)).toEqual([]);
    expect((await storage.readAll('session')).map(([key]) => key)).toEqual(['device']);
    expect(client.conversations.get().items).toEqual([]);
  });
});

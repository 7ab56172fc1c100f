import { beforeEach, describe, expect, test } from 'bun:test';
import { apply, type ConversationState } from '@confab/conversation';
import type { LogEvent } from '@confab/protocol';
import { memoryStorage } from '../storage/memory-storage.ts';
import { settle } from '../testing/driven-timers.ts';
import { bodiesOf, FakeWorld } from '../testing/fake-world.ts';

const group = 'gteam';

/** Puts a conversation back to an earlier state, as a server does that was restored from a copy. */
function restore(world: FakeWorld, conversationId: string, sequence: number): void {
  const log = world.server.store.logs.get(conversationId);
  const events = (log?.events ?? []).slice(0, sequence);
  const state = events.reduce<ConversationState | null>(
    (before, event: LogEvent) => apply(before, event),
    null,
  );
  if (state !== null) world.server.store.logs.set(conversationId, { state, events });
}

describe('resume', () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld(['alice', 'bob', 'carol']);
    world.server.group(group, ['alice', 'bob']);
  });

  const cursorsSaid = (): readonly string[] =>
    world.server.lastLink.saidOf('authenticate')[0]?.resume?.cursors ?? [];
  const reconnect = async (): Promise<void> => {
    world.server.lastLink.drop();
    await world.timers.advance(1_000);
  };

  test('a first connection names no cursors and takes the list as it is', async () => {
    world.server.write('bob', group, 'hello');
    const messages: string[] = [];
    const alice = world.client();
    alice.on('message', ({ message }) => messages.push(message.body));
    await alice.account.logIn({ username: 'alice', password: 'password' });
    await settle();
    expect(cursorsSaid()).toEqual([]);
    expect(alice.conversations.get()).toMatchObject({ source: 'live', unread: 1 });
    expect(messages).toEqual([]);
  });

  test('hands over the own log first, then the newest conversations, and gets what it missed, in order, once', async () => {
    const alice = await world.live('alice');
    const messages: string[] = [];
    alice.on('message', ({ message, live }) => messages.push(`${message.body} ${live}`));
    world.server.write('bob', group, 'live');
    await settle();
    world.server.delivers = () => false;
    for (let n = 1; n <= 3; n++) world.server.write('bob', group, `missed ${n}`);
    world.server.delivers = () => true;
    await reconnect();
    expect(cursorsSaid().map((cursor) => cursor.split('.')[0])).toEqual(['salice', group]);
    expect(messages).toEqual(['live true', 'missed 1 false', 'missed 2 false', 'missed 3 false']);
    expect(bodiesOf(alice, group)).toEqual(['live', 'missed 1', 'missed 2', 'missed 3']);
  });

  test('several reconnects without traffic replay nothing twice', async () => {
    const alice = await world.live('alice');
    const messages: string[] = [];
    alice.on('message', ({ message }) => messages.push(message.body));
    world.server.write('bob', group, 'once');
    await settle();
    for (let n = 0; n < 4; n++) await reconnect();
    expect(messages).toEqual(['once']);
  });

  test('all conversations are right again after a reconnect, however many', async () => {
    for (let n = 0; n < 250; n++) world.server.group(`gmany${n}`, ['alice', 'bob']);
    const alice = await world.live('alice');
    world.server.delivers = () => false;
    for (let n = 0; n < 250; n++) world.server.write('bob', `gmany${n}`, `in ${n}`);
    world.server.delivers = () => true;
    await reconnect();
    expect(cursorsSaid().length).toBe(200);
    const { items } = alice.conversations.get();
    expect(items.length).toBe(251);
    expect(items.filter(({ unread }) => unread === 1).length).toBe(250);
    const missing = items.at(-1)?.conversationId ?? '';
    alice.timeline('gmany3').subscribe(() => undefined);
    alice.timeline(missing).subscribe(() => undefined);
    await settle();
    expect(bodiesOf(alice, 'gmany3')).toEqual(['in 3']);
  });

  test('beyond the cursors that fit: another history is taken over, and what was left is gone', async () => {
    for (let n = 0; n < 201; n++) world.server.group(`gmany${n}`, ['alice', 'bob']);
    const alice = await world.live('alice');
    const unnamed = alice.conversations.get().items.slice(-2);
    const [kept = '', left = ''] = unnamed.map(({ conversationId }) => conversationId);
    alice.timeline(kept).subscribe(() => undefined);
    await settle();
    const before = alice.conversations.get().items[0]?.conversationId ?? '';
    const lastKept = world.server.write('bob', before, 'newest');
    await settle();
    expect(lastKept.sequence).toBe(2);
    const replaced = world.server.store.logs.get(kept);
    const other = world.server.store.commit({
      verb: 'create_conversation',
      type: 'group',
      title: 'restored',
      conversationId: 'gnew',
      actorId: 'alice',
      clientMessageId: 'create-restored-0123456789',
      memberIds: ['bob'],
    });
    const created = { ...other.event, conversationId: kept, eventId: `${kept}.1.zzzzzzzz` };
    world.server.store.logs.delete('gnew');
    world.server.store.logs.delete(left);
    if (replaced !== undefined) {
      world.server.store.logs.set(kept, { state: apply(null, created), events: [created] });
    }
    // A live event may come before the list that places it.
    world.server.beforeHeads = (link) => link.say(world.server.write('bob', kept, 'in the new history'));
    await reconnect();
    await settle();
    expect(cursorsSaid().some((cursor) => cursor.startsWith(`${kept}.`))).toBe(false);
    expect(alice.conversations.conversation(left).get()).toBe(null);
    expect(alice.conversations.conversation(kept).get()).toMatchObject({ title: 'restored', unread: 1 });
    expect(bodiesOf(alice, kept)).toEqual(['in the new history']);
    const items = alice.timeline(kept).get().items;
    expect(items.map(({ key }) => key)[0]).toBe(created.eventId);
  });

  test('[G4.1] a description that overtakes its events takes none of them away, whether or not its cursor fitted', async () => {
    world.server.direct('dalice-bob', ['alice', 'bob']);
    const alice = await world.live('alice');
    for (let n = 0; n < 201; n++) world.server.group(`gmany${n}`, ['alice', 'bob']);
    await settle();
    for (let n = 0; n < 201; n++) world.server.write('bob', `gmany${n}`, `in ${n}`);
    await reconnect();
    expect(cursorsSaid().some((cursor) => cursor.startsWith('dalice-bob.'))).toBe(false);
    const messages: string[] = [];
    alice.on('message', ({ message }) => messages.push(message.body));
    world.server.lastLink.isHeld = true;
    world.server.write('bob', 'dalice-bob', 'hello');
    await alice.conversations.startDirect('bob');
    world.server.lastLink.release();
    await settle();
    expect(messages).toEqual(['hello']);
    expect(bodiesOf(alice, 'dalice-bob')).toEqual(['hello']);
  });

  test('what the list has counted is not counted again by the replay', async () => {
    const alice = await world.live('alice');
    world.server.delivers = () => false;
    world.server.commit({
      verb: 'add_members',
      actorId: 'alice',
      conversationId: group,
      clientMessageId: 'add-carol-0123456789abcdef',
      userIds: ['carol'],
      role: 'member',
    });
    world.server.write('carol', group, 'hello @alice', ['alice']);
    world.server.delivers = () => true;
    await reconnect();
    expect(alice.conversations.conversation(group).get()).toMatchObject({
      memberCount: 3,
      unread: 1,
      mentions: 1,
    });
  });

  test('added to a quiet conversation while away: it is there', async () => {
    const alice = await world.live('alice');
    world.server.lastLink.drop();
    world.server.group('gquiet', ['bob', 'alice']);
    await world.timers.advance(1_000);
    expect(alice.conversations.conversation('gquiet').get()?.title).toBe('gquiet');
  });

  test('a conversation that begins while connected is met, and its first message told', async () => {
    const alice = await world.live('alice');
    const heard: string[] = [];
    alice.on('message', ({ message, conversation }) =>
      heard.push(`${message.body} in ${conversation?.name}`),
    );
    alice.on('conversation_added', ({ conversation }) => heard.push(`added ${conversation.name}`));
    world.server.direct('dalice-bob', ['bob', 'alice']);
    world.server.write('bob', 'dalice-bob', 'hi');
    await settle();
    expect(heard).toEqual(['added bob', 'hi in bob']);
    expect(alice.conversations.conversation('dalice-bob').get()?.unread).toBe(1);
  });

  test('removed while away: gone, with its cache', async () => {
    const storage = memoryStorage();
    const alice = await world.live('alice', storage);
    const removed: string[] = [];
    alice.on('conversation_removed', ({ conversationId }) => removed.push(conversationId));
    world.server.group('gother', ['bob', 'alice']);
    await world.timers.advance(1_000);
    world.server.lastLink.drop();
    world.server.commit({
      verb: 'remove_member',
      actorId: 'bob',
      conversationId: 'gother',
      clientMessageId: 'remove-alice-0123456789abc',
      userId: 'alice',
    });
    await world.timers.advance(2_000);
    expect(removed).toEqual(['gother']);
    expect(alice.timeline('gother').get().status).toBe('gone');
    expect((await storage.readAll('conversations')).map(([key]) => key)).not.toContain('gother');
  });

  test('leaving takes it off the list at once, and the echo brings nothing back', async () => {
    const alice = await world.live('alice');
    world.server.lastLink.say({
      type: 'member_event',
      eventId: `${group}.2.00000000`,
      conversationId: group,
      sequence: 2,
      ordinal: 0,
      senderId: 'alice',
      sentAt: '2026-01-01T00:00:00.000Z',
      change: 'left',
      members: [{ userId: 'alice', role: 'owner' }],
    });
    expect(alice.conversations.get().items).toEqual([]);
    await settle();
    expect(alice.conversations.get().items).toEqual([]);
  });

  test('a server restored from yesterday’s copy: the device starts afresh instead of splicing', async () => {
    const alice = await world.live('alice');
    alice.timeline(group).subscribe(() => undefined);
    for (let n = 1; n <= 6; n++) world.server.write('bob', group, `first ${n}`);
    await settle();
    world.server.delivers = () => false;
    restore(world, group, 3);
    for (let n = 1; n <= 2; n++) world.server.write('bob', group, `second ${n}`);
    world.server.delivers = () => true;
    await reconnect();
    await settle();
    expect(bodiesOf(alice, group)).toEqual(['first 1', 'first 2', 'second 1', 'second 2']);
    expect(alice.conversations.conversation(group).get()?.unread).toBe(4);
    world.server.write('bob', group, 'third');
    await settle();
    expect(bodiesOf(alice, group).at(-1)).toBe('third');
  });

  test('a restart resumes from the cache: only what is new is asked for', async () => {
    const storage = memoryStorage();
    const before = await world.live('alice', storage);
    world.server.write('bob', group, 'kept');
    await settle();
    await before.close();
    world.server.write('bob', group, 'new');
    const alice = world.client(storage);
    const messages: string[] = [];
    alice.on('message', ({ message }) => messages.push(message.body));
    alice.connection.connect();
    await settle();
    expect(cursorsSaid().map((cursor) => cursor.split('.')[0])).toEqual(['salice', group]);
    expect(messages).toEqual(['new']);
    expect(bodiesOf(alice, group)).toEqual(['kept', 'new']);
  });

  test('what another version kept on the device is not read: the server has everything', async () => {
    const storage = memoryStorage();
    const before = await world.live('alice', storage);
    world.server.write('bob', group, 'kept');
    await settle();
    await before.close();
    for (const table of ['conversations', 'timelines'] as const) {
      for (const [key, value] of await storage.readAll(table))
        await storage.write([{ table, key, value: { ...(value as object), version: 0 } }]);
    }
    const alice = world.client(storage);
    await alice.loaded;
    expect(alice.conversations.get()).toMatchObject({ source: 'empty', items: [] });
    alice.connection.connect();
    await settle();
    expect(alice.conversations.get()).toMatchObject({ source: 'live', unread: 1 });
  });

  test('an unknown kind of event moves the cursor and hides nothing', async () => {
    const alice = await world.live('alice');
    const eventId = `${group}.2.zzzzzzzz`;
    const strange = {
      type: 'pin_event',
      eventId,
      conversationId: group,
      sequence: 2,
      ordinal: 0,
      senderId: 'bob',
    };
    world.server.lastLink.say({ ...strange, sentAt: '2026-01-01T00:00:01.000Z' } as never);
    expect(alice.conversations.conversation(group).get()?.headSequence).toBe(2);
    world.server.lastLink.say({
      type: 'message_event',
      eventId: `${group}.3.zzzzzzzz`,
      messageId: `${group}.3.zzzzzzzz`,
      conversationId: group,
      sequence: 3,
      ordinal: 1,
      senderId: 'bob',
      sentAt: '2026-01-01T00:00:02.000Z',
      body: 'after the pin',
    });
    await settle();
    expect(bodiesOf(alice, group)).toEqual(['after the pin']);
    expect(alice.conversations.conversation(group).get()?.unread).toBe(1);
  });

  test('another user on the same device sees nothing of the first', async () => {
    const storage = memoryStorage();
    const client = await world.live('alice', storage);
    world.server.write('bob', group, 'secret');
    client.connection.close();
    await client.timeline(group).send('unsent');
    await client.account.logOut();
    expect(client.account.session.get()).toEqual({ kind: 'signed_out', reason: 'logged_out' });
    expect(client.connection.state.get()).toEqual({ kind: 'stopped', reason: 'signed_out' });
    await client.account.logIn({ username: 'carol', password: 'password' });
    await settle();
    expect(client.conversations.get().items).toEqual([]);
    expect(await storage.readAll('pending')).toEqual([]);
    expect(await storage.readAll('timelines')).toEqual([]);
    expect(bodiesOf(client, group)).toEqual([]);
  });
});

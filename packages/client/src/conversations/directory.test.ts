import { beforeEach, describe, expect, test } from 'bun:test';
import type { ServerFrame } from '@confab/protocol';
import type { ChatClient } from '../index.ts';
import { settle } from '../testing/driven-timers.ts';
import { refusal } from '../testing/fake-http.ts';
import { bodiesOf, FakeWorld } from '../testing/fake-world.ts';

const group = 'gteam';

describe('the conversations of a device', () => {
  let world: FakeWorld;
  let removed: string[];

  beforeEach(() => {
    world = new FakeWorld(['alice', 'bob', 'carol']);
    world.server.group(group, ['bob', 'alice', 'carol']);
    removed = [];
  });

  async function live(): Promise<ChatClient> {
    const alice = await world.live('alice');
    alice.on('conversation_removed', ({ conversationId }) => removed.push(conversationId));
    return alice;
  }

  const listed = (client: ChatClient): string[] =>
    client.conversations.get().items.map(({ conversationId }) => conversationId);

  /** Somebody takes a member out, or brings one in. */
  function change(verb: 'add' | 'remove', userId: string): void {
    const head = world.server.store.headOf(group)?.sequence ?? 0;
    const by = {
      actorId: 'bob',
      conversationId: group,
      clientMessageId: `${verb}-${userId}-${head}-0123456789abcdef`,
    };
    if (verb === 'remove') world.server.commit({ ...by, verb: 'remove_member', userId });
    else world.server.commit({ ...by, verb: 'add_members', userIds: [userId], role: 'member' });
  }

  /** Connects again; what comes after `ready` is kept for the test to deliver. */
  async function reconnectedHeld(): Promise<ServerFrame[]> {
    world.server.beforeHeads = (link) => (link.isHeld = true);
    world.server.lastLink.drop();
    await world.timers.advance(1_000);
    return world.server.lastLink.waiting.splice(0);
  }

  test('a list that comes in several pages takes nothing away before the last one', async () => {
    for (const id of ['gone', 'gtwo']) world.server.group(id, ['bob', 'alice']);
    const alice = await live();
    const frames = await reconnectedHeld();
    const { lastLink } = world.server;
    for (const frame of frames) {
      if (frame.type !== 'heads') lastLink.deliver(frame);
      else {
        const [first, ...others] = frame.items;
        lastLink.deliver({ type: 'heads', items: first === undefined ? [] : [first], next: true });
        expect(listed(alice).length).toBe(3);
        lastLink.deliver({ type: 'heads', items: others });
      }
    }
    expect(listed(alice).length).toBe(3);
    expect(removed).toEqual([]);
  });

  test('[G5.3] who was taken out and brought back while away was never gone', async () => {
    const alice = await live();
    world.server.lastLink.drop();
    change('remove', 'alice');
    change('add', 'alice');
    world.server.write('bob', group, 'welcome back');
    await world.timers.advance(1_000);
    expect(listed(alice)).toEqual([group]);
    expect(bodiesOf(alice, group)).toEqual(['welcome back']);
    expect(removed).toEqual([]);
  });

  test('[G5.3] word of an old leaving that comes late takes nothing away', async () => {
    const alice = await live();
    const { lastLink } = world.server;
    lastLink.isHeld = true;
    change('remove', 'alice');
    change('add', 'alice');
    world.server.write('bob', group, 'welcome back');
    const own = lastLink.waiting.filter((frame) => frame.type === 'membership_event');
    const log = lastLink.waiting.filter((frame) => frame.type !== 'membership_event');
    lastLink.waiting.length = 0;
    for (const frame of log) lastLink.deliver(frame);
    await settle();
    removed.length = 0;
    for (const frame of own) lastLink.deliver(frame);
    await settle();
    expect(listed(alice)).toEqual([group]);
    expect(removed).toEqual([]);
  });

  test('[G5.1] others who leave take nothing away; who is told that there is no such conversation has it no more', async () => {
    const alice = await live();
    change('remove', 'carol');
    await settle();
    expect(alice.conversations.conversation(group).get()?.memberCount).toBe(2);
    world.server.delivers = () => false;
    change('remove', 'alice');
    const head = world.server.store.headOf(group);
    if (head === null) throw new Error('no such log');
    world.server.lastLink.say({ type: 'head_event', conversationId: group, head });
    await settle();
    expect(removed).toEqual([group]);
    expect(alice.timeline(group).get().status).toBe('gone');
  });

  test('[G5.1] nothing more is asked about a conversation that was left', async () => {
    await live();
    const { lastLink } = world.server;
    lastLink.isHeld = true;
    for (let n = 1; n <= 3; n++) world.server.write('bob', group, `m${n}`);
    const [, ...later] = lastLink.waiting.splice(0);
    for (const frame of later) lastLink.deliver(frame);
    change('remove', 'alice');
    for (const frame of lastLink.waiting.splice(0))
      if (frame.type === 'membership_event') lastLink.deliver({ ...frame, targetSequence: 100 });
    expect(removed).toEqual([group]);
    await world.timers.advance(60_000);
    expect(lastLink.saidOf('sync')).toEqual([]);
  });

  test('[G6.1] where events were left out in the middle of things, the counts are the server’s again', async () => {
    const alice = await live();
    world.server.delivers = () => false;
    world.server.write('bob', group, 'hello @alice', ['alice']);
    for (let n = 1; n <= 3; n++) world.server.write('bob', group, `m${n}`);
    const events = world.server.store.logs.get(group)?.events.slice(-2) ?? [];
    const head = world.server.store.headOf(group);
    world.server.lastLink.say({ type: 'sync_page', conversationId: group, events, head, reset: true });
    await settle();
    expect(alice.conversations.conversation(group).get()).toMatchObject({ unread: 4, mentions: 1 });
    expect(bodiesOf(alice, group)).toEqual(['m2', 'm3']);
  });

  test('[G4.4] a conversation whose description was not to be had at once is there a little later', async () => {
    const alice = await live();
    world.server.http.failure = (request) =>
      request === 'GET /v1/conversations/gnew' ? refusal('unavailable') : null;
    world.server.group('gnew', ['bob', 'alice']);
    for (let n = 1; n <= 3; n++) world.server.write('bob', 'gnew', `m${n}`);
    await world.timers.advance(9_000);
    expect(listed(alice)).toEqual([group]);
    world.server.http.failure = () => null;
    await world.timers.advance(60_000);
    expect(listed(alice).toSorted()).toEqual(['gnew', group]);
    expect(bodiesOf(alice, 'gnew')).toEqual(['m1', 'm2', 'm3']);
    expect(alice.conversations.conversation('gnew').get()?.unread).toBe(3);
  });

  test('[G9.2] a head that is told while the description is on its way is followed up to there', async () => {
    const described = Promise.withResolvers<void>();
    const { fetch } = world.server.http;
    const alice = await world.live('alice', undefined, {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (url.endsWith('/gnew')) await described.promise;
        return response;
      },
    });
    world.server.delivers = ({ conversationId }) => conversationId !== 'gnew';
    world.server.group('gnew', ['bob', 'alice']);
    await settle();
    world.server.write('bob', 'gnew', 'hello');
    const head = world.server.store.headOf('gnew');
    if (head === null) throw new Error('no such log');
    world.server.lastLink.say({ type: 'head_event', conversationId: 'gnew', head });
    described.resolve();
    await settle();
    expect(bodiesOf(alice, 'gnew')).toEqual(['hello']);
  });

  test('[G4.1] events that overtake one another before the description has come are all there, in order', async () => {
    const alice = await live();
    const { lastLink } = world.server;
    lastLink.isHeld = true;
    world.server.group('gnew', ['bob', 'alice']);
    for (let n = 1; n <= 3; n++) world.server.write('bob', 'gnew', `m${n}`);
    for (const frame of lastLink.waiting.splice(0).toReversed()) lastLink.deliver(frame);
    await settle();
    expect(bodiesOf(alice, 'gnew')).toEqual(['m1', 'm2', 'm3']);
  });

  test('[G6.1] a count that an event overtook on its way is asked for again', async () => {
    const described = Promise.withResolvers<void>();
    const { fetch } = world.server.http;
    const alice = await world.live('alice', undefined, {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (url.endsWith(`/${group}`)) await described.promise;
        return response;
      },
    });
    world.server.delivers = () => false;
    for (let n = 1; n <= 3; n++) world.server.write('bob', group, `m${n}`);
    const events = world.server.store.logs.get(group)?.events.slice(-1) ?? [];
    const head = world.server.store.headOf(group);
    world.server.lastLink.say({ type: 'sync_page', conversationId: group, events, head, reset: true });
    await settle();
    world.server.delivers = () => true;
    world.server.write('bob', group, 'hello @alice', ['alice']);
    described.resolve();
    await settle();
    expect(alice.conversations.conversation(group).get()).toMatchObject({
      headSequence: 5,
      unread: 4,
      mentions: 1,
    });
  });

  test('[G4.1] what a replay that took long left out is asked for when it is over', async () => {
    const alice = await live();
    world.server.lastLink.drop();
    for (let n = 1; n <= 3; n++) world.server.write('bob', group, `m${n}`);
    const frames = await reconnectedHeld();
    const { lastLink } = world.server;
    for (const frame of frames) if (frame.type === 'heads') lastLink.deliver(frame);
    await world.timers.advance(10_000);
    lastLink.isHeld = false;
    lastLink.deliver({ type: 'caught_up' });
    await world.timers.advance(1_000);
    expect(bodiesOf(alice, group)).toEqual(['m1', 'm2', 'm3']);
  });

  test('[G6.3] a receipt that went down with its link is said again, and who typed there types no more', async () => {
    const alice = await live();
    world.server.write('bob', group, 'hello');
    await world.timers.advance(1_000);
    const { lastLink } = world.server;
    lastLink.say({ type: 'typing_event', conversationId: group, userId: 'bob' });
    expect(alice.conversations.typing(group).get()).toEqual(['bob']);
    lastLink.onSaid = () => undefined;
    alice.timeline(group).markRead(2);
    await world.timers.advance(1_000);
    expect(world.server.store.read.get(`alice ${group}`) ?? 0).toBe(0);
    lastLink.say({ type: 'typing_event', conversationId: group, userId: 'bob' });
    lastLink.drop();
    expect(alice.conversations.typing(group).get()).toEqual([]);
    await world.timers.advance(2_000);
    expect(world.server.store.read.get(`alice ${group}`)).toBe(2);
  });

  test('what a link says in passing is done: a receipt said again, another token, another link', async () => {
    const alice = await live();
    world.server.write('bob', group, 'hello');
    await world.timers.advance(2_000);
    const { lastLink } = world.server;
    const receipts = lastLink.saidOf('receipt').length;
    const error = { type: 'error', message: '' } as const;
    lastLink.say({ ...error, conversationId: group, code: 'unavailable', retry: 'later' });
    await world.timers.advance(5_000);
    expect(lastLink.saidOf('receipt').length).toBe(receipts + 1);
    lastLink.say({ ...error, code: 'token_expired', retry: 'after_auth' });
    await settle();
    expect(lastLink.saidOf('authenticate').length).toBe(2);
    lastLink.say({ ...error, code: 'draining', retry: 'after_resume' });
    await world.timers.advance(5_000);
    expect(world.server.lastLink).not.toBe(lastLink);
    expect(alice.connection.state.get().kind).toBe('live');
  });

  test('[G3.4] a group whose answer got lost is asked for again under the same id', async () => {
    const said: unknown[] = [];
    const { fetch } = world.server.http;
    const alice = await world.live('alice', undefined, {
      fetch: async (url, init) => {
        if (typeof init.body !== 'string' || !url.endsWith('/conversations')) return await fetch(url, init);
        said.push(JSON.parse(init.body));
        const answer = await fetch(url, init);
        if (said.length === 1) throw new TypeError('cut');
        return answer;
      },
    });
    const created = alice.conversations.createGroup({ title: 'ours', memberIds: ['bob'] });
    await world.timers.advance(5_000);
    await created;
    expect(said).toMatchObject([{ clientMessageId: expect.any(String) as string }, said[0] as object]);
  });

  test('who listens and throws harms nobody else', async () => {
    const alice = await live();
    const heard: string[] = [];
    alice.on('message', () => {
      throw new Error('of the app');
    });
    alice.on('message', ({ message }) => heard.push(message.body));
    for (const body of ['one', 'two']) world.server.write('bob', group, body);
    await settle();
    expect([heard, bodiesOf(alice, group)]).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ]);
  });

  test('[G6.3] a first look at the list says that its newest messages have arrived', async () => {
    const message = world.server.write('bob', group, 'hello');
    await live();
    const said = world.server.lastLink.saidOf('receipt');
    expect(said).toMatchObject([{ conversationId: group, delivered: message.sequence }]);
  });
});

import { beforeEach, describe, expect, test } from 'bun:test';
import { array, assert, asyncProperty, boolean, integer, nat, record } from 'fast-check';
import type { ChatClient, TimelineItem } from '../index.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { settle } from '../testing/driven-timers.ts';
import { bodiesOf, FakeWorld, statesOf } from '../testing/fake-world.ts';

const group = 'gteam';

function open(client: ChatClient, conversationId: string): void {
  client.timeline(conversationId).subscribe(() => undefined);
}

function keysOf(client: ChatClient): string[] {
  return client
    .timeline(group)
    .get()
    .items.map(({ key }) => key);
}

describe('a timeline', () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld(['alice', 'bob', 'carol']);
    world.server.group(group, ['alice', 'bob']);
  });

  test('opens with the newest page and loads older ones up to the beginning', async () => {
    for (let n = 1; n <= 120; n++) world.server.write('bob', group, `m${n}`);
    const alice = await world.live('alice');
    const timeline = alice.timeline(group);
    expect(timeline.get().status).toBe('empty');
    open(alice, group);
    expect(timeline.get().status).toBe('loading');
    await settle();
    expect(bodiesOf(alice, group)[0]).toBe('m71');
    expect(timeline.get()).toMatchObject({ status: 'current', hasOlder: true });
    expect(await timeline.loadOlder()).toBe(true);
    expect(await timeline.loadOlder()).toBe(true);
    expect(bodiesOf(alice, group)).toEqual(Array.from({ length: 120 }, (_, n) => `m${n + 1}`));
    expect(timeline.get().hasOlder).toBe(false);
    expect(await timeline.loadOlder()).toBe(false);
    timeline.releaseOlder();
    expect(timeline.get().hasOlder).toBe(false);
  });

  test('a page that comes when the window was cut meanwhile leaves no hole', async () => {
    for (let n = 1; n <= 300; n++) world.server.write('bob', group, `m${n}`);
    const paged = Promise.withResolvers<void>();
    let isHeld = false;
    const { fetch } = world.server.http;
    const alice = await world.live('alice', memoryStorage(), {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (isHeld && url.includes('/messages')) await paged.promise;
        return response;
      },
    });
    const timeline = alice.timeline(group);
    for (let page = 0; page < 5; page++) await timeline.loadOlder();
    isHeld = true;
    const loading = timeline.loadOlder();
    await settle();
    timeline.releaseOlder();
    paged.resolve();
    await loading;
    expect(bodiesOf(alice, group)).toEqual(Array.from({ length: 200 }, (_, n) => `m${n + 101}`));
  });

  test('a page that the server cut short by its size is not taken for the last', async () => {
    for (let n = 1; n <= 12; n++) world.server.write('bob', group, `${n} ${'x'.repeat(30_000)}`);
    const { fetch } = world.server.http;
    const alice = await world.live('alice', memoryStorage(), {
      fetch: async (url, init) => await fetch(url.replace(/limit=50/, 'limit=5'), init),
    });
    const timeline = alice.timeline(group);
    await timeline.loadOlder();
    expect(timeline.get().hasOlder).toBe(true);
    await timeline.loadOlder();
    await timeline.loadOlder();
    const numbers = bodiesOf(alice, group).map((body) => Number.parseInt(body, 10));
    expect(numbers).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    // An empty page is the last for certain.
    await timeline.loadOlder();
    expect(timeline.get().hasOlder).toBe(false);
  });

  test('shows who came and went also where it was read from pages', async () => {
    world.server.write('bob', group, 'before');
    world.server.commit({
      verb: 'add_members',
      actorId: 'alice',
      conversationId: group,
      clientMessageId: 'add-carol-0123456789abcdef',
      userIds: ['carol'],
      role: 'member',
    });
    world.server.write('carol', group, 'after');
    const alice = await world.live('alice');
    open(alice, group);
    await settle();
    const shown = (item: TimelineItem): string => (item.kind === 'message' ? item.body : item.event.type);
    expect(alice.timeline(group).get().items.map(shown)).toEqual([
      'conversation_event',
      'before',
      'member_event',
      'after',
    ]);
  });

  test('what did not change is the same object, and a sent message keeps its key', async () => {
    const alice = await world.live('alice');
    open(alice, group);
    world.server.write('bob', group, 'first');
    await settle();
    const before = alice.timeline(group).get();
    expect(alice.timeline(group).get()).toBe(before);
    world.server.lastLink.isHeld = true;
    await alice.timeline(group).send('mine');
    const sending = keysOf(alice);
    world.server.lastLink.release();
    await settle();
    const after = alice.timeline(group).get();
    expect(keysOf(alice)).toEqual(sending);
    expect(after.items.slice(0, before.items.length)).toEqual([...before.items]);
    before.items.forEach((item, place) => expect(after.items[place]).toBe(item));
    expect(statesOf(alice, group)).toEqual(['sent']);
  });

  test('many events of one turn are one notification', async () => {
    const alice = await world.live('alice');
    let notifications = 0;
    alice.timeline(group).subscribe(() => (notifications += 1));
    await settle();
    notifications = 0;
    world.server.lastLink.isHeld = true;
    for (let n = 0; n < 50; n++) world.server.write('bob', group, `m${n}`);
    world.server.lastLink.release();
    await settle();
    expect(notifications).toBe(1);
  });

  test('follows the receipts of the others: sent, delivered, read', async () => {
    world.server.direct('dalice-bob', ['alice', 'bob']);
    const alice = await world.live('alice');
    await alice.timeline('dalice-bob').send('hello');
    await settle();
    expect(statesOf(alice, 'dalice-bob')).toEqual(['sent']);
    world.server.mark('bob', 'dalice-bob', { delivered: 2 });
    await settle();
    expect(statesOf(alice, 'dalice-bob')).toEqual(['delivered']);
    world.server.mark('bob', 'dalice-bob', { read: 2 });
    await settle();
    expect(statesOf(alice, 'dalice-bob')).toEqual(['read']);
  });

  test('takes the watermarks that come with a page: read is what all others have read, one’s own mark aside', async () => {
    world.server.group('gthree', ['alice', 'bob', 'carol']);
    const alice = await world.live('alice');
    await alice.timeline('gthree').send('hello');
    await settle();
    const page = (...readers: string[]): void =>
      world.server.lastLink.say({
        type: 'sync_page',
        conversationId: 'gthree',
        events: [],
        head: world.server.store.headOf('gthree'),
        watermarks: readers.map((userId) => ({ userId, delivered: 2, read: 2 })),
      });
    page('alice', 'bob');
    expect(statesOf(alice, 'gthree')).toEqual(['sent']);
    const { watermarks } = alice.timeline('gthree').get();
    expect(watermarks.map(({ userId }) => userId).toSorted()).toEqual(['bob', 'carol']);
    page('bob', 'carol');
    expect(statesOf(alice, 'gthree')).toEqual(['read']);
  });

  test('says delivered by itself and read when told, at most once a second, never back', async () => {
    world.server.direct('dalice-bob', ['alice', 'bob']);
    const alice = await world.live('alice');
    for (let n = 0; n < 5; n++) world.server.write('bob', 'dalice-bob', `m${n}`);
    await settle();
    const { lastLink } = world.server;
    expect(lastLink.saidOf('receipt').length).toBe(1);
    alice.timeline('dalice-bob').markRead(4);
    alice.timeline('dalice-bob').markRead(6);
    alice.timeline('dalice-bob').markRead(3);
    await world.timers.advance(1_000);
    expect(lastLink.saidOf('receipt').map(({ delivered, read }) => [delivered, read])).toEqual([
      [2, undefined],
      [6, 6],
    ]);
    await world.timers.advance(60_000);
    expect(lastLink.saidOf('receipt').length).toBe(2);
  });

  test('[G6.3] reading beyond the end is reading up to it, and what comes later is read later', async () => {
    const alice = await world.live('alice');
    world.server.write('bob', group, 'one');
    await world.timers.advance(1_000);
    alice.timeline(group).markRead(1_000);
    await world.timers.advance(1_000);
    world.server.write('bob', group, 'two');
    await world.timers.advance(1_000);
    expect(alice.conversations.conversation(group).get()?.unread).toBe(1);
    alice.timeline(group).markRead(3);
    await world.timers.advance(1_000);
    const read = world.server.lastLink.saidOf('receipt').flatMap((frame) => frame.read ?? []);
    expect(read).toEqual([2, 3]);
  });

  test('typing is said at most every three seconds, and seen until it lapses or the message comes', async () => {
    const alice = await world.live('alice');
    const link = world.server.lastLink;
    for (let n = 0; n < 10; n++) alice.timeline(group).typing();
    await world.timers.advance(3_000);
    alice.timeline(group).typing();
    await settle();
    expect(link.saidOf('typing').length).toBe(2);
    const typing = alice.conversations.typing(group);
    link.say({ type: 'typing_event', conversationId: group, userId: 'bob' });
    expect(typing.get()).toEqual(['bob']);
    expect(alice.conversations.conversation(group).get()?.typing).toEqual(['bob']);
    await world.timers.advance(6_000);
    expect(typing.get()).toEqual([]);
    link.say({ type: 'typing_event', conversationId: group, userId: 'bob' });
    world.server.write('bob', group, 'done');
    expect(typing.get()).toEqual([]);
  });

  test('first paint comes from the cache, without a network', async () => {
    const storage = memoryStorage();
    const before = await world.live('alice', storage);
    open(before, group);
    for (let n = 1; n <= 5; n++) world.server.write('bob', group, `m${n}`);
    await settle();
    await before.close();
    world.server.isDown = true;
    const alice = world.client(storage);
    await alice.loaded;
    expect(alice.conversations.get()).toMatchObject({ source: 'cached', unread: 5 });
    expect(bodiesOf(alice, group)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    expect(alice.timeline(group).get().status).toBe('stale');
  });

  test('a failed page says so, and a new connection tries again', async () => {
    world.server.write('bob', group, 'hello');
    world.server.http.failure = (request) => (request.includes('/messages') ? new TypeError('cut') : null);
    const alice = await world.live('alice');
    open(alice, group);
    await world.timers.advance(60_000);
    expect(alice.timeline(group).get().error?.code).toBe('network');
    world.server.http.failure = () => null;
    world.server.lastLink.drop();
    await world.timers.advance(1_000);
    expect(alice.timeline(group).get().error).toBe(null);
    expect(bodiesOf(alice, group)).toEqual(['hello']);
  });

  test('a watched window is bounded', async () => {
    const alice = await world.live('alice', memoryStorage(), { timelineItemsMax: 100 });
    open(alice, group);
    for (let n = 1; n <= 250; n++) world.server.write('bob', group, `m${n}`);
    await settle();
    expect(bodiesOf(alice, group).length).toBe(100);
    expect(bodiesOf(alice, group).at(-1)).toBe('m250');
    expect(await alice.timeline(group).loadOlder()).toBe(false);
  });

  test('[G8.1] a window that nobody watches is bounded too, and the older ones are a page away', async () => {
    const alice = await world.live('alice');
    for (let n = 1; n <= 450; n++) world.server.write('bob', group, `m${n}`);
    await settle();
    const held = bodiesOf(alice, group).length;
    expect(held).toBeLessThanOrEqual(400);
    expect(bodiesOf(alice, group).at(-1)).toBe('m450');
    expect(alice.timeline(group).get().hasOlder).toBe(true);
    expect(await alice.timeline(group).loadOlder()).toBe(true);
    expect(bodiesOf(alice, group).slice(0, 2)).toEqual([`m${401 - held}`, `m${402 - held}`]);
    while (await alice.timeline(group).loadOlder());
    expect(alice.timeline(group).get()).toMatchObject({ hasOlder: false });
    alice.timeline(group).releaseOlder();
    expect(alice.timeline(group).get()).toMatchObject({ hasOlder: true });
    expect(bodiesOf(alice, group)[0]).toBe('m251');
  });

  test('live events in any order, doubled or dropped: the timeline ends equal to the log', async () => {
    const steps = array(
      record({
        writes: integer({ min: 1, max: 6 }),
        order: array(nat(20), { maxLength: 12 }),
        cut: boolean(),
        sends: boolean(),
      }),
      { minLength: 1, maxLength: 8 },
    );
    await assert(
      asyncProperty(steps, async (rounds) => {
        const small = new FakeWorld(['alice', 'bob']);
        small.server.group(group, ['alice', 'bob']);
        const alice = await small.live('alice');
        open(alice, group);
        await settle();
        for (const { writes, order, cut, sends } of rounds) {
          const link = small.server.lastLink;
          link.isHeld = true;
          for (let n = 0; n < writes; n++)
            small.server.write('bob', group, `${small.server.store.headOf(group)?.sequence}`);
          if (sends) void alice.timeline(group).send(`own ${small.timers.now()}`);
          await settle();
          const held = link.waiting.splice(0);
          for (const pick of order) {
            const frame = held[pick % Math.max(1, held.length)];
            if (frame !== undefined && 'eventId' in frame) link.deliver(frame);
          }
          link.isHeld = false;
          if (cut) link.drop();
          await small.timers.advance(20_000);
        }
        // The last word is a live event, as a hole at the very end shows with the next one only.
        small.server.write('bob', group, 'end');
        await small.timers.advance(60_000);
        const log = small.server.store.logs.get(group)?.events ?? [];
        expect(bodiesOf(alice, group)).toEqual(
          log.flatMap((event) => (event.type === 'message_event' ? [event.body] : [])),
        );
        const sequences = alice
          .timeline(group)
          .get()
          .items.map(({ sequence }) => sequence ?? 0);
        expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
        expect(alice.timeline(group).get().status).toBe('current');
        const summary = small.server.store.summary('alice', group);
        expect(alice.conversations.conversation(group).get()?.unread).toBe(summary.unread);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

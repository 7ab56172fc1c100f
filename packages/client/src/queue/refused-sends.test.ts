import { beforeEach, describe, expect, test } from 'bun:test';
import { memoryStorage } from '../storage/memory-storage.ts';
import { settle } from '../testing/driven-timers.ts';
import { bodiesOf, committedIn, FakeWorld } from '../testing/fake-world.ts';

const group = 'gteam';

describe('the send queue and the answers it gets', () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld(['alice', 'bob']);
    world.server.group(group, ['alice', 'bob']);
  });

  const committed = (): string[] => committedIn(world, group);

  test('[G2.2] what landed before its refusal came does not hold back what is sent behind it', async () => {
    const alice = await world.live('alice');
    const link = world.server.lastLink;
    world.server.sendPolicy = () => 'unavailable';
    link.isHeld = true;
    await alice.timeline(group).send('m1');
    await settle();
    const [refused] = link.saidOf('send_message');
    const refusal = link.waiting.splice(0);
    link.release();
    // An earlier attempt, through another node, was carried out.
    world.server.commit({
      verb: 'send_message',
      actorId: 'alice',
      conversationId: group,
      clientMessageId: refused?.clientMessageId ?? '',
      body: 'm1',
      format: null,
      replyTo: null,
      mentions: [],
    });
    expect(alice.pendingCount.get()).toBe(0);
    world.server.sendPolicy = () => null;
    for (const frame of refusal) link.deliver(frame);
    await settle();
    await alice.timeline(group).send('m2');
    await settle();
    expect(committed()).toEqual(['m1', 'm2']);
  });

  test('where the token was refused it goes out with another, on the same link', async () => {
    const alice = await world.live('alice');
    const link = world.server.lastLink;
    world.server.sendPolicy = () => (link.saidOf('authenticate').length < 2 ? 'token_expired' : null);
    await alice.timeline(group).send('m1');
    await world.timers.advance(5_000);
    expect(committed()).toEqual(['m1']);
    const said = link.saidOf('authenticate');
    expect(new Set(said.map(({ token }) => token)).size).toBe(2);
    expect(said.at(-1)).not.toHaveProperty('resume');
    world.server.write('bob', group, 'm2');
    expect(bodiesOf(alice, group)).toEqual(['m1', 'm2']);
  });

  test('where the link is of no more use it goes out on the next one', async () => {
    const alice = await world.live('alice');
    const first = world.server.lastLink;
    world.server.sendPolicy = () => (world.server.lastLink === first ? 'draining' : null);
    await alice.timeline(group).send('m1');
    await world.timers.advance(5_000);
    expect(committed()).toEqual(['m1']);
  });

  test('what was taken back before it was on storage is not sent', async () => {
    const storage = memoryStorage();
    const slow: (() => void)[] = [];
    const alice = await world.live('alice', {
      ...storage,
      write: async (changes) => {
        await storage.write(changes);
        if (JSON.stringify(changes).includes('"taken back"'))
          await new Promise<void>((resolve) => slow.push(resolve));
      },
    });
    const sending = alice.timeline(group).send('taken back');
    await settle();
    const [key] = alice
      .timeline(group)
      .get()
      .items.slice(-1)
      .map((item) => item.key);
    expect(await alice.timeline(group).discard(key ?? '')).toBe(true);
    for (const finish of slow) finish();
    await sending;
    await settle();
    expect(committed()).toEqual([]);
    expect(bodiesOf(alice, group)).toEqual([]);
    expect(await storage.readAll('pending')).toEqual([]);
  });

  test('format, reply and mentions go with a message, also from an earlier run', async () => {
    const storage = memoryStorage();
    const before = await world.live('alice', storage);
    const first = world.server.write('bob', group, 'question');
    await settle();
    before.connection.close();
    const options = { format: 'markdown', replyTo: first.eventId, mentions: ['bob'] } as const;
    await before.timeline(group).send('answer', options);
    await before.close();
    const alice = world.client(storage);
    alice.connection.connect();
    await settle();
    expect(world.server.lastLink.saidOf('send_message')).toMatchObject([{ body: 'answer', ...options }]);
    const shown = alice.timeline(group).get().items.at(-1);
    expect(shown).toMatchObject({ body: 'answer', state: { kind: 'sent' }, ...options });
  });

  test('[G2.2] a clock that was set back between two runs moves nothing', async () => {
    const storage = memoryStorage();
    const ahead = { now: () => world.timers.now() + 3_600_000, after: world.timers.after };
    const before = await world.live('alice', storage, { timers: ahead });
    before.connection.close();
    await before.timeline(group).send('m1');
    await before.close();
    const alice = world.client(storage);
    await alice.loaded;
    await alice.timeline(group).send('m2');
    expect(bodiesOf(alice, group)).toEqual(['m1', 'm2']);
    alice.connection.connect();
    await settle();
    expect(committed()).toEqual(['m1', 'm2']);
  });

  test('[G4.3] what landed unheard stays to be seen while the replay that brings it is on its way', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = () => 'lost';
    world.server.delivers = () => false;
    await alice.timeline(group).send('m1');
    await settle();
    world.server.beforeHeads = (link) => (link.isHeld = true);
    world.server.lastLink.drop();
    await world.timers.advance(1_000);
    const { lastLink } = world.server;
    for (const frame of lastLink.waiting.splice(0)) if (frame.type === 'heads') lastLink.deliver(frame);
    expect(alice.pendingCount.get()).toBe(0);
    expect(bodiesOf(alice, group)).toEqual(['m1']);
  });

  test('an acknowledged message goes with the window that its place is in, where the log is taken up elsewhere', async () => {
    const alice = await world.live('alice');
    world.server.delivers = () => false;
    await alice.timeline(group).send('m1');
    await settle();
    for (let n = 2; n <= 5; n++) world.server.write('bob', group, `m${n}`);
    expect(bodiesOf(alice, group)).toEqual(['m1']);
    const events = world.server.store.logs.get(group)?.events.slice(-2) ?? [];
    const head = world.server.store.headOf(group);
    world.server.lastLink.say({ type: 'sync_page', conversationId: group, events, head, reset: true });
    await settle();
    expect(bodiesOf(alice, group)).toEqual(['m4', 'm5']);
  });
});

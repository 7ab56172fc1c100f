import { beforeEach, describe, expect, test } from 'bun:test';
import type { ErrorCode } from '@confab/protocol';
import { array, assert, asyncProperty, constantFrom, integer } from 'fast-check';
import { ChatError } from '../index.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { settle } from '../testing/driven-timers.ts';
import { bodiesOf, FakeWorld, statesOf } from '../testing/fake-world.ts';
import { failureOf } from '../testing/failure-of.ts';

const group = 'gteam';

function committed(world: FakeWorld): string[] {
  const events = world.server.store.logs.get(group)?.events ?? [];
  return events.flatMap((event) => (event.type === 'message_event' ? [event.body] : []));
}

describe('the send queue', () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld(['alice', 'bob']);
    world.server.group(group, ['alice', 'bob']);
  });

  test('many sends go out at once, in order, and each is acknowledged', async () => {
    const alice = await world.live('alice');
    for (let n = 1; n <= 100; n++) void alice.timeline(group).send(`m${n}`);
    expect(alice.pendingCount.get()).toBe(100);
    await settle();
    expect(committed(world)).toEqual(Array.from({ length: 100 }, (_, n) => `m${n + 1}`));
    expect(alice.pendingCount.get()).toBe(0);
    expect(new Set(statesOf(alice, group))).toEqual(new Set(['sent']));
  });

  test('a message is on storage before its first attempt, and leaves it with the acknowledgement', async () => {
    const storage = memoryStorage();
    const alice = await world.live('alice', storage);
    let keptFirst = false;
    world.server.sendPolicy = () => null;
    world.server.lastLink.isHeld = true;
    await alice.timeline(group).send('kept');
    keptFirst = (await storage.readAll('pending')).length === 1;
    expect(keptFirst).toBe(true);
    await settle();
    expect((await storage.readAll('pending')).length).toBe(1);
    world.server.lastLink.release();
    await settle();
    expect(await storage.readAll('pending')).toEqual([]);
  });

  test('where storage fails nothing is sent, and the next message is', async () => {
    const storage = memoryStorage();
    const alice = await world.live('alice', {
      ...storage,
      write: async (changes) => {
        if (changes.some(({ value }) => JSON.stringify(value ?? '').includes('"lost"')))
          throw new ChatError('storage');
        await storage.write(changes);
      },
    });
    const first = alice.timeline(group).send('lost');
    const second = alice.timeline(group).send('kept');
    expect(await failureOf(first)).toMatchObject({ code: 'storage' });
    await second;
    await settle();
    expect(committed(world)).toEqual(['kept']);
    expect(bodiesOf(alice, group)).toEqual(['kept']);
  });

  test('an acknowledgement that got lost does not double the message: resume says that it landed', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = () => 'lost';
    world.server.delivers = () => false;
    await alice.timeline(group).send('once');
    await settle();
    expect(statesOf(alice, group)).toEqual(['sending']);
    world.server.sendPolicy = () => null;
    world.server.delivers = () => true;
    world.server.lastLink.drop();
    await world.timers.advance(1_000);
    expect(committed(world)).toEqual(['once']);
    expect(statesOf(alice, group)).toEqual(['sent']);
    expect(world.server.lastLink.saidOf('send_message')).toEqual([]);
  });

  test('the own event is an acknowledgement too, and either may come first', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = () => 'lost';
    await alice.timeline(group).send('once');
    await settle();
    expect(statesOf(alice, group)).toEqual(['sent']);
    expect(bodiesOf(alice, group)).toEqual(['once']);
    expect(alice.pendingCount.get()).toBe(0);
  });

  test('after a refusal that may be retried it is sent again with all behind it, in order, not before its time', async () => {
    const alice = await world.live('alice');
    let refusals = 2;
    world.server.sendPolicy = ({ body }) => (body === 'm2' && refusals-- > 0 ? 'rate_limited' : null);
    for (let n = 1; n <= 5; n++) void alice.timeline(group).send(`m${n}`);
    await settle();
    expect(committed(world)).toEqual(['m1']);
    expect(statesOf(alice, group)).toEqual(['sent', 'queued', 'queued', 'queued', 'queued']);
    await world.timers.advance(60_000);
    expect(committed(world)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
  });

  test('a refusal for good fails that message only, and it can be sent again or discarded', async () => {
    const alice = await world.live('alice');
    const failures: string[] = [];
    alice.on('send_failed', ({ pending, error }) => failures.push(`${pending.body} ${error.code}`));
    world.server.sendPolicy = ({ body }) => (body === 'm2' ? 'forbidden' : null);
    for (let n = 1; n <= 3; n++) void alice.timeline(group).send(`m${n}`);
    await settle();
    expect(committed(world)).toEqual(['m1', 'm3']);
    expect(failures).toEqual(['m2 forbidden']);
    const failed = alice
      .timeline(group)
      .get()
      .items.find((item) => item.kind === 'message' && item.state.kind === 'failed');
    if (failed?.kind !== 'message' || failed.clientMessageId === null) throw new Error('no failed message');
    expect(alice.pendingCount.get()).toBe(0);
    world.server.sendPolicy = () => null;
    await alice.timeline(group).retry(failed.clientMessageId);
    await settle();
    expect(committed(world)).toEqual(['m1', 'm3', 'm2']);
    expect(await alice.timeline(group).discard(failed.clientMessageId)).toBe(false);
  });

  test('a frame that never arrived is sent again on the next link', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = () => 'vanish';
    for (let n = 1; n <= 3; n++) void alice.timeline(group).send(`m${n}`);
    await settle();
    expect(statesOf(alice, group)).toEqual(['sending', 'sending', 'sending']);
    world.server.sendPolicy = () => null;
    world.server.lastLink.drop();
    await settle();
    expect(statesOf(alice, group)).toEqual(['queued', 'queued', 'queued']);
    await world.timers.advance(1_000);
    expect(committed(world)).toEqual(['m1', 'm2', 'm3']);
  });

  test('what is written during the wait after a refusal waits too', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = () => 'unavailable';
    void alice.timeline(group).send('m1');
    await settle();
    world.server.sendPolicy = () => null;
    void alice.timeline(group).send('m2');
    await settle();
    expect(world.server.lastLink.saidOf('send_message').length).toBe(1);
    await world.timers.advance(1_000);
    expect(committed(world)).toEqual(['m1', 'm2']);
  });

  test('a slow write holds back what was written after it', async () => {
    const storage = memoryStorage();
    const slow: (() => void)[] = [];
    const alice = await world.live('alice', {
      ...storage,
      write: async (changes) => {
        await storage.write(changes);
        if (JSON.stringify(changes).includes('"first"'))
          await new Promise<void>((resolve) => slow.push(resolve));
      },
    });
    void alice.timeline(group).send('first');
    void alice.timeline(group).send('second');
    await settle();
    expect(committed(world)).toEqual([]);
    slow.forEach((finish) => finish());
    await settle();
    expect(committed(world)).toEqual(['first', 'second']);
  });

  test('discarding the one that holds the others back lets them go', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = ({ body }) => (body === 'm1' ? 'unavailable' : null);
    const [first] = await Promise.all([alice.timeline(group).send('m1'), alice.timeline(group).send('m2')]);
    await settle();
    expect(committed(world)).toEqual([]);
    expect(await alice.timeline(group).discard(first?.clientMessageId ?? '')).toBe(true);
    await settle();
    expect(world.server.lastLink.saidOf('abandon_send').length).toBe(1);
    expect(committed(world)).toEqual(['m2']);
  });

  test('what was written without a connection survives the end of the process and goes out in order', async () => {
    const storage = memoryStorage();
    const before = await world.live('alice', storage);
    before.connection.close();
    for (let n = 1; n <= 3; n++) await before.timeline(group).send(`m${n}`);
    expect(statesOf(before, group)).toEqual(['queued', 'queued', 'queued']);
    await before.close();
    const alice = world.client(storage);
    await alice.loaded;
    expect(bodiesOf(alice, group)).toEqual(['m1', 'm2', 'm3']);
    alice.connection.connect();
    await settle();
    expect(world.server.lastLink.saidOf('authenticate')[0]?.resume?.pending?.length).toBe(3);
    expect(committed(world)).toEqual(['m1', 'm2', 'm3']);
    expect(await storage.readAll('pending')).toEqual([]);
  });

  test('a failed message is still failed after a restart, and is not sent by itself', async () => {
    const storage = memoryStorage();
    const before = await world.live('alice', storage);
    world.server.sendPolicy = () => 'forbidden';
    await before.timeline(group).send('refused');
    await settle();
    await before.close();
    world.server.sendPolicy = () => null;
    const alice = world.client(storage);
    alice.connection.connect();
    await settle();
    expect(statesOf(alice, group)).toEqual(['failed']);
    expect(committed(world)).toEqual([]);
  });

  test('two tabs keep their own; what a closed one left is sent by the other', async () => {
    const storage = memoryStorage();
    const one = await world.live('alice', storage);
    const other = world.client(storage);
    other.connection.connect();
    await settle();
    one.connection.close();
    other.connection.close();
    await one.timeline(group).send('from one');
    await other.timeline(group).send('from other');
    expect((await storage.readAll('pending')).length).toBe(2);
    other.connection.connect();
    await settle();
    expect(committed(world)).toEqual(['from other']);
    await one.close();
    await world.timers.advance(60_000);
    expect(committed(world)).toEqual(['from other', 'from one']);
    expect(await storage.readAll('pending')).toEqual([]);
  });

  test('a text the server would refuse is not kept', async () => {
    const alice = await world.live('alice');
    expect(await failureOf(alice.timeline(group).send(''))).toMatchObject({ code: 'invalid' });
    expect(await failureOf(alice.timeline(group).send('\u0000'))).toMatchObject({ code: 'invalid' });
    expect(await failureOf(alice.timeline(group).send('\ud800'))).toMatchObject({ code: 'invalid' });
    expect(await failureOf(alice.timeline(group).send('é'.repeat(40_000)))).toMatchObject({
      code: 'too_large',
    });
    await alice.timeline(group).send('tab\tand\nnewline and 👍');
    await settle();
    expect(committed(world)).toEqual(['tab\tand\nnewline and 👍']);
  });

  test('nobody is logged in: nothing is kept', async () => {
    expect(await failureOf(world.client().timeline(group).send('hello'))).toMatchObject({
      code: 'signed_out',
    });
  });

  test('whatever is refused, lost or cut: each message once, in the order written', async () => {
    const outcomes = constantFrom<ErrorCode | 'lost' | 'cut' | null>(
      'rate_limited',
      'unavailable',
      'lost',
      'cut',
      null,
    );
    await assert(
      asyncProperty(array(outcomes, { maxLength: 30 }), integer({ min: 1, max: 12 }), async (plan, count) => {
        const small = new FakeWorld(['alice', 'bob']);
        small.server.group(group, ['alice', 'bob']);
        const alice = await small.live('alice');
        small.server.sendPolicy = () => {
          const outcome = plan.shift() ?? null;
          if (outcome !== 'cut') return outcome;
          small.server.lastLink.drop();
          return 'vanish';
        };
        for (let n = 1; n <= count; n++) {
          void alice.timeline(group).send(`m${n}`);
          if (n % 3 === 0) await settle();
        }
        await small.timers.advance(600_000);
        expect(committed(small)).toEqual(Array.from({ length: count }, (_, n) => `m${n + 1}`));
        expect(bodiesOf(alice, group)).toEqual(committed(small));
        expect(alice.pendingCount.get()).toBe(0);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

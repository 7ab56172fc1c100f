import { beforeEach, describe, expect, test } from 'bun:test';
import type { ErrorCode } from '@confab/protocol';
import { array, assert, asyncProperty, constantFrom, integer } from 'fast-check';
import { ChatError } from '../index.ts';
import { memoryStorage } from '../storage/memory-storage.ts';
import { settle } from '../testing/driven-timers.ts';
import { bodiesOf, committedIn, FakeWorld, statesOf } from '../testing/fake-world.ts';
import { failureOf } from '../testing/failure-of.ts';

const group = 'gteam';

const committed = (world: FakeWorld): string[] => committedIn(world, group);

/** Lets callers pass while it is open, and keeps them while it is not. */
class Gate {
  #isOpen = false;
  #kept: (() => void)[] = [];

  get waiting(): number {
    return this.#kept.length;
  }

  async pass(): Promise<void> {
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#kept.push(resolve));
  }

  open(): void {
    this.#isOpen = true;
    for (const pass of this.#kept.splice(0)) pass();
  }

  close(): void {
    this.#isOpen = false;
  }
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

  test('what was written behind one that storage failed goes out as soon as that is known', async () => {
    const storage = memoryStorage();
    const writing = new Gate();
    const alice = await world.live('alice', {
      ...storage,
      write: async (changes) => {
        if (!JSON.stringify(changes).includes('"lost"')) return await storage.write(changes);
        await writing.pass();
        throw new ChatError('storage');
      },
    });
    const lost = failureOf(alice.timeline(group).send('lost'));
    await alice.timeline(group).send('kept');
    await settle();
    expect(committed(world)).toEqual([]);
    writing.open();
    await lost;
    await settle();
    expect(committed(world)).toEqual(['kept']);
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
    const attempts = world.server.lastLink.saidOf('send_message').filter(({ body }) => body === 'm2');
    expect(attempts.map(({ clientMessageId }) => clientMessageId)).toEqual([
      failed.clientMessageId,
      failed.clientMessageId,
    ]);
    expect(await alice.timeline(group).discard(failed.clientMessageId)).toBe(false);
  });

  test('an answer is that of its own attempt: the one that is refused fails, and no other that is on its way', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = ({ body }) => (body === 'm1' ? 'vanish' : 'forbidden');
    for (const body of ['m1', 'm2']) await alice.timeline(group).send(body);
    await settle();
    expect(statesOf(alice, group)).toEqual(['sending', 'failed']);
  });

  test('the wait grows while all is refused, and is short again once the server took one', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = () => 'unavailable';
    await alice.timeline(group).send('m1');
    await world.timers.advance(60_000);
    world.server.sendPolicy = () => null;
    await world.timers.advance(25_000);
    expect(committed(world)).toEqual(['m1']);
    let refusals = 1;
    world.server.sendPolicy = () => (refusals-- > 0 ? 'unavailable' : null);
    await alice.timeline(group).send('m2');
    await world.timers.advance(250);
    expect(committed(world)).toEqual(['m1', 'm2']);
  });

  test('what was refused for good is not sent by itself, whatever becomes of the link or of others', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = ({ body }) => (body === 'm2' ? 'unavailable' : 'forbidden');
    await alice.timeline(group).send('m1');
    await settle();
    await alice.timeline(group).send('m2');
    await settle();
    world.server.sendPolicy = () => null;
    world.server.lastLink.drop();
    await world.timers.advance(60_000);
    expect(committed(world)).toEqual(['m2']);
    expect(statesOf(alice, group).toSorted()).toEqual(['failed', 'sent']);
  });

  test('a message that is to be tried again is so in the next run too, at its place', async () => {
    const storage = memoryStorage();
    const before = await world.live('alice', storage);
    world.server.sendPolicy = () => 'forbidden';
    const { clientMessageId } = await before.timeline(group).send('m1');
    await settle();
    before.connection.close();
    await world.timers.advance(1_000);
    await before.timeline(group).send('m2');
    await before.timeline(group).retry(clientMessageId);
    expect(bodiesOf(before, group)).toEqual(['m1', 'm2']);
    await before.close();
    world.server.sendPolicy = () => null;
    const alice = world.client(storage);
    alice.connection.connect();
    await settle();
    expect(committed(world)).toEqual(['m1', 'm2']);
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

  test('[G2.2] what closed tabs left goes in the order it was written', async () => {
    const storage = memoryStorage();
    const one = await world.live('alice', storage);
    const other = world.client(storage);
    other.connection.connect();
    await settle();
    one.connection.close();
    other.connection.close();
    for (const [tab, body] of [
      [other, 'm1'],
      [one, 'm2'],
      [other, 'm3'],
    ] as const) {
      await tab.timeline(group).send(body);
      await world.timers.advance(1_000);
    }
    await one.close();
    await other.close();
    const next = world.client(storage);
    next.connection.connect();
    await settle();
    expect(committed(world)).toEqual(['m1', 'm2', 'm3']);
  });

  test('[G2.2] what is written before the device has been read goes out behind what stood there', async () => {
    const storage = memoryStorage();
    const before = await world.live('alice', storage);
    before.connection.close();
    await before.timeline(group).send('m1');
    await before.close();
    await world.timers.advance(1_000);
    const reading = new Gate();
    const alice = world.client({
      ...storage,
      readAll: async (table) => {
        if (table === 'pending') await reading.pass();
        return await storage.readAll(table);
      },
    });
    await settle();
    await alice.timeline(group).send('m2');
    reading.open();
    await alice.loaded;
    expect(bodiesOf(alice, group)).toEqual(['m1', 'm2']);
    alice.connection.connect();
    await settle();
    expect(committed(world)).toEqual(['m1', 'm2']);
  });

  test('what a closed tab left is there once, also where storage answers two looks for it at a time', async () => {
    const storage = memoryStorage();
    const one = await world.live('alice', storage);
    const reading = new Gate();
    const other = world.client({
      ...storage,
      readAll: async (table) => {
        const rows = await storage.readAll(table);
        if (table === 'pending') await reading.pass();
        return rows;
      },
    });
    reading.open();
    other.connection.connect();
    await settle();
    one.connection.close();
    await one.timeline(group).send('left');
    await one.close();
    reading.close();
    await world.timers.advance(60_000);
    expect(reading.waiting).toBe(2);
    world.server.sendPolicy = () => 'vanish';
    reading.open();
    await settle();
    expect(bodiesOf(other, group)).toEqual(['left']);
    expect(other.pendingCount.get()).toBe(1);
    expect(world.server.lastLink.saidOf('send_message').length).toBe(1);
  });

  test('[G2.2] a clock that is set back moves nothing', async () => {
    const storage = memoryStorage();
    let offsetMs = 0;
    const timers = {
      now: () => world.timers.now() - offsetMs,
      after: (delayMs: number, action: () => void) => world.timers.after(delayMs, action),
    };
    const before = await world.live('alice', storage, { timers });
    before.connection.close();
    for (const body of ['m1', 'm2', 'm3']) {
      await before.timeline(group).send(body);
      offsetMs += 60_000;
    }
    await before.close();
    const alice = world.client(storage);
    alice.connection.connect();
    await settle();
    expect(committed(world)).toEqual(['m1', 'm2', 'm3']);
  });

  test('[P4.8] a resume asks about the oldest first', async () => {
    const alice = await world.live('alice');
    alice.connection.close();
    world.server.group('gother', ['alice', 'bob']);
    const ids: string[] = [];
    for (const conversationId of [group, 'gother', group]) {
      ids.push((await alice.timeline(conversationId).send('hello')).clientMessageId);
      await world.timers.advance(1_000);
    }
    alice.connection.connect();
    await settle();
    const pending = world.server.lastLink.saidOf('authenticate')[0]?.resume?.pending ?? [];
    expect(pending.map(([, clientMessageId]) => clientMessageId)).toEqual(ids);
  });

  test('[G8.1] no more than 32 of a conversation are on their way at once', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = () => 'vanish';
    for (let n = 1; n <= 100; n++) void alice.timeline(group).send(`m${n}`);
    await settle();
    expect(world.server.lastLink.saidOf('send_message').length).toBe(32);
  });

  test('[G8.1] thousands may wait without a connection, and then one more is refused', async () => {
    const alice = await world.live('alice');
    alice.connection.close();
    const sends = Array.from({ length: 5_001 }, (_, n) => alice.timeline(group).send(`m${n}`));
    expect(await failureOf(sends[5_000] as Promise<unknown>)).toMatchObject({ code: 'storage' });
    await Promise.all(sends.slice(0, 5_000));
    expect(alice.pendingCount.get()).toBe(5_000);
  });

  test('what is on its way cannot be taken back; what waits can, for good', async () => {
    const storage = memoryStorage();
    const alice = await world.live('alice', storage);
    world.server.sendPolicy = () => 'vanish';
    const { clientMessageId: sending } = await alice.timeline(group).send('on its way');
    await settle();
    expect(await alice.timeline(group).discard(sending)).toBe(false);
    alice.connection.close();
    await settle();
    expect(await alice.timeline(group).discard(sending)).toBe(true);
    expect(bodiesOf(alice, group)).toEqual([]);
    expect(await storage.readAll('pending')).toEqual([]);
  });

  test('an acknowledged message stays to be seen until its event has come', async () => {
    const alice = await world.live('alice');
    world.server.delivers = () => false;
    await alice.timeline(group).send('acknowledged');
    await settle();
    expect([bodiesOf(alice, group), statesOf(alice, group)]).toEqual([['acknowledged'], ['sent']]);
  });

  test('a client that is closed while it waits leaves no timer', async () => {
    const alice = await world.live('alice');
    world.server.sendPolicy = () => 'unavailable';
    await alice.timeline(group).send('refused');
    await settle();
    await alice.close();
    expect(world.timers.waiting).toBe(0);
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

  test('[G2.2] what was refused and landed all the same does not hold back what is sent behind it', async () => {
    const alice = await world.live('alice');
    alice.timeline(group).subscribe(() => undefined);
    let attempts = 0;
    world.server.sendPolicy = ({ body }) =>
      body === 'first' && (attempts += 1) === 1 ? 'unavailable' : null;
    await alice.timeline(group).send('first');
    await settle();
    const [refused] = world.server.lastLink.saidOf('send_message');
    // An earlier attempt, through another node, was carried out.
    world.server.commit({
      verb: 'send_message',
      actorId: 'alice',
      conversationId: group,
      clientMessageId: refused?.clientMessageId ?? '',
      body: 'first',
      format: null,
      replyTo: null,
      mentions: [],
    });
    await settle();
    expect(alice.pendingCount.get()).toBe(0);
    await alice.timeline(group).send('second');
    await world.timers.advance(2_000);
    expect(committed(world)).toEqual(['first', 'second']);
    expect(alice.pendingCount.get()).toBe(0);
  });
});

import { ConfabError } from '@confab/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { keysOf } from '../connection/keys.ts';
import { Arrivals, numbered, placesUpTo } from '../testing/envelopes.ts';
import { RedisClusterFixture, type TestNode, testSettings } from '../testing/redis-cluster-fixture.ts';
import { hasRedis, RedisServer } from '../testing/redis-server.ts';
import { seededRandom } from '../testing/seeded-random.ts';
import { until } from '../testing/until.ts';

const A = { nodeId: 'node-a', bootId: 'boot-a' };
const B = { nodeId: 'node-b', bootId: 'boot-b' };

describe.skipIf(!hasRedis)('bus over a Redis that fails (needs Redis: apt-get install redis-server)', () => {
  let server: RedisServer;
  let cluster: RedisClusterFixture;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    cluster = new RedisClusterFixture(server);
  });
  afterEach(() => cluster.close());

  /** Nodes A and B, alive; what arrives at B goes through `tamper`. */
  const two = async (
    tamper = (text: string): readonly string[] => [text],
    settings = testSettings,
  ): Promise<[TestNode, TestNode]> => {
    const a = await cluster.open(A, { settings });
    const b = await cluster.open(B, { settings, tamper });
    await a.directory.join(A);
    await b.directory.join(B);
    await cluster.settle();
    return [a, b];
  };

  test('[BUS1] subscriptions are killed every 200 ms while 5,000 envelopes flow: each arrives once, in order', async () => {
    const [a, b] = await two();
    const arrivals = new Arrivals(b.bus, 'node-b');
    let [kills, killedAtMs] = [0, performance.now()];
    for (let place = 0; place < 5_000; place += 1) {
      a.bus.publish('node-b', numbered('a', place));
      // tidy-allow-sleep: the flow has to last while subscriptions come and go.
      if (place % 10 === 9) await Bun.sleep(2);
      if (performance.now() - killedAtMs < 200) continue;
      killedAtMs = performance.now();
      kills += 1;
      await cluster.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    }
    await until(() => arrivals.of('a').length >= 5_000);
    expect(arrivals.of('a')).toEqual(placesUpTo(5_000));
    expect(kills).toBeGreaterThan(3);
  }, 30_000);

  test('[BUS1] frames that get lost, come twice or out of order are put right', async () => {
    const random = seededRandom(7);
    let held: string[] = [];
    const [a, b] = await two((text) => {
      if (!text.startsWith('1 data')) return [text];
      const luck = random();
      if (luck < 0.01) return [];
      if (luck < 0.1) return [text, text];
      if (luck < 0.2) {
        held.push(text);
        return [];
      }
      const late = held;
      held = [];
      return [text, ...late];
    });
    const arrivals = new Arrivals(b.bus, 'node-b');
    for (let place = 0; place < 2_000; place += 1) {
      a.bus.publish('node-b', numbered('a', place));
      await new Promise(setImmediate);
    }
    await until(() => arrivals.of('a').length >= 2_000);
    expect(arrivals.of('a')).toEqual(placesUpTo(2_000));
  }, 20_000);

  test('[BUS1] the last frame of each burst gets lost: it arrives all the same', async () => {
    const isDropped = new Set<string>();
    const [a, b] = await two((text) => {
      const isLast = text.startsWith('1 data') && text.includes('"delivered":99}');
      if (!isLast || isDropped.has(text)) return [text];
      isDropped.add(text);
      return [];
    });
    const arrivals = new Arrivals(b.bus, 'node-b');
    for (const burst of ['first', 'second', 'third']) {
      for (let place = 0; place < 100; place += 1) {
        a.bus.publish('node-b', numbered(burst, place));
        await new Promise(setImmediate);
      }
      await until(() => arrivals.of(burst).length === 100);
      expect(arrivals.of(burst)).toEqual(placesUpTo(100));
    }
    expect(isDropped.size).toBe(3);
  });

  test('[BUS4] a frame that cannot be had again is given up and told, and what follows arrives', async () => {
    let isDropping = false;
    const [a, b] = await two((text) => (isDropping && text.startsWith('1 data') ? [] : [text]));
    const arrivals = new Arrivals(b.bus, 'node-b');
    let told = 0;
    b.bus.onLoss('node-b', () => (told += 1));
    a.bus.publish('node-b', numbered('a', 0));
    await until(() => arrivals.of('a').length === 1);
    isDropping = true;
    const lostAtMs = performance.now();
    a.bus.publish('node-b', numbered('a', 1));
    await until(() => told > 0);
    expect(performance.now() - lostAtMs).toBeLessThan(1_500);
    isDropping = false;
    a.bus.publish('node-b', numbered('a', 2));
    await until(() => arrivals.of('a').length === 2);
    expect(arrivals.of('a')).toEqual([0, 2]);
  });

  test('[BUS4] a link in use that falls silent is told within 1.5 s, and every second while it lasts', async () => {
    let isCut = false;
    const [a, b] = await two((text) => (isCut && text.includes(' node-a ') ? [] : [text]));
    const arrivals = new Arrivals(b.bus, 'node-b');
    a.bus.publish('node-b', numbered('a', 0));
    await until(() => arrivals.of('a').length === 1);
    const toldAtMs: number[] = [];
    b.bus.onLoss('node-b', () => toldAtMs.push(performance.now()));
    isCut = true;
    const cutAtMs = performance.now();
    await until(() => toldAtMs.length === 2);
    expect((toldAtMs[0] ?? Infinity) - cutAtMs).toBeLessThan(1_500);
    expect((toldAtMs[1] ?? Infinity) - (toldAtMs[0] ?? 0)).toBeLessThan(1_200);
  });

  test('[BUS4] no loss is told of links that flow for a while and then rest', async () => {
    let rests = 0;
    const settings = { ...testSettings, inUseMs: 300, beatEveryMs: 60, idleBeatEveryMs: 700, silenceMs: 300 };
    const [a, b] = await two((text) => {
      if (text.startsWith('1 beat') && text.endsWith(' 700\n')) rests += 1;
      return [text];
    }, settings);
    const arrivals = new Arrivals(b.bus, 'node-b');
    await until(() => b.health().isRegistered);
    let told = 0;
    b.bus.onLoss('node-b', () => (told += 1));
    for (let burst = 0; burst < 2; burst += 1) {
      for (let place = 0; place < 50; place += 1) {
        a.bus.publish('node-b', numbered(`burst-${burst}`, place));
        await new Promise(setImmediate);
      }
      const until2Rests = rests + 2;
      await until(() => rests >= until2Rests);
      expect(arrivals.of(`burst-${burst}`)).toEqual(placesUpTo(50));
    }
    expect(told).toBe(0);
  }, 15_000);

  test('[BUS4] a node closes and its last frame was lost on the way: told within 1.5 s', async () => {
    let isDropping = false;
    const [a, b] = await two((text) => (isDropping && text.startsWith('1 data') ? [] : [text]));
    const arrivals = new Arrivals(b.bus, 'node-b');
    a.bus.publish('node-b', numbered('a', 0));
    await until(() => arrivals.of('a').length === 1);
    const told = Promise.withResolvers<void>();
    b.bus.onLoss('node-b', told.resolve);
    isDropping = true;
    a.bus.publish('node-b', numbered('a', 1));
    const closedAtMs = performance.now();
    await a.close();
    await told.promise;
    expect(performance.now() - closedAtMs).toBeLessThan(1_500);
  });

  test('[BUS4] a node that is cut off is told of beyond its lease, every second until it is back', async () => {
    const [a, b] = await two();
    a.link.cut();
    await until(() => !b.directory.live().includes('node-a'));
    let told = 0;
    b.bus.onLoss('node-b', () => (told += 1));
    await until(() => told === 3);
    a.link.mend();
    const arrivals = new Arrivals(b.bus, 'node-b');
    a.bus.publish('node-b', numbered('a', 0));
    await until(() => arrivals.of('a').length === 1 && b.directory.live().includes('node-a'));
  }, 10_000);

  test('[BUS4] a Redis that does not answer is told within 1.5 s and again; what was published meanwhile arrives', async () => {
    const leaseMs = 10_000;
    const [a, b] = await two(undefined, { ...testSettings, leaseMs });
    const arrivals = new Arrivals(b.bus, 'node-b');
    a.bus.publish('node-b', numbered('a', 0));
    await until(() => arrivals.of('a').length === 1);
    let told = 0;
    b.bus.onLoss('node-b', () => (told += 1));
    const pausedAtMs = performance.now();
    server.pause();
    try {
      a.bus.publish('node-b', numbered('a', 1));
      await until(() => told === 1);
      expect(performance.now() - pausedAtMs).toBeLessThan(1_500);
      a.bus.publish('node-b', numbered('a', 2));
      await until(() => told === 2);
      await until(() => !a.health().isUp && !b.health().isUp);
      a.bus.publish('node-b', numbered('a', 3));
    } finally {
      server.resume();
    }
    const before = told;
    await until(() => b.health().isUp && told > before);
    await until(() => arrivals.of('a').length === 4);
    expect(arrivals.of('a')).toEqual([0, 1, 2, 3]);
  }, 15_000);

  test('[BUS4] more than a link keeps while Redis is away is given up and told', async () => {
    const [, b] = await two();
    const settings = { ...testSettings, keptFramesMax: 10 };
    const c = await cluster.open({ nodeId: 'node-c', bootId: 'boot-c' }, { settings });
    await c.directory.join(c.record);
    await cluster.settle();
    const arrivals = new Arrivals(b.bus, 'node-b');
    c.bus.publish('node-b', numbered('c', 0));
    await until(() => arrivals.of('c').length === 1);
    c.link.cut();
    await until(() => !c.health().isUp);
    for (let place = 1; place <= 50; place += 1) {
      c.bus.publish('node-b', numbered('c', place));
      await new Promise(setImmediate);
    }
    let told = 0;
    b.bus.onLoss('node-b', () => (told += 1));
    c.link.mend();
    await until(() => told > 0 && arrivals.of('c').length === 11);
    expect(arrivals.of('c')).toEqual([0, ...placesUpTo(51).slice(41)]);
  });

  test('a node that Redis does not answer delivers to itself all the same', async () => {
    const [a] = await two();
    const arrivals = new Arrivals(a.bus, 'node-a');
    a.link.cut();
    await until(() => !a.health().isUp);
    a.bus.publish('node-a', numbered('a', 0));
    a.bus.publish('node-a', numbered('a', 1));
    await until(() => arrivals.of('a').length === 2);
    expect(arrivals.of('a')).toEqual([0, 1]);
  });

  test('[BUS4] connections that go dumb without an end are told, and made anew', async () => {
    const [, b] = await two();
    const settings = { ...testSettings, leaseMs: 10_000, reconnectAfterMs: 1_200 };
    const c = await cluster.open({ nodeId: 'node-c', bootId: 'boot-c' }, { settings });
    await c.directory.join(c.record);
    await cluster.settle();
    const arrivals = new Arrivals(c.bus, 'node-c');
    const told = Promise.withResolvers<void>();
    c.bus.onLoss('node-c', told.resolve);
    c.link.stall();
    b.bus.publish('node-c', numbered('b', 0));
    await told.promise;
    await until(() => c.health().isUp && arrivals.of('b').length === 1);
    expect(c.faults.map(({ where }) => where)).toEqual(['cluster-redis/connection']);
  }, 10_000);

  test('[BUS3] a request that waits when Redis goes away is rejected, and so are later ones at once', async () => {
    const [a, b] = await two();
    const asked = Promise.withResolvers<void>();
    b.bus.respond('node-b', () => {
      asked.resolve();
      return Promise.withResolvers<unknown>().promise;
    });
    const waiting = codeOf(a.bus.request('node-b', {}));
    await asked.promise;
    a.link.cut();
    expect(await waiting).toBe('unavailable');
    expect(await codeOf(a.bus.request('node-b', {}))).toBe('unavailable');
    a.link.mend();
    b.bus.respond('node-b', async (request) => request);
    await cluster.settle();
    expect(await a.bus.request('node-b', 'again')).toBe('again');
  });

  test('[BUS3] a request to a node that dies is rejected when its lease ends', async () => {
    const [a, b] = await two();
    const asked = Promise.withResolvers<void>();
    b.bus.respond('node-b', () => {
      asked.resolve();
      return Promise.withResolvers<unknown>().promise;
    });
    const waiting = codeOf(a.bus.request('node-b', {}));
    await asked.promise;
    b.link.cut();
    expect(await waiting).toBe('unavailable');
    expect(a.directory.live()).toEqual(['node-a']);
  });

  test('[BUS3] requests beyond their bound, and those that wait too long, are refused with unavailable', async () => {
    const [, b] = await two();
    b.bus.respond('node-b', () => Promise.withResolvers<unknown>().promise);
    const settings = { ...testSettings, requestsMax: 2, requestMsMax: 200 };
    const c = await cluster.open({ nodeId: 'node-c', bootId: 'boot-c' }, { settings });
    await c.directory.join(c.record);
    const kept = [c.bus.request('node-b', 1), c.bus.request('node-b', 2)].map(codeOf);
    expect(await codeOf(c.bus.request('node-b', 3))).toBe('unavailable');
    expect(c.health().bus.pendingRequests).toBe(2);
    expect(await Promise.all(kept)).toEqual(['unavailable', 'unavailable']);
    expect(c.health().bus.pendingRequests).toBe(0);
  });

  test('[BUS5] frames of another version and words of other kinds are passed over, counted and told once', async () => {
    const [a, b] = await two();
    const arrivals = new Arrivals(b.bus, 'node-b');
    const inbox = keysOf(cluster.prefix).inbox('node-b');
    const strange = [
      '2 data node-a l 1 0\n[]',
      'no frame at all',
      '1 shout node-a l 1 0\n',
      '1 talk node-a - 0 0\n[["sing"]]',
    ];
    for (const text of strange) await cluster.redis.publish(inbox, text);
    await cluster.redis.publish(inbox, '1 data node-a other-link 1 0\n{not json');
    a.bus.publish('node-b', numbered('a', 0));
    await until(() => arrivals.of('a').length === 1);
    expect(b.health().bus.passedOver).toBe(5);
    expect(b.faults.map(({ where }) => where)).toEqual(['cluster-redis/bus/frame']);
  });
});

async function codeOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'answered';
  } catch (error) {
    return error instanceof ConfabError ? error.code : 'no ConfabError';
  }
}

import { describe, expect, test } from 'bun:test';
import { SeededRandom } from '../../seeded-random.ts';
import { expectInOrder, RedisScene, type SceneNode } from './redis-scene.ts';

const SEEDS = Array.from({ length: 20 }, (_, at) => at + 1);
/** A loss is told within this time [BUS4]. */
const TOLD_MS_MAX = 1_500;

describe('simulated Redis: weather', () => {
  test('[BUS1] [BUS4] what is lost, doubled and held back comes in order and once, or is told', async () => {
    for (const seed of SEEDS) {
      const scene = new RedisScene(seed);
      const random = new SeededRandom(seed);
      const [a, b] = await pair(scene);
      scene.setWeather({ latencyMs: { from: 1, to: 30 }, lost: 0.05, doubled: 0.05, heldBack: 0.2 });
      for (let count = 0; count < 100; count += 1) {
        scene.publish(a, b);
        await scene.advance(random.below(60));
      }
      await scene.advance(TOLD_MS_MAX);
      expectInOrder(b);
      if (b.heard.length < 100) expect(b.lossesAtMs).not.toEqual([]);
      expect(b.heard.length).toBeGreaterThan(90);
    }
  });

  test('[BUS4] of each envelope that cannot be repaired the loss is told in time', async () => {
    let lostCount = 0;
    for (const seed of SEEDS) {
      const scene = new RedisScene(seed);
      const random = new SeededRandom(seed);
      const [a, b] = await pair(scene);
      scene.setWeather({ latencyMs: { from: 1, to: 30 }, lost: 0.6 });
      const sent: { readonly number: string; readonly atMs: number }[] = [];
      for (let count = 0; count < 60; count += 1) {
        sent.push({ number: scene.publish(a, b), atMs: scene.clock.nowMs() });
        await scene.advance(random.below(500));
      }
      scene.setWeather({ lost: 0 });
      await scene.advance(10_000);
      const unheard = sent.filter(({ number }) => !b.heard.includes(number));
      lostCount += unheard.length;
      for (const { atMs } of unheard) {
        expect(b.lossesAtMs.some((toldAtMs) => toldAtMs >= atMs && toldAtMs <= atMs + 5_000)).toBe(true);
      }
    }
    expect(lostCount).toBeGreaterThan(20);
  });

  test('[BUS4] the last frame of a burst is missed although nothing follows it', async () => {
    for (const seed of SEEDS) {
      const scene = new RedisScene(seed);
      const [a, b] = await pair(scene);
      scene.setWeather({ latencyMs: { from: 1, to: 5 }, lastLost: 1 });
      for (let count = 0; count < 5; count += 1) {
        scene.publish(a, b);
        await scene.advance(10);
      }
      expect(b.heard.length).toBeLessThan(5);
      await scene.advance(60);
      expect(b.heard).toEqual(numbers('node-a', 4));
      scene.setWeather({ lastLost: 0 });
      await scene.advance(TOLD_MS_MAX);
      expect(b.heard).toEqual(numbers('node-a', 5));
    }
  });

  test('[BUS4] with every frame lost the loss is told in time, and told on', async () => {
    const scene = new RedisScene(1);
    const [a, b] = await pair(scene);
    scene.publish(a, b);
    await scene.advance(1_000);
    scene.setWeather({ lost: 1 });
    const fromMs = scene.clock.nowMs();
    scene.publish(a, b);
    await scene.advance(10_000);
    expect(b.heard).toEqual(['node-a 1']);
    const [first = Infinity] = b.lossesAtMs.filter((atMs) => atMs >= fromMs);
    expect(first - fromMs).toBeLessThanOrEqual(TOLD_MS_MAX);
    expect(b.lossesAtMs.length).toBeGreaterThan(5);
  });
});

describe('simulated Redis: faults', () => {
  test('[BUS4] subscribers that are killed every second hear everything, or of a loss', async () => {
    for (const seed of SEEDS) {
      const scene = new RedisScene(seed);
      scene.setWeather({ latencyMs: { from: 1, to: 20 } });
      const [a, b] = await pair(scene);
      for (let count = 0; count < 200; count += 1) {
        scene.publish(a, b);
        await scene.advance(50);
        if (count % 20 === 19) scene.redis.killSubscribers();
      }
      await scene.advance(TOLD_MS_MAX);
      expectInOrder(b);
      if (b.heard.length < 200) expect(b.lossesAtMs).not.toEqual([]);
      expect(b.heard.length).toBeGreaterThan(190);
    }
  });

  for (const [name, lose] of [
    ['flushed', (scene: RedisScene) => scene.redis.flush()],
    ['restarted empty', (scene: RedisScene) => scene.redis.restart(2_000)],
    ['failed over to where it was', (scene: RedisScene) => scene.redis.failOverBackwards(8_000)],
  ] as const) {
    test(`[REG4] a Redis that is ${name} gives never too few, and then exactly who is there`, async () => {
      for (const seed of SEEDS) {
        const scene = new RedisScene(seed);
        scene.setWeather({ latencyMs: { from: 0, to: 20 } });
        const [a, b] = await pair(scene);
        await scene.finish(a.registry.claim(scene.session(a, 'ann')));
        await scene.advance(10_000);
        await scene.finish(a.registry.release(scene.session(a, 'ann')));
        await scene.finish(a.registry.claim(scene.session(a, 'ben')));
        lose(scene);
        for (let looks = 0; looks < 40; looks += 1) {
          expect((await scene.located(b, 'ben'))['node-a']).toEqual(['ben']);
          await scene.advance(100);
        }
        await scene.advance(5_000);
        expect(await scene.located(b, 'ann', 'ben')).toEqual({ 'node-a': ['ben'] });
        for (const node of [a, b]) expect(node.directory.live()).toEqual(['node-a', 'node-b']);
        expect(a.lossesAtMs).not.toEqual([]);
      }
    });
  }

  test('a replica that takes over has what there was so long ago', async () => {
    const scene = new RedisScene(1);
    const [a] = await pair(scene);
    await scene.advance(12_000);
    await scene.finish(a.registry.claim(scene.session(a, 'ann')));
    await scene.advance(2_000);
    await scene.finish(a.registry.claim(scene.session(a, 'ben')));
    await scene.advance(1_000);
    scene.redis.failOverBackwards(2_000);
    expect(scene.redis.keys().filter((key) => key.includes(':user:'))).toEqual(['confab:user:ann']);
  });

  test('[NODE1] [BUS4] a node that is cut off is dead to the others when its lease ends, and is back when it is mended', async () => {
    for (const seed of SEEDS) {
      const scene = new RedisScene(seed);
      const [a, b] = await pair(scene);
      scene.redis.cutOff('node-a', true);
      await scene.advance(7_000);
      expect(b.directory.live()).toEqual(['node-a', 'node-b']);
      scene.publish(b, a);
      await scene.advance(6_000);
      expect(b.directory.live()).toEqual(['node-b']);
      expect(a.directory.live()).toEqual([]);
      expect([a.health().isUp, b.health().isUp]).toEqual([false, true]);
      expect(Math.max(...a.lossesAtMs)).toBeGreaterThan(scene.clock.nowMs() - TOLD_MS_MAX);
      scene.redis.cutOff('node-a', false);
      await scene.advance(4_000);
      for (const node of [a, b]) expect(node.directory.live()).toEqual(['node-a', 'node-b']);
      scene.publish(a, b);
      await scene.advance(TOLD_MS_MAX);
      expect(b.heard.at(-1)).toBe('node-a 1');
    }
  });

  test('[NODE1] [REG3] a node that is paused for longer than its lease is passed over, and then is there again', async () => {
    for (const seed of SEEDS) {
      const scene = new RedisScene(seed);
      scene.setWeather({ latencyMs: { from: 1, to: 20 } });
      const [a, b] = await pair(scene);
      await scene.finish(a.registry.claim(scene.session(a, 'ann')));
      scene.publish(a, b);
      a.run.pause(true);
      await scene.advance(13_000);
      expect(b.directory.live()).toEqual(['node-b']);
      expect(await scene.located(b, 'ann')).toEqual({});
      a.run.pause(false);
      await scene.advance(4_000);
      for (const node of [a, b]) expect(node.directory.live()).toEqual(['node-a', 'node-b']);
      expect(await scene.located(b, 'ann')).toEqual({ 'node-a': ['ann'] });
      expectInOrder(b);
    }
  });

  test('[NODE1] what a node asked before it stood still is no news when it goes on', async () => {
    const scene = new RedisScene(1);
    scene.setWeather({ latencyMs: { from: 20, to: 20 } });
    const [a, b] = await pair(scene);
    scene.publish(a, b);
    await scene.advance(1_000);
    const links = a.health().bus.sent;
    scene.redis.cutOff('node-b', true);
    scene.redis.flush();
    await scene.advance(2_500);
    // The lease of b is missing, and b has not had its time to write it again, when a asks once more.
    const asked = a.directory.join(a.record);
    await scene.advance(30);
    a.run.pause(true);
    scene.redis.cutOff('node-b', false);
    await scene.advance(8_500);
    a.run.pause(false);
    await scene.finish(asked);
    // It would have another link to a node that it had taken for lost.
    expect(a.health().bus.sent).toEqual(links);
    expect(a.directory.live()).toEqual(['node-a', 'node-b']);
  });

  test('[NODE1] [REG3] a node that died is listed until its lease ends, and its next run has nothing of it', async () => {
    const scene = new RedisScene(1);
    const [a, b] = await pair(scene);
    await scene.finish(a.registry.claim(scene.session(a, 'ann')));
    a.run.crash();
    await scene.advance(6_000);
    expect(await scene.located(b, 'ann')).toEqual({ 'node-a': ['ann'] });
    await scene.start('node-a');
    await scene.advance(1_000);
    expect(await scene.located(b, 'ann')).toEqual({});
    expect(b.directory.live()).toEqual(['node-a', 'node-b']);
    expect(b.lossesAtMs).not.toEqual([]);
  });

  test('[BUS3] a request to a node that died is refused, whenever that is noticed', async () => {
    const scene = new RedisScene(1);
    const [a, b] = await pair(scene);
    b.bus.respond('node-b', async (request) => request);
    expect(await scene.finish(a.bus.request('node-b', 'well'))).toBe('well');
    b.run.crash();
    const refused = await scene.finish(
      a.bus.request('node-b', 'dead').catch((error: unknown) => String(error)),
    );
    expect(refused).toContain('does not answer');
  });

  test('[BUS3] a request under way when Redis goes is refused before long', async () => {
    const scene = new RedisScene(1);
    const [a, b] = await pair(scene);
    b.bus.respond('node-b', async () => await Promise.withResolvers<unknown>().promise);
    const asked = a.bus.request('node-b', 'well').catch((error: unknown) => String(error));
    await scene.advance(100);
    scene.redis.cutOff('node-a', true);
    const fromMs = scene.clock.nowMs();
    expect(await scene.finish(asked)).toContain('does not answer');
    expect(scene.clock.nowMs() - fromMs).toBeLessThan(TOLD_MS_MAX);
  });

  test('nodes that close leave nothing behind: no timer, no lease, no row', async () => {
    const scene = new RedisScene(1);
    const nodes = await scene.fleet('node-a', 'node-b', 'node-c');
    for (const node of nodes) {
      const session = scene.session(node, 'ann');
      await scene.finish(node.registry.claim(session));
      await scene.finish(node.registry.release(session));
    }
    for (const node of nodes) await scene.finish(node.close());
    await scene.advance(60_000);
    expect(scene.clock.untilNextMs).toBeNull();
    expect([...scene.redis.keys()].sort()).toEqual(['confab:changes', 'confab:generation']);
    expect(scene.faults).toEqual([]);
  });
});

async function pair(scene: RedisScene): Promise<[SceneNode, SceneNode]> {
  return [await scene.start('node-a'), await scene.start('node-b')];
}

function numbers(publisher: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${publisher} ${at + 1}`);
}

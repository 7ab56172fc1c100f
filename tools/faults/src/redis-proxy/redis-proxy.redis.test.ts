import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, PROGRAMS, type Redis, startRedis } from '@confab/services';
import { RedisClient } from 'bun';
import { Bell, lookUntil } from '../deadline.ts';
import {
  both,
  delaying,
  doubling,
  losing,
  losingLastOfBurst,
  type MessageFault,
  shuffling,
} from './message-fault.ts';
import { RedisProxy } from './redis-proxy.ts';

const hasRedis = findProgram(PROGRAMS.redis) !== null;
const FRAMES = 400;

describe.skipIf(!hasRedis)('a proxy before Redis (needs Redis: apt-get install redis-server)', () => {
  let folder: string;
  let redis: Redis;
  let publisher: RedisClient;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'confab-redis-proxy-'));
    redis = await startRedis({ folder });
    publisher = new RedisClient(redis.url);
  });

  afterAll(async () => {
    publisher.close();
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  const frames = Array.from({ length: FRAMES }, (_, at) => `1 data n1 l ${at} 0\n["${'é'.repeat(at)}"]`);
  const publish = async (texts: readonly string[]): Promise<void> => {
    await Promise.all(texts.map(async (text) => publisher.publish('inbox', text)));
  };

  /** A subscriber behind a proxy of its own, with what it hears. */
  async function subscribed(fault: MessageFault | null) {
    const proxy = await RedisProxy.before(redis.port);
    const subscriber = new RedisClient(proxy.url);
    const bell = new Bell();
    const heard: string[] = [];
    await subscriber.subscribe('inbox', (text) => {
      heard.push(text);
      bell.ring();
    });
    proxy.harm(fault);
    const hearing = async (count: () => number): Promise<void> =>
      bell.until(
        () => heard.length >= count(),
        () => `${heard.length} of ${count()}`,
      );
    const end = async (): Promise<void> => {
      subscriber.close();
      await proxy[Symbol.asyncDispose]();
    };
    return { proxy, heard, hearing, [Symbol.asyncDispose]: end };
  }

  test('nothing is harmed where nothing is wrong', async () => {
    await using listener = await subscribed(null);
    await publish(frames);
    await listener.hearing(() => FRAMES);
    expect(listener.heard).toEqual(frames);
  });

  test('a share is lost, silently, and the others come in order', async () => {
    const fault = losing(0.1);
    await using listener = await subscribed(fault);
    await publish(frames);
    await listener.hearing(() => FRAMES - fault.harmed);
    expect(fault.harmed).toBeGreaterThan(0);
    expect(frames.filter((text) => listener.heard.includes(text))).toEqual(listener.heard);
    listener.proxy.harm(null);
    await publish(['end']);
    await listener.hearing(() => FRAMES - fault.harmed + 1);
    expect(listener.heard.at(-1)).toBe('end');
  });

  test('some come twice, and later ones overtake earlier ones', async () => {
    const doubled = doubling(0.1, 20);
    await using listener = await subscribed(both(doubled, shuffling(20)));
    await publish(frames);
    await listener.hearing(() => FRAMES + doubled.harmed);
    expect(doubled.harmed).toBeGreaterThan(0);
    expect(new Set(listener.heard)).toEqual(new Set(frames));
    expect(listener.heard).not.toEqual(
      listener.heard.toSorted((a, b) => frames.indexOf(a) - frames.indexOf(b)),
    );
  });

  test('the last of a burst is lost, and comes when it is sent again', async () => {
    const fault = losingLastOfBurst(300);
    await using listener = await subscribed(fault);
    await publish(frames.slice(0, 5));
    await lookUntil(5_000, async () => expect(fault.harmed).toBe(1));
    expect(listener.heard).toEqual(frames.slice(0, 4));
    await publish(frames.slice(4, 5));
    await listener.hearing(() => 5);
    expect(listener.heard).toEqual(frames.slice(0, 5));
    await publish(['1 beat n1 l 5 400\n']);
    await listener.hearing(() => 6);
    expect(fault.harmed).toBe(1);
  });

  test('all come late, in order', async () => {
    await using listener = await subscribed(delaying(100));
    const fromMs = performance.now();
    await publish(frames);
    await listener.hearing(() => FRAMES);
    expect(performance.now() - fromMs).toBeGreaterThan(99);
    expect(listener.heard).toEqual(frames);
  });

  test('answers to commands are not touched', async () => {
    await using listener = await subscribed(losing(1));
    const client = new RedisClient(listener.proxy.url);
    const text = '>3\r\n$7\r\nmessage\r\n$5\r\ninbox\r\n$1\r\n1\r\n';
    await client.set('text', text);
    expect(await client.get('text')).toBe(text);
    client.close();
  });
});

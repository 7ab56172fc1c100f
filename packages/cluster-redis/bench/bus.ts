/**
 * How fast envelopes go from node to node, beside a bare loop of ioredis PUBLISH and SUBSCRIBE in the same run, and how
 * long a look-up takes:
 *
 *   bun packages/cluster-redis/bench/bus.ts [seconds of each scenario, 3 by default]
 *
 * Needs Redis (apt-get install redis-server): one is started for it. Publisher and receiver share this process, so that
 * both their CPU times are in the figures.
 */
import type { Envelope, NodeRecord } from '@confab/contracts';
import { Redis } from 'ioredis';
import { connectRedisCluster, type RedisNode } from '../src/index.ts';
import { RedisServer } from '../src/testing/redis-server.ts';
import { until } from '../src/testing/until.ts';

const SECONDS_DEFAULT = 3;
const BODY_BYTES = 200;
const WINDOW = 1_000;
const PACED_PER_MS = 1;
const USERS = 1_500;
const LOOKUPS = 100;

/** Something that takes envelopes and hands them over elsewhere. */
interface Way {
  readonly name: string;
  send(envelope: Envelope): void;
  /** Gives how to stop. */
  receive(receiver: (envelope: Envelope) => void): () => void;
  close(): void;
}

const seconds = Number(process.argv[2] ?? SECONDS_DEFAULT);
const server = await RedisServer.start();
const [a, b] = [await open('node-a'), await open('node-b')];
await until(() => [a, b].every(({ directory }) => directory.live().length === 2));

for (const way of [await bareWay(), nodeWay(), await bareWay(), nodeWay()]) {
  const flood = await measureFlood(way);
  const paced = await measurePaced(way);
  print(
    `${way.name}: ${flood.perSecond.toFixed(0)} envelopes/s, ${flood.cpuMicros.toFixed(1)} us CPU each;`,
    `at ${PACED_PER_MS},000/s p50 ${paced.p50Ms.toFixed(2)} ms, p99 ${paced.p99Ms.toFixed(2)} ms,`,
    `${paced.cpuMicros.toFixed(0)} us CPU each`,
  );
  way.close();
}
await measureLookups();
await Promise.all([a.close(), b.close()]);
await server.stop();

async function open(nodeId: string): Promise<RedisNode> {
  const node: NodeRecord = { nodeId, bootId: 'boot' };
  const opened = await connectRedisCluster({
    target: { url: server.url },
    node,
    prefix: 'bench',
    onFault: ({ where, error }) => print(where, String(error)),
  });
  await opened.directory.join(node);
  return opened;
}

function nodeWay(): Way {
  return {
    name: 'cluster-redis',
    send: (envelope) => a.bus.publish('node-b', envelope),
    receive: (receiver) => b.bus.subscribe('node-b', receiver),
    close: () => undefined,
  };
}

/** One PUBLISH for each envelope, all of a turn in one pipeline. */
async function bareWay(): Promise<Way> {
  const channel = `bare-${crypto.randomUUID()}`;
  const publisher = new Redis(server.url, { enableAutoPipelining: true });
  const subscriber = new Redis(server.url);
  await subscriber.subscribe(channel);
  return {
    name: 'bare ioredis ',
    send: (envelope) => void publisher.publish(channel, JSON.stringify(envelope)),
    receive(receiver) {
      const listener = (_: string, text: string): void => receiver(JSON.parse(text) as Envelope);
      subscriber.on('message', listener);
      return () => subscriber.off('message', listener);
    },
    close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}

function envelopeOf(place: number): Envelope {
  const json = JSON.stringify({ type: 'message_event', body: 'x'.repeat(BODY_BYTES), sequence: place });
  const delivery = {
    sequence: place,
    ordinal: place,
    eventId: `event-${place}`,
    sentAt: '2026-01-01T00:00:00.000Z',
    senderId: 'ann',
    clientMessageId: `message-${place}`,
    json,
    userIds: ['bob', 'eve'],
    joined: [],
    departed: [],
  };
  return { kind: 'events', conversationId: 'conversation', isFollowed: false, deliveries: [delivery] };
}

/** As many as go, with a window of envelopes under way. */
async function measureFlood(way: Way): Promise<{ perSecond: number; cpuMicros: number }> {
  let [sent, received] = [0, 0];
  const endAtMs = performance.now() + seconds * 1_000;
  const done = Promise.withResolvers<void>();
  const fill = (): void => {
    while (sent - received < WINDOW && performance.now() < endAtMs) {
      way.send(envelopeOf(sent));
      sent += 1;
    }
  };
  const stop = way.receive(() => {
    received += 1;
    if (sent - received < WINDOW / 2) fill();
    if (received === sent) done.resolve();
  });
  const cpu = process.cpuUsage();
  const startedAtMs = performance.now();
  fill();
  await done.promise;
  stop();
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (received / (performance.now() - startedAtMs)) * 1_000;
  return { perSecond, cpuMicros: (user + system) / received };
}

/** Envelopes at an even pace, and how long each was under way. */
async function measurePaced(way: Way): Promise<{ p50Ms: number; p99Ms: number; cpuMicros: number }> {
  const sentAtMs: number[] = [];
  const latenciesMs: number[] = [];
  const first = 1_000_000_000;
  const stop = way.receive((envelope) => {
    if (envelope.kind !== 'events') return;
    const place = (envelope.deliveries[0]?.sequence ?? 0) - first;
    const at = sentAtMs[place];
    if (at !== undefined) latenciesMs.push(performance.now() - at);
  });
  const cpu = process.cpuUsage();
  const endAtMs = performance.now() + seconds * 1_000;
  const beganAtMs = performance.now();
  while (performance.now() < endAtMs) {
    const due = Math.floor((performance.now() - beganAtMs) * PACED_PER_MS);
    while (sentAtMs.length < due) {
      sentAtMs.push(performance.now());
      way.send(envelopeOf(first + sentAtMs.length - 1));
    }
    await Bun.sleep(1);
  }
  await until(() => latenciesMs.length >= sentAtMs.length);
  stop();
  const { user, system } = process.cpuUsage(cpu);
  latenciesMs.sort((one, other) => one - other);
  const at = (share: number): number => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), cpuMicros: (user + system) / sentAtMs.length };
}

async function measureLookups(): Promise<void> {
  const users = Array.from({ length: USERS }, (_, at) => `user-${at}`);
  const node = { nodeId: 'node-b', bootId: 'boot' };
  const claimedAtMs = performance.now();
  await Promise.all(
    users.map((userId) =>
      b.registry.claim({ userId, deviceId: 'device', connectionId: `c-${userId}`, ...node }),
    ),
  );
  print(`${USERS} claims at once: ${(performance.now() - claimedAtMs).toFixed(1)} ms`);
  for (const count of [2, 100, USERS]) {
    const asked = users.slice(0, count);
    const cpu = process.cpuUsage();
    const startedAtMs = performance.now();
    for (let round = 0; round < LOOKUPS; round += 1) await a.registry.locate(asked);
    const { user, system } = process.cpuUsage(cpu);
    const eachMs = (performance.now() - startedAtMs) / LOOKUPS;
    print(`locate of ${count}: ${eachMs.toFixed(2)} ms, ${((user + system) / LOOKUPS).toFixed(0)} us CPU`);
  }
}

function print(...words: readonly string[]): void {
  process.stdout.write(`${words.join(' ')}\n`);
}

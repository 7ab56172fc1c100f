import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { couple } from '../couple.ts';
import { lookUntil } from '../deadline.ts';
import { BackgroundLoad } from '../fleet/background-load.ts';
import { deliveriesOf, slowestOf } from '../fleet/deliveries.ts';
import { KeptDevice } from '../fleet/kept-device.ts';
import { noteMeasured } from '../fleet/measured.ts';
import { residentBytes } from '../resident-bytes.ts';
import { metricOf } from '../metrics.ts';
import { BLACK_HOLE, CLEAR } from '../proxy/flow.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { Device } from '../raw-client.ts';
import { isSmall, patienceMs, scaled } from '../scale.ts';
import { sayMany } from '../sayings.ts';
import { Scene, type Person } from '../scene.ts';
import { FAILING_SERVER, type ServerProcess } from '../server-process.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(120_000));

const MEGABYTE = 1024 * 1024;

/** What each scenario passes with. Times are how long it may take for life to go on, and far above what it takes. */
const BOUND = {
  /** Two heartbeats, of 25 s and 8 s to answer. */
  halfOpenFoundMs: 66_000,
  /** A reader may stand still for 30 s. */
  slowReaderClosedMs: 45_000,
  /** What the others of a group wait for a message while some of it read nothing. */
  otherDeliveriesMs: 10_000,
  /** What waits in the server for one who reads nothing. */
  outboundBytesEach: 2 * MEGABYTE,
  neverReadingMemoryBytes: 150 * MEGABYTE,
  /** From the moment when the server goes on to the first acknowledgement. */
  wakingMs: 10_000,
  stalledMemoryBytes: 200 * MEGABYTE,
} as const;

const LIVE = ['confab_connections', 'state="live"'] as const;

/** Devices of these people, each connected through the proxy; a person has at most 20 of them. */
async function devicesBehind(
  scene: Scene,
  proxy: TcpProxy,
  { people, count }: { readonly people: readonly Person[]; readonly count: number },
): Promise<readonly Device[]> {
  const devices: Device[] = [];
  for (let at = 0; at < count; at += 1) {
    const person = people[at % people.length];
    if (person === undefined) throw new Error('nobody');
    const device = scene.device(person, `behind${at}`, { baseUrl: () => proxy.baseUrl });
    await device.connect();
    devices.push(device);
  }
  return devices;
}

/** By what its connection still brings, or by another one where it was sent away. */
async function comeLevel(device: Device, conversationId: string, head: number): Promise<void> {
  const { connection } = device;
  const isOver = () => connection.isClosed || device.copy(conversationId).lastSequence >= head;
  await device.bell.until(isOver, `${device.name} level or sent away`, BOUND.slowReaderClosedMs);
  if (connection.isClosed) {
    // As a slow reader, or as one that does not answer, whichever time was over first; or cut off before it read why.
    expect([4001, 4002, 1006]).toContain((await connection.closed).code);
    await device.connect();
  }
  await device.reach(conversationId, head);
}

// In a small run a fleet is spared what waits for heartbeats: its gateways are this same server.
if (!isOnFleet || !isSmall)
  describe('devices that stand still', () => {
    test.concurrent(`[P3.5][G4.6] half-open devices are found within ${BOUND.halfOpenFoundMs / 1000} s, nothing is kept for them, and those that come back do not wait for that`, async () => {
      await using scene = await Scene.start();
      await using proxy = await TcpProxy.start({ targetPort: scene.server.port });
      const { talk, speaker, anna } = await couple(scene, 'half-open');
      const before = await metricOf(scene.server, ...LIVE);
      const count = scaled(60, 1_000);
      const people = await scene.people('gone', Math.ceil(count / 20));
      await anna.http.addMembers(
        talk.conversationId,
        people.map(({ userId }) => userId),
      );
      const gone = await devicesBehind(scene, proxy, { people, count });
      const [comer] = people;
      if (comer === undefined) throw new Error('nobody comes back');
      const returning: KeptDevice[] = [];
      for (let at = 0; at < 4; at += 1) {
        const device = scene.device(comer, `returns${at}`, { baseUrl: () => proxy.baseUrl });
        returning.push(await KeptDevice.connect(device));
      }
      for (const link of proxy.links) link.set(BLACK_HOLE);
      const fromMs = performance.now();
      const head = await sayMany(speaker, talk.conversationId, 20, 4);
      for (const { device } of returning) await device.reach(talk.conversationId, head);
      expect(performance.now() - fromMs).toBeLessThan(BOUND.halfOpenFoundMs / 2);
      const left = before + returning.length;
      const look = async (): Promise<void> => expect(await metricOf(scene.server, ...LIVE)).toBe(left);
      await lookUntil(BOUND.halfOpenFoundMs, look, 500);
      noteMeasured('half-open devices', { count, foundMs: Math.round(performance.now() - fromMs) });

      // Nothing is handed to anybody who is gone: two of the couple, and those who came back.
      const handed = await metricOf(scene.server, 'confab_deliveries_total');
      const last = await sayMany(speaker, talk.conversationId, 1);
      for (const { device } of returning) await device.reach(talk.conversationId, last);
      const now = await metricOf(scene.server, 'confab_deliveries_total');
      if (!isOnFleet) expect(now - handed).toBe(2 + returning.length);
      await Promise.all(returning.map(async (kept) => kept.stop()));
      for (const device of gone) {
        device.connection.abandon();
        await device.connect();
        await device.reach(talk.conversationId, last);
      }
      expect(await scene.breaches()).toEqual([]);
    });

    test.concurrent(`[G7.1][G8.1] a tenth of a busy group reads nothing: the others get all within ${BOUND.otherDeliveriesMs / 1000} s, memory stays bounded, and the tenth comes level afterwards`, async () => {
      await using scene = await Scene.start();
      await using proxy = await TcpProxy.start({ targetPort: scene.server.port });
      const { talk, speaker, anna } = await couple(scene, 'never-reading');
      const { conversationId } = talk;
      const people = await scene.people('member', scaled(20, 90));
      await anna.http.addMembers(
        conversationId,
        people.map(({ userId }) => userId),
      );
      const readers = await Promise.all(people.map(async (person) => scene.connected(person, 'phone')));
      const count = Math.max(2, Math.round(people.length / 10));
      const still = await devicesBehind(scene, proxy, { people, count });
      const live = await metricOf(scene.server, ...LIVE);
      const pids = isOnFleet ? [] : [(scene as Scene<ServerProcess>).server.pid];
      const beforeBytes = residentBytes(pids);
      proxy.set({ toClient: { passage: 'held' } });
      const body = 'x'.repeat(60_000);
      let head = 0;
      let outboundBytes = 0;
      for (let said = 0; said < Math.max(220, scaled(220, 1_000)); said += 1) {
        const outcome = await speaker.say(conversationId, `${said} ${body}`);
        if (outcome.kind !== 'accepted') throw new Error(`refused: ${JSON.stringify(outcome)}`);
        head = outcome.sequence;
        if (said % 20 === 0)
          outboundBytes = Math.max(outboundBytes, await metricOf(scene.server, 'confab_outbound_bytes'));
      }
      for (const reader of readers) await reader.reach(conversationId, head);
      const names = new Set(readers.map(({ name }) => name));
      const slowest = slowestOf(deliveriesOf(scene.history, names));
      const memoryBytes = residentBytes(pids) - beforeBytes;
      noteMeasured('a tenth reads nothing', { slowest, outboundBytes, memoryBytes });
      expect(slowest?.delayMs).toBeLessThan(BOUND.otherDeliveriesMs);
      expect(outboundBytes).toBeLessThan(BOUND.outboundBytesEach * count + MEGABYTE);
      expect(memoryBytes).toBeLessThan(BOUND.neverReadingMemoryBytes);

      // One reads on and is told what it missed; the others go on standing still until they are sent away.
      const [first, ...others] = still;
      proxy.links[0]?.set(CLEAR);
      if (first === undefined) throw new Error('nobody stood still');
      await comeLevel(first, conversationId, head);
      const look = async (): Promise<void> =>
        expect(await metricOf(scene.server, ...LIVE)).toBe(live - others.length);
      await lookUntil(BOUND.slowReaderClosedMs, look, 500);
      proxy.set(CLEAR);
      for (const device of others) {
        await device.connection.closed;
        await comeLevel(device, conversationId, head);
      }
      expect(await scene.breaches()).toEqual([]);
    });
  });

if (!isOnFleet)
  describe('a server that stands still', () => {
    test.concurrent(`[G1.2][G2.3][G3.1] a server that stands still for 12 s under load (SIGSTOP, SIGCONT) goes on within ${BOUND.wakingMs / 1000} s, and loses and doubles nothing`, async () => {
      await using scene = await Scene.onOneMachine();
      await using load = await BackgroundLoad.start(scene, { name: 'still', perSecond: 60 });
      await load.acknowledging(20);
      scene.server.signal('SIGSTOP');
      const { acknowledged } = await load.talking(12_000);
      scene.server.signal('SIGCONT');
      const fromMs = performance.now();
      await load.acknowledging(1, BOUND.wakingMs);
      noteMeasured('stood still for 12 s', { wakingMs: Math.round(performance.now() - fromMs) });
      await load.acknowledging(100);
      await load.level();
      // What had been answered before may still have been on its way.
      expect(acknowledged).toBeLessThan(20);
      expect(load.kept.filter(({ losses }) => losses === 0)).toEqual([]);
      expect(load.refused).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });

    test.concurrent('[G1.2][P3.5] an event loop that is blocked for a second, again and again: nobody is taken for gone, and nothing is lost', async () => {
      await using scene = await Scene.onOneMachine({}, FAILING_SERVER);
      await using load = await BackgroundLoad.start(scene, { name: 'blocked', perSecond: 60 });
      for (let block = 0; block < scaled(5, 30); block += 1) {
        await load.acknowledging(20);
        await scene.server.failPoints.blockEventLoop(1_000);
      }
      await load.acknowledging(20);
      await load.level();
      noteMeasured('blocked for 1 s', { slowestAnswerMs: load.slowestAnswerMs() });
      expect(load.kept.filter(({ losses }) => losses > 0)).toEqual([]);
      expect(load.refused).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });

    test.concurrent(`[G8.1][P6.4] commits that take 2 s: what is too much is refused with its code, memory grows by less than ${BOUND.stalledMemoryBytes / MEGABYTE} MB, and all of it is through in the end`, async () => {
      await using scene = await Scene.onOneMachine({}, FAILING_SERVER);
      const { talk, anna } = await couple(scene, 'stalled');
      const { conversationId } = talk;
      await using load = await BackgroundLoad.start(scene, { name: 'beside', perSecond: 20 });
      await load.acknowledging(20);
      const flooding = await Promise.all(
        Array.from({ length: 12 }, async (_, at) => scene.connected(anna, `flood${at}`)),
      );
      const beforeBytes = residentBytes([scene.server.pid]);
      await scene.server.failPoints.arm('stall-commits', 2_000);
      const said = flooding.flatMap((device) =>
        Array.from({ length: 1_100 }, async () => device.say(conversationId, `m ${crypto.randomUUID()}`)),
      );
      const codes = (): ReadonlySet<string> =>
        new Set(
          scene.history.attempts.flatMap(({ outcome }) => (outcome.kind === 'refused' ? [outcome.code] : [])),
        );
      await lookUntil(20_000, () => {
        expect([...codes()]).toContain('unavailable');
        expect([...codes()]).toContain('rate_limited');
      });
      const memoryBytes = residentBytes([scene.server.pid]) - beforeBytes;
      await scene.server.failPoints.disarm('stall-commits');
      const outcomes = await Promise.all(said);
      await load.level();
      expect(outcomes.filter(({ kind }) => kind !== 'accepted')).toEqual([]);
      expect([...codes()].toSorted()).toEqual(['after_previous', 'rate_limited', 'unavailable']);
      noteMeasured('commits of 2 s', { memoryBytes, slowestAnswerMs: load.slowestAnswerMs() });
      expect(memoryBytes).toBeLessThan(BOUND.stalledMemoryBytes);
      expect(load.refused).toEqual([]);
      expect(load.kept.filter(({ losses }) => losses > 0)).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });
  });

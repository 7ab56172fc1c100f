import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { BackgroundLoad } from '../fleet/background-load.ts';
import { BreakableFleet, type BreakableGateway } from '../fleet/breakable-fleet.ts';
import { type Delivery, slowestAnswerMs, slowestOf } from '../fleet/deliveries.ts';
import type { KeptDevice } from '../fleet/kept-device.ts';
import { noteMeasured } from '../fleet/measured.ts';
import { wholeAgain } from '../fleet/whole-again.ts';
import type { History } from '../history.ts';
import { CLEAR, type Course } from '../proxy/flow.ts';
import type { TcpProxy } from '../proxy/tcp-proxy.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene } from '../scene.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(180_000));

const BOUND = {
  /** Without Redis two nodes write what the lone one takes for its own, by turns. */
  turnsMs: 15_000,
  /** What a node owned that has no store is written by others: at once where it says so, else after 2 s, every 7 s. */
  answerMs: 8_000,
  /** The log is looked through every second as long as a node may miss something. */
  deliveryMs: 5_000,
  /** After the way is open: leases, rows and links are as they were. */
  wholeAgainMs: 15_000,
  /** After the store is there: its connections are made anew, and what waits is decided. */
  decidedMs: 20_000,
} as const;

const LEASE_MS = 10_000;
const SILENT: Course = { toServer: { passage: 'held' }, toClient: { passage: 'held' } };

/** What was first said from these devices at or after a moment. */
function saidBy({ attempts }: History, kept: readonly KeptDevice[], fromMs: number) {
  const connections = new Set(kept.map(({ device }) => device.connection.name));
  return attempts.filter(
    ({ connection, invokedAtMs }) => connections.has(connection) && invokedAtMs >= fromMs,
  );
}

const named = (kept: readonly KeptDevice[]): ReadonlySet<string> =>
  new Set(kept.map(({ device }) => device.name));

function between(deliveries: readonly Delivery[], fromMs: number, toMs: number): readonly Delivery[] {
  return deliveries.filter(({ acknowledgedAtMs }) => acknowledgedAtMs >= fromMs && acknowledgedAtMs <= toMs);
}

type Separation = {
  readonly how: string;
  readonly durationMs: number;
  readonly part: (way: TcpProxy) => void;
};

/** As by a switch that drops everything: what was sent before arrives once it is mended, however late. */
const silence = (way: TcpProxy): void => way.set(SILENT);

/** As by a machine that is down: connections break, and new ones are refused. */
function refusal(way: TcpProxy): void {
  way.refuse();
  way.cut('reset');
}

async function mend(way: TcpProxy): Promise<void> {
  way.set(CLEAR);
  await way.accept();
}

if (isOnFleet)
  describe('one gateway is cut off from what it shares with the others', () => {
    test(`[G9.1][G9.2] from Redis, past its lease and back: all send on and are answered within ${BOUND.turnsMs} ms, hear of it within ${BOUND.deliveryMs} ms, and no route is split afterwards`, async () => {
      await using scene = new Scene(await BreakableFleet.start());
      await using load = await BackgroundLoad.start(scene, { name: 'lone', perSecond: 60 });
      const lone: BreakableGateway = scene.server.gateway(0);
      const its = load.keptAt(0);
      await load.acknowledging(20);
      const fromMs = performance.now();
      silence(lone.redis.tcp);
      const during = await load.talking(Math.max(LEASE_MS + 3_000, scaled(20_000, 30_000)));
      const said = saidBy(scene.history, its, fromMs);
      await mend(lone.redis.tcp);
      const toMs = performance.now();
      const wholeAgainMs = await wholeAgain(scene.server, load, BOUND.wholeAgainMs);
      await load.level();
      const deliveries = between(load.deliveries(), fromMs, toMs);
      const slowest = {
        toIts: slowestOf(deliveries.filter(({ device }) => named(its).has(device))),
        toOthers: slowestOf(deliveries.filter(({ device }) => !named(its).has(device))),
        later: slowestOf(between(load.deliveries(), toMs, Infinity)),
      };
      const answered = said.filter(({ outcome }) => outcome.kind === 'accepted').length;
      const answerMs = slowestAnswerMs(scene.history.attempts);
      noteMeasured('cut off from Redis', { during, answered, answerMs, wholeAgainMs, slowest });
      expect(answered).toBeGreaterThan(0);
      expect(answerMs).toBeLessThan(BOUND.turnsMs);
      expect(load.closes).toEqual([]);
      for (const one of Object.values(slowest)) expect(one?.delayMs).toBeLessThan(BOUND.deliveryMs);
      expect(load.refused).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });

    const separations: readonly Separation[] = [
      {
        how: 'which falls silent',
        durationMs: Math.max(7_000, scaled(15_000, 30_000)),
        part: silence,
      },
      { how: 'which refuses it', durationMs: Math.max(2_000, scaled(15_000, 30_000)), part: refusal },
    ];
    test.each(separations)(
      `[G1.1][G1.4][G2.3] from the store, $how: what is said through the others is answered within ${BOUND.answerMs} ms, and what it cannot decide waits`,
      async ({ how, durationMs, part }) => {
        await using scene = new Scene(await BreakableFleet.start());
        await using load = await BackgroundLoad.start(scene, { name: 'storeless', perSecond: 60 });
        const { store } = scene.server.gateway(0);
        const its = load.keptAt(0);
        const others = load.kept.filter((kept) => !its.includes(kept));
        await load.acknowledging(20);
        const fromMs = performance.now();
        part(store);
        const during = await load.talking(durationMs);
        await mend(store);
        const mendedAtMs = performance.now();
        await load.level();
        const decidedMs = Math.round(performance.now() - mendedAtMs);
        const answerMs = {
          ofIts: slowestAnswerMs(saidBy(scene.history, its, fromMs)),
          ofOthers: slowestAnswerMs(saidBy(scene.history, others, fromMs)),
        };
        const losses = load.kept.reduce((sum, kept) => sum + kept.losses, 0);
        noteMeasured(`cut off from a store ${how}`, { during, answerMs, decidedMs, losses });
        expect(answerMs.ofOthers).toBeLessThan(BOUND.answerMs);
        expect(decidedMs).toBeLessThan(BOUND.decidedMs);
        expect(load.refused).toEqual([]);
        expect(await scene.breaches()).toEqual([]);
      },
    );
  });

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { passed } from '../deadline.ts';
import { BackgroundLoad } from '../fleet/background-load.ts';
import { slowestOf } from '../fleet/deliveries.ts';
import { BreakableFleet } from '../fleet/breakable-fleet.ts';
import type { FleetProcess } from '../fleet/fleet-process.ts';
import { noteMeasured } from '../fleet/measured.ts';
import { redisCommand } from '../fleet/redis-command.ts';
import { wholeAgain } from '../fleet/whole-again.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene } from '../scene.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(120_000));

/** While sends are committed by turns instead of by their owner, and no longer than that. */
const SILENCE_MS_MAX = 5_000;
/** A link that says nothing for 1.5 s is down, and then what was lost is asked for. */
const REPAIR_MS = 3_000;

const STALE_COPY = {
  /** Besides the time in which others connect. */
  behindMs: 2_000,
  delayMsMax: REPAIR_MS,
  /** Nodes write their rows again, and read each other's leases. */
  wholeAgainMsMax: 15_000,
} as const;

type Trouble = {
  readonly what: string;
  /** Until when a message that was acknowledged meanwhile may take to reach a connected device. */
  readonly delayMsMax: number;
  readonly make: (server: FleetProcess) => Promise<void>;
};

const TROUBLES: readonly Trouble[] = [
  {
    what: 'is killed, is away for a while and comes back empty',
    delayMsMax: REPAIR_MS,
    make: async ({ redis }) => {
      await redis.kill();
      await passed(Math.max(4_000, scaled(5_000, 20_000)));
      await redis.start();
    },
  },
  {
    what: 'loses its memory (FLUSHALL)',
    delayMsMax: REPAIR_MS,
    make: async ({ redis }) => {
      expect(await redisCommand(redis.port, 'FLUSHALL')).toBe('+OK');
    },
  },
  {
    what: 'stands still for 5 s (SIGSTOP)',
    delayMsMax: REPAIR_MS,
    make: async ({ redis }) => {
      redis.pause();
      await passed(5_000);
      redis.resume();
    },
  },
  {
    what: 'cuts all subscriptions every second (CLIENT KILL TYPE pubsub)',
    delayMsMax: REPAIR_MS,
    make: async ({ redis }) => {
      for (let kill = 0; kill < Math.max(4, scaled(10, 20)); kill += 1) {
        await redisCommand(redis.port, 'CLIENT KILL TYPE pubsub');
        await passed(1_000);
      }
    },
  },
];

if (isOnFleet)
  describe('a Redis that fails its fleet', () => {
    test.each(TROUBLES)(
      '[G9.1][G9.2] Redis $what: sends go on being acknowledged, and who is connected gets them soon',
      async ({ what, delayMsMax, make }) => {
        await using scene = await Scene.onFleet();
        await using load = await BackgroundLoad.start(scene, { name: 'redis', perSecond: 60 });
        await load.acknowledging(50);
        const made = make(scene.server);
        const during = await load.talking(6_000);
        await made;
        const after = await load.talking(4_000);
        await load.level();
        const slowest = slowestOf(load.deliveries());
        noteMeasured(`Redis ${what}`, { during, after, slowest, slowestAnswerMs: load.slowestAnswerMs() });
        expect(during.silenceMs).toBeLessThan(SILENCE_MS_MAX);
        expect(load.closes).toEqual([]);
        expect(slowest?.delayMs).toBeLessThan(delayMsMax);
        expect(load.refused).toEqual([]);
        expect(await scene.breaches()).toEqual([]);
      },
    );

    test(`[G9.1][G9.2][REG4] Redis dies, and a copy from before others came takes its place: sends go on being acknowledged, and who is connected gets them within ${STALE_COPY.delayMsMax} ms`, async () => {
      await using scene = new Scene(await BreakableFleet.start());
      await using load = await BackgroundLoad.start(scene, { name: 'copied', perSecond: 40 });
      await load.acknowledging(20);
      await scene.server.copyRedis();
      // Of their sessions the copy knows nothing.
      await using later = await BackgroundLoad.start(scene, { name: 'later', perSecond: 20 });
      await later.talking(STALE_COPY.behindMs);
      await scene.server.failOverRedis();
      const during = await load.talking(Math.max(3_000, scaled(6_000, 20_000)));
      const wholeAgainMs = await wholeAgain(scene.server, load, STALE_COPY.wholeAgainMsMax);
      await load.level();
      await later.level();
      const slowest = slowestOf([...load.deliveries(), ...later.deliveries()]);
      const slowestAnswerMs = load.slowestAnswerMs();
      noteMeasured('Redis falls over to an old copy', { during, wholeAgainMs, slowest, slowestAnswerMs });
      expect(during.silenceMs).toBeLessThan(SILENCE_MS_MAX);
      expect(slowest?.delayMs).toBeLessThan(STALE_COPY.delayMsMax);
      for (const one of [load, later]) {
        expect(one.closes).toEqual([]);
        expect(one.refused).toEqual([]);
      }
      expect(await scene.breaches()).toEqual([]);
    });
  });

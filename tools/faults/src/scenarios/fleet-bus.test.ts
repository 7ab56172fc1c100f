import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { BackgroundLoad } from '../fleet/background-load.ts';
import { BreakableFleet } from '../fleet/breakable-fleet.ts';
import { slowestOf } from '../fleet/deliveries.ts';
import { noteMeasured } from '../fleet/measured.ts';
import {
  both,
  delaying,
  doubling,
  losing,
  losingLastOfBurst,
  type MessageFault,
  shuffling,
} from '../redis-proxy/message-fault.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene } from '../scene.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(120_000));

type Trouble = {
  readonly what: string;
  readonly make: () => MessageFault;
  /** Until when a message that was acknowledged meanwhile may take to reach a connected device. */
  readonly delayMsMax: number;
};

/** While sends are committed by turns instead of by their owner, and no longer than that. */
const SILENCE_MS_MAX = 5_000;
/** A link tells how far it is every 0.4 s; what is missing is asked for, and given up after 0.9 s. */
const REPAIR_MS = 3_000;

const TROUBLES: readonly Trouble[] = [
  {
    what: 'one of 100 is lost, and besides the last of each burst',
    make: () => both(losing(0.01), losingLastOfBurst(30)),
    delayMsMax: REPAIR_MS,
  },
  {
    what: 'all come 200 ms late, one of 20 twice, and others overtake them within 200 ms',
    make: () => both(delaying(200), both(doubling(0.05, 200), shuffling(200))),
    delayMsMax: REPAIR_MS,
  },
];

if (isOnFleet)
  describe('what nodes say to each other is harmed on its way', () => {
    test.each(TROUBLES)(
      '[BUS1][BUS4][G9.2] $what: sends go on being acknowledged, and who is connected gets everything, in order, within $delayMsMax ms',
      async ({ what, make, delayMsMax }) => {
        await using scene = new Scene(await BreakableFleet.start());
        const { breakable } = scene.server;
        await using load = await BackgroundLoad.start(scene, { name: 'bus', perSecond: 60 });
        await load.acknowledging(20);
        const faults = breakable.map(() => make());
        breakable.forEach(({ redis }, at) => redis.harm(faults[at] ?? null));
        const during = await load.talking(Math.max(3_000, scaled(20_000, 120_000)));
        await load.level();
        breakable.forEach(({ redis }) => redis.harm(null));
        const harmed = faults.map((fault) => fault.harmed);
        const slowest = slowestOf(load.deliveries());
        const slowestAnswerMs = load.slowestAnswerMs();
        noteMeasured(`between nodes ${what}`, { during, harmed, slowest, slowestAnswerMs });
        expect(Math.min(...harmed)).toBeGreaterThan(0);
        expect(during.silenceMs).toBeLessThan(SILENCE_MS_MAX);
        expect(load.closes).toEqual([]);
        expect(slowest?.delayMs).toBeLessThan(delayMsMax);
        expect(load.refused).toEqual([]);
        expect(await scene.breaches()).toEqual([]);
      },
    );
  });

import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { BackgroundLoad } from '../fleet/background-load.ts';
import { slowestOf } from '../fleet/deliveries.ts';
import { EarlyMessages } from '../fleet/early-messages.ts';
import { noteMeasured } from '../fleet/measured.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene } from '../scene.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(180_000));

const LEASE_MS = 10_000;
/** A link between gateways that says nothing for 1.5 s is down; then what was lost is asked for. */
const REPAIR_MS = 3_000;
/** A moment, on a machine that is busy: a device that is sent away finds another gateway at once. */
const AWAY_MS_MAX = 10_000;

if (isOnFleet)
  describe('gateways that die, stand still and are restarted', () => {
    test('[G1.2][G3.1][G9.2] kill -9 of one gateway after the other, five times: what was acknowledged is there, once, everywhere', async () => {
      await using scene = await Scene.onFleet();
      await using load = await BackgroundLoad.start(scene, { name: 'killed', perSecond: 60 });
      const early = await EarlyMessages.say(load);
      for (let kill = 0; kill < 5; kill += 1) {
        await load.acknowledging(20);
        await scene.server.kill();
        await load.acknowledging(100);
        await scene.server.start();
      }
      await load.level();
      noteMeasured('five kills', { awayMs: Math.max(...load.kept.map(({ awayMs }) => awayMs)) });
      expect(load.refused).toEqual([]);
      expect(await early.answeredOtherwise()).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });

    test('[G9.2] a gateway that dies again and again, at whatever it was doing: who is connected elsewhere gets everything acknowledged within its lease and 3 s', async () => {
      await using scene = await Scene.onFleet();
      await using load = await BackgroundLoad.start(scene, { name: 'dying', perSecond: 60 });
      const dying = scene.server.node(0);
      for (let kill = 0; kill < scaled(20, 100); kill += 1) {
        await load.acknowledging(5 + ((kill * 7) % 11));
        await dying.kill();
        await dying.start();
      }
      await load.level();
      const elsewhere = load.kept.filter(({ losses }) => losses === 0);
      expect(elsewhere.length).toBeGreaterThan(load.kept.length / 3);
      const slowest = slowestOf(load.deliveries());
      noteMeasured('dying again and again', { slowest });
      expect(slowest?.delayMs).toBeLessThan(LEASE_MS + REPAIR_MS);
      expect(load.refused).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });

    test('[G2.3][G4.6][G9.2] a gateway that stands still past its lease and goes on (SIGSTOP, SIGCONT) doubles nothing; its devices come level elsewhere', async () => {
      await using scene = await Scene.onFleet();
      await using load = await BackgroundLoad.start(scene, { name: 'still', perSecond: 60 });
      const early = await EarlyMessages.say(load);
      await load.acknowledging(20);
      const still = scene.server.node(0);
      still.pause();
      const talking = await load.talking(LEASE_MS + 2_000);
      const left = load.kept.filter(({ losses }) => losses > 0);
      still.resume();
      await load.acknowledging(100);
      await load.level();
      const slowest = slowestOf(load.deliveries());
      noteMeasured('standing still', { ...talking, slowest });
      expect(talking.acknowledged).toBeGreaterThan(0);
      expect(left.length).toBe(load.kept.length / 3);
      expect(slowest?.delayMs).toBeLessThan(LEASE_MS + REPAIR_MS);
      expect(load.refused).toEqual([]);
      expect(await early.answeredOtherwise()).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });

    test('[G9.5][P3.6] a rolling restart under load: no send fails, and nobody is away for longer than a moment', async () => {
      await using scene = await Scene.onFleet();
      await using load = await BackgroundLoad.start(scene, { name: 'rolling', perSecond: 60 });
      for (const node of scene.server.nodes) {
        await load.acknowledging(50);
        await node.restart();
      }
      await load.acknowledging(50);
      await load.level();
      const awayMs = Math.max(...load.kept.map(({ awayMs: one }) => one));
      const toldToGo = load.kept.filter(({ device }) => device.heard.some(({ type }) => type === 'drain'));
      noteMeasured('rolling restart', { awayMs, slowestAnswer: load.slowestAnswerMs() });
      expect(toldToGo.length).toBeGreaterThanOrEqual(load.kept.length / 3);
      expect(awayMs).toBeLessThan(AWAY_MS_MAX);
      expect(load.refused).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });
  });

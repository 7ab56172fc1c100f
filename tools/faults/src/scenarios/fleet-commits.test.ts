import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { lookUntil, passed } from '../deadline.ts';
import { BackgroundLoad } from '../fleet/background-load.ts';
import { BreakableFleet, type BreakableGateway } from '../fleet/breakable-fleet.ts';
import { slowestOf } from '../fleet/deliveries.ts';
import { EarlyMessages } from '../fleet/early-messages.ts';
import { noteMeasured } from '../fleet/measured.ts';
import { ANSWERS_LOST, BLACK_HOLE, CLEAR } from '../proxy/flow.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene } from '../scene.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(180_000));

const BOUND = {
  /** Where several nodes write one conversation, or do not know what became of a commit. */
  answerMs: 15_000,
  /** A node that died is missed when its lease ends; then the log is looked through. */
  deliveryMs: 13_000,
} as const;

const POINTS = ['kill-after-commit', 'kill-before-publish'] as const;
/** From arming a fail point that kills to the next commit of that gateway. */
const DIES_MS_MAX = 20_000;
const PAST_SEAM = 1_020;

/** For a while no answer of the store comes back to these gateways; then their connections break. */
async function loseAnswers(
  gateways: readonly BreakableGateway[],
  durationMs: number,
  course = ANSWERS_LOST,
): Promise<void> {
  for (const { store } of gateways) store.set(course);
  await passed(durationMs);
  for (const { store } of gateways) {
    store.cut('reset');
    store.set(CLEAR);
  }
}

if (isOnFleet)
  describe('commits of which a fleet does not know what became', () => {
    test(`[G2.1][G2.3] every gateway takes itself for the owner of everything: dense, nothing overwritten, all answered within ${BOUND.answerMs} ms`, async () => {
      await using scene = new Scene(await BreakableFleet.start());
      const { breakable } = scene.server;
      await using load = await BackgroundLoad.start(scene, { name: 'owners', perSecond: 60 });
      await load.acknowledging(20);
      for (const { failPoints } of breakable) await failPoints.arm('own-everything');
      const during = await load.talking(Math.max(5_000, scaled(20_000, 60_000)));
      for (const { failPoints } of breakable) await failPoints.disarm('own-everything');
      await load.level();
      const strikes = await Promise.all(
        breakable.map(async ({ failPoints }) => failPoints.strikes('own-everything')),
      );
      const slowest = slowestOf(load.deliveries());
      const slowestAnswerMs = load.slowestAnswerMs();
      noteMeasured('every gateway an owner', { during, slowest, slowestAnswerMs, strikes });
      expect(Math.min(...strikes)).toBeGreaterThan(0);
      expect(slowestAnswerMs).toBeLessThan(BOUND.answerMs);
      expect(load.refused).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });

    const losers = [
      { whose: 'one gateway', count: 1 },
      { whose: 'all gateways', count: 3 },
    ];
    test.each(losers)(
      `[G1.4][G2.1][G3.1] what the store answers to $whose is lost, and sometimes what they ask, again and again: nothing twice, nothing lost, all decided within ${BOUND.answerMs} ms of the last time`,
      async ({ whose, count }) => {
        await using scene = new Scene(await BreakableFleet.start());
        const harmed = scene.server.breakable.slice(0, count);
        await using load = await BackgroundLoad.start(scene, { name: 'unheard', perSecond: 60 });
        await load.acknowledging(20);
        for (let loss = 0; loss < Math.max(4, scaled(10, 40)); loss += 1) {
          // By turns what they ask is done, or never comes to the store: they cannot tell which.
          await loseAnswers(harmed, 400, loss % 2 === 0 ? ANSWERS_LOST : BLACK_HOLE);
          await load.acknowledging(10);
        }
        const fromMs = performance.now();
        await load.level();
        const decidedMs = Math.round(performance.now() - fromMs);
        const slowest = slowestOf(load.deliveries());
        noteMeasured(`answers to ${whose} lost`, {
          decidedMs,
          slowest,
          slowestAnswerMs: load.slowestAnswerMs(),
        });
        expect(decidedMs).toBeLessThan(BOUND.answerMs);
        expect(load.closes).toEqual([]);
        expect(load.refused).toEqual([]);
        expect(await scene.breaches()).toEqual([]);
      },
    );

    test(`[G1.2][G3.1][G9.2] a gateway dies between commit and acknowledgement, and between commit and publication: what is said again through another one has its one place, and who is connected elsewhere gets all within ${BOUND.deliveryMs} ms`, async () => {
      await using scene = new Scene(await BreakableFleet.start());
      await using load = await BackgroundLoad.start(scene, { name: 'between', perSecond: 60 });
      const { process: dying, failPoints } = scene.server.gateway(0);
      for (let kill = 0; kill < Math.max(4, scaled(10, 100)); kill += 1) {
        await load.acknowledging(5);
        await failPoints.arm(POINTS[kill % POINTS.length] ?? 'kill-after-commit', 1 + (kill % 3));
        await lookUntil(DIES_MS_MAX, async () => expect(dying.process.state).toBe('down'));
        // They are over their connections to it, and have said again what it did not answer.
        await load.acknowledging(20);
        await dying.start();
      }
      await load.level();
      const steady = load.kept.filter(({ losses }) => losses === 0);
      const saidAgain = scene.history.attempts.filter(
        ({ outcome }) => outcome.kind === 'accepted' && outcome.isDuplicate,
      );
      const slowest = slowestOf(load.deliveries());
      noteMeasured('killed between', { slowest, saidAgain: saidAgain.length, steady: steady.length });
      expect(saidAgain.length).toBeGreaterThan(0);
      expect(steady.length).toBeGreaterThan(load.kept.length / 3);
      expect(slowest?.delayMs).toBeLessThan(BOUND.deliveryMs);
      expect(load.refused).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });

    test(`[G2.1][G2.3][G1.4] a log grows over the seam of two parts (1,000 events) while everybody writes it, answers are lost, and a gateway dies: dense there as everywhere`, async () => {
      await using scene = new Scene(await BreakableFleet.start());
      const { breakable } = scene.server;
      await using load = await BackgroundLoad.start(scene, { name: 'seam', perSecond: 0 });
      const early = await EarlyMessages.say(load);
      load.perSecond = 60;
      const [reader] = load.kept;
      const head = (): number => reader?.device.copy(load.hot.conversationId).lastSequence ?? 0;
      for (const { failPoints } of breakable) await failPoints.arm('own-everything');
      const before = head();
      let losses = 0;
      for (; head() < PAST_SEAM; losses += 1) {
        await loseAnswers([scene.server.gateway(losses)], 300);
        await load.acknowledging(5);
        if (losses === 1) await scene.server.gateway(2).process.kill();
        if (losses === 3) await scene.server.gateway(2).process.start();
      }
      await scene.server.start();
      await load.level();
      noteMeasured('over a seam', { before, losses, slowestAnswerMs: load.slowestAnswerMs() });
      expect(before).toBeLessThan(1_000);
      expect(losses).toBeGreaterThan(1);
      expect(load.refused).toEqual([]);
      expect(await early.answeredOtherwise()).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });
  });

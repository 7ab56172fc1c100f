import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { couple } from '../couple.ts';
import { BackgroundLoad } from '../fleet/background-load.ts';
import { slowestOf } from '../fleet/deliveries.ts';
import type { Outcome } from '../history.ts';
import type { Message } from '../outbox.ts';
import type { Device } from '../raw-client.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene } from '../scene.ts';
import { FAILING_SERVER, type ServerProcess } from '../server-process.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(90_000));

const BOUND = {
  /** A silent loss is looked for every 5 s, and then asked for. */
  lostDeliveryMs: 12_000,
} as const;

async function scene(): Promise<Scene<ServerProcess>> {
  return Scene.onOneMachine({}, FAILING_SERVER);
}

/** Says so many messages, two unanswered at a time, so that they take several commits. */
async function sayByTwos(
  device: Device,
  conversationId: string,
  count: number,
): Promise<ReadonlyMap<Message, Outcome>> {
  const outcomes = new Map<Message, Outcome>();
  let said = 0;
  const work = async (): Promise<void> => {
    while (said < count) {
      said += 1;
      const clientMessageId = crypto.randomUUID();
      const message = { conversationId, clientMessageId, body: `m ${clientMessageId}`, extra: {} };
      outcomes.set(message, await device.outbox.submit(message));
    }
  };
  await Promise.all([work(), work()]);
  return outcomes;
}

if (!isOnFleet)
  describe('a server that dies or errs between its rules and their parts', () => {
    test.concurrent('[G1.2][G3.1] kill -9 between commit and acknowledgement, at one commit after the other: every retry gets the one place', async () => {
      await using here = await scene();
      const { server } = here;
      const { anna, talk, speaker, reader } = await couple(here, 'unanswered');
      const { conversationId } = talk;
      const laptop = await here.connected(anna, 'laptop');
      for (let round = 0; round < scaled(6, 200); round += 1) {
        await server.failPoints.arm('kill-after-commit', 1 + (round % 4));
        const said = sayByTwos(speaker, conversationId, 12);
        await server.ended();
        const pending = new Set(speaker.outbox.pending().map(([, clientMessageId]) => clientMessageId));
        await server.start();
        await laptop.connect();
        // What was never answered is said again from another device, before the first one asks what became of it.
        const unanswered = here.history.attempts.filter(({ clientMessageId }) =>
          pending.has(clientMessageId),
        );
        const again = await Promise.all(
          unanswered.map(async ({ clientMessageId, body }) =>
            laptop.outbox.submit({ conversationId, clientMessageId, body, extra: {} }),
          ),
        );
        expect(again.some((outcome) => outcome.kind === 'accepted' && outcome.isDuplicate)).toBe(true);
        await speaker.connect();
        const outcomes = await said;
        for (const [message, first] of outcomes) {
          const at = unanswered.findIndex(
            ({ clientMessageId }) => clientMessageId === message.clientMessageId,
          );
          const second = again[at];
          if (second?.kind !== 'accepted') continue;
          expect(first).toMatchObject({
            messageId: second.messageId,
            sequence: second.sequence,
            isDuplicate: true,
          });
        }
        await reader.connect();
      }
      await reader.reach(conversationId, (await here.log(talk)).events.length);
      expect(await here.breaches()).toEqual([]);
    });

    test.concurrent('[G1.2][G4.1] kill -9 between acknowledgement and publication: who was connected learns of it from the next resume', async () => {
      await using here = await scene();
      const { server } = here;
      const { talk, speaker, reader } = await couple(here, 'unpublished');
      const { conversationId } = talk;
      for (let round = 0; round < scaled(4, 100); round += 1) {
        await server.failPoints.arm('kill-before-publish');
        const outcome = await speaker.say(conversationId, `m ${crypto.randomUUID()}`);
        if (outcome.kind !== 'accepted') throw new Error(`refused: ${JSON.stringify(outcome)}`);
        await server.ended();
        expect(reader.copy(conversationId).lastSequence).toBe(outcome.sequence - 1);
        await server.start();
        await Promise.all([speaker.connect(), reader.connect()]);
        await reader.reach(conversationId, outcome.sequence);
      }
      expect(reader.copy(conversationId).resets).toBe(0);
      expect(await here.breaches()).toEqual([]);
    });

    test.concurrent('[G1.4][G2.1][G3.1] a store that does not know what became of commits, applied or not: no hole, no double, nothing lost', async () => {
      await using here = await scene();
      const { failPoints } = here.server;
      await using load = await BackgroundLoad.start(here, { name: 'unknown', perSecond: 150 });
      await failPoints.arm('lose-commit-answers', 2);
      await failPoints.arm('lose-commits', 3);
      await load.acknowledging(scaled(300));
      expect(await failPoints.strikes('lose-commit-answers')).toBeGreaterThan(10);
      expect(await failPoints.strikes('lose-commits')).toBeGreaterThan(10);
      await failPoints.disarm('lose-commit-answers');
      await failPoints.disarm('lose-commits');
      await load.level();
      expect(load.refused).toEqual([]);
      expect(load.kept.filter(({ losses }) => losses > 0)).toEqual([]);
      expect(await here.breaches()).toEqual([]);
    });

    test.concurrent(`[G9.2][P5.2] envelopes that are lost without a word, or come twice: every connected device has all within ${BOUND.lostDeliveryMs / 1000} s, each event once`, async () => {
      await using here = await scene();
      const { failPoints } = here.server;
      await using load = await BackgroundLoad.start(here, { name: 'lossy', perSecond: 60 });
      // Every fourth comes twice, so that what is lost is not always the second of two.
      await failPoints.arm('drop-publications', 3);
      await failPoints.arm('duplicate-publications', 4);
      await load.acknowledging(scaled(200));
      await load.level();
      await failPoints.disarm('drop-publications');
      expect(await failPoints.strikes('drop-publications')).toBeGreaterThan(10);
      expect(await failPoints.strikes('duplicate-publications')).toBeGreaterThan(10);
      expect(load.kept.filter(({ losses }) => losses > 0)).toEqual([]);
      expect(slowestOf(load.deliveries())?.delayMs).toBeLessThan(BOUND.lostDeliveryMs);
      expect(await here.breaches()).toEqual([]);
    });
  });

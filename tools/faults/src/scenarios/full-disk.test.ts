import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { lookUntil } from '../deadline.ts';
import { BackgroundLoad } from '../fleet/background-load.ts';
import { noteMeasured } from '../fleet/measured.ts';
import type { History } from '../history.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene } from '../scene.ts';
import { canMount, SERVER_ON_SMALL_DISK, SmallDisk } from '../small-disk.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(90_000));

const BOUND = {
  /** From the moment when there is room again to the first acknowledgement. */
  recoveryMs: 5_000,
} as const;

/** What a send may be refused with meanwhile: it goes again, and what was said behind it. */
const CODES: ReadonlySet<string> = new Set(['unavailable', 'after_previous']);

function refusalsIn({ attempts }: History): readonly string[] {
  return attempts.flatMap(({ outcome }) => (outcome.kind === 'refused' ? [outcome.code] : []));
}

if (!isOnFleet)
  describe('a whole server whose disk is full for a while', () => {
    test.skipIf(!canMount())(
      `[G1.3][G4.1] sends are refused, reads and resumes go on, and within ${BOUND.recoveryMs / 1000} s of room it takes sends again, without a restart (needs unshare with mounts)`,
      async () => {
        await using scene = await Scene.onOneMachine({}, SERVER_ON_SMALL_DISK);
        const disk = new SmallDisk(scene.server);
        const { pid } = scene.server;
        await using load = await BackgroundLoad.start(scene, { name: 'full', perSecond: 100 });
        const late = await scene.connected(load.hot.owner, 'late');
        await late.disconnect();
        for (let round = 0; round < scaled(2, 20); round += 1) {
          await load.acknowledging(50);
          const before = refusalsIn(scene.history).length;
          await disk.fill();
          await lookUntil(20_000, () => {
            expect(refusalsIn(scene.history).length).toBeGreaterThan(before + 30);
            return Promise.resolve();
          });
          expect(await disk.freeBytes()).toBe(0);
          const path = `/v1/conversations/${load.hot.conversationId}/messages`;
          const body = { clientMessageId: crypto.randomUUID(), body: 'no room for this' };
          const refused = await load.hot.owner.http.call({ method: 'POST', path, body });
          expect([refused.status, refused.json['code']]).toEqual([503, 'unavailable']);
          const { events } = await scene.log(load.hot);
          await late.connect();
          await late.reach(load.hot.conversationId, events.length);
          await late.disconnect();
          await disk.free();
          const fromMs = performance.now();
          await load.acknowledging(1, BOUND.recoveryMs);
          noteMeasured('full disk', { recoveryMs: Math.round(performance.now() - fromMs) });
        }
        await load.level();
        expect(scene.server.pid).toBe(pid);
        const others = refusalsIn(scene.history).filter((code) => !CODES.has(code));
        expect(others).toEqual([]);
        expect(load.refused).toEqual([]);
        expect(load.kept.filter(({ losses }) => losses > 0)).toEqual([]);
        expect(await scene.breaches()).toEqual([]);
      },
    );
  });

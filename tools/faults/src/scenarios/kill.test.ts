import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { Bell } from '../deadline.ts';
import { BackgroundLoad } from '../fleet/background-load.ts';
import { noteMeasured } from '../fleet/measured.ts';
import type { Device } from '../raw-client.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene, type Talk } from '../scene.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(90_000));

const BOUND = {
  /** From the moment when the server is there again until a device is level, jitter included. */
  awayMs: 5_000,
} as const;

const KILLS = 10;
const IN_FLIGHT = 8;

/** Counts what is acknowledged, and wakes who waits for a count. */
class Tally {
  readonly bell = new Bell();
  count = 0;

  add(): void {
    this.count += 1;
    this.bell.ring();
  }
}

async function saySome(
  device: Device,
  talks: readonly Talk[],
  { count, tally }: { count: number; tally: Tally },
) {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = (next += 1); at <= count; at = next += 1) {
      const talk = talks[at % talks.length];
      if (talk === undefined) throw new Error('nothing to talk in');
      const outcome = await device.say(talk.conversationId, `m ${crypto.randomUUID()}`);
      if (outcome.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
      tally.add();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

test.concurrent('[G1.2][G4.1][G4.3] ten times kill -9 under load: what was acknowledged is there, once, on every device', async () => {
  await using scene = await Scene.start();
  const [anna, ben, ...people] = await scene.people('k', 22);
  if (anna === undefined || ben === undefined) throw new Error('two readers');
  const devices: Device[] = [];
  for (const person of [anna, ben]) {
    for (const name of ['phone', 'laptop', 'tablet']) devices.push(await scene.connected(person, name));
  }
  const hot = await scene.group(anna, [ben, ...people]);
  const each = scaled(250, 1000);
  const tally = new Tally();
  const work = people.map(async (person) => {
    const own = await Promise.all([1, 2, 3].map(async () => scene.group(person, [anna, ben])));
    const device = await scene.connected(person, 'phone');
    devices.push(device);
    return { device, talks: [hot, ...own] };
  });
  const senders = await Promise.all(work);

  const said = Promise.all(
    senders.map(async ({ device, talks }) => saySome(device, talks, { count: each, tally })),
  );
  const step = (each * people.length) / (KILLS + 1);
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await tally.bell.until(
      () => tally.count >= kill * step,
      `${kill * step} acknowledged`,
      patienceMs(30_000),
    );
    await scene.server.kill();
    await scene.server.start();
    await Promise.all(devices.map(async (device) => device.connect()));
  }
  await said;

  for (const talk of scene.talks) {
    const { length } = (await scene.log(talk)).events;
    const followers = devices.filter((device) => device.copies.has(talk.conversationId));
    for (const device of followers) await device.reach(talk.conversationId, length);
  }
  const unknown = scene.history.attempts.filter(({ outcome }) => outcome.kind === 'unknown');
  expect(unknown.length).toBeGreaterThan(0);
  expect(
    devices.reduce(
      (sum, device) => sum + [...device.copies.values()].filter((copy) => copy.resets > 0).length,
      0,
    ),
  ).toBe(0);
  expect(await scene.breaches()).toEqual([]);
});

if (!isOnFleet)
  describe('one server that dies again and again', () => {
    test.concurrent(`[G1.2][G3.1][G4.1] kill -9 every second or two under steady load: devices come back by themselves, level within ${BOUND.awayMs / 1000} s, and what was acknowledged is there once`, async () => {
      await using scene = await Scene.onOneMachine();
      await using load = await BackgroundLoad.start(scene, { name: 'steady', perSecond: 60 });
      let downMs = 0;
      for (let kill = 0; kill < scaled(5, 100); kill += 1) {
        await load.acknowledging(20 + ((kill * 7) % 50));
        const fromMs = performance.now();
        await scene.server.kill();
        await scene.server.start();
        downMs = Math.max(downMs, performance.now() - fromMs);
      }
      await load.acknowledging(20);
      await load.level();
      const awayMs = Math.max(...load.kept.map((kept) => kept.awayMs));
      noteMeasured('killed again and again', { awayMs, downMs });
      expect(load.kept.filter(({ losses }) => losses === 0)).toEqual([]);
      expect(awayMs - downMs).toBeLessThan(BOUND.awayMs);
      expect(load.refused).toEqual([]);
      expect(await scene.breaches()).toEqual([]);
    });
  });

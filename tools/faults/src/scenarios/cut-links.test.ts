import { expect, setDefaultTimeout, test } from 'bun:test';
import { couple } from '../couple.ts';
import { lookUntil, passed } from '../deadline.ts';
import { KeptDevice } from '../fleet/kept-device.ts';
import { noteMeasured } from '../fleet/measured.ts';
import { RandomCuts } from '../proxy/random-cuts.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { Device } from '../raw-client.ts';
import { patienceMs, scaled } from '../scale.ts';
import { sayMany } from '../sayings.ts';
import { Scene, type Person, type Talk } from '../scene.ts';
import { isOnFleet } from '../topology.ts';
import type { LogEvent } from '../wire.ts';

setDefaultTimeout(patienceMs(120_000));

const BOUND = {
  /** From the last cut until a device is level. */
  levelMs: 20_000,
  /** From the last receipt until every device of its user shows the same. */
  receiptsMs: 5_000,
} as const;

/** However small the run is, links are cut so often. */
const CUTS_MIN = 8;

const RETRY_MS = 10;

/** A device that is always on its way back, through the proxy. */
async function keptBehind(
  scene: Scene,
  proxy: TcpProxy,
  { person, name }: { readonly person: Person; readonly name: string },
): Promise<KeptDevice> {
  return KeptDevice.connect(scene.device(person, name, { baseUrl: () => proxy.baseUrl }));
}

/** Says messages until `isEnough`, and gives the highest sequence. */
async function sayUntil({ conversationId }: Talk, speaker: Device, isEnough: () => boolean): Promise<number> {
  let highest = 0;
  while (!isEnough()) highest = Math.max(highest, await sayMany(speaker, conversationId, 8, 4));
  return highest;
}

test.concurrent('[G3.1][G2.1] every send three times on two connections at once, over links that are cut: it is in the log exactly once', async () => {
  await using scene = await Scene.start();
  await using proxy = await TcpProxy.start({ targetPort: scene.server.port });
  const { anna, talk, reader } = await couple(scene, 'retry-storm');
  const { conversationId } = talk;
  const kept = await Promise.all(
    ['mobile', 'tablet'].map(async (name) => keptBehind(scene, proxy, { person: anna, name })),
  );
  const cuts = new RandomCuts(proxy, { seed: 1, bytesMax: 40_000 });
  const count = scaled(200, 4_000);
  let said = 0;
  const storm = async (): Promise<void> => {
    while (said < count || cuts.count < CUTS_MIN) {
      said += 1;
      const clientMessageId = crypto.randomUUID();
      const message = { conversationId, clientMessageId, body: `m ${clientMessageId}`, extra: {} };
      const tries = kept.flatMap(({ device }) => [1, 2, 3].map(async () => device.outbox.submit(message)));
      const outcomes = await Promise.all(tries);
      const places = outcomes.map((outcome) =>
        outcome.kind === 'accepted' ? outcome.messageId : JSON.stringify(outcome),
      );
      expect(new Set(places).size).toBe(1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, storm));
  cuts.stop();
  noteMeasured('three times on two connections', { said, cuts: cuts.count });
  await reader.reach(conversationId, said + 1, BOUND.levelMs);
  expect((await scene.log(talk)).events.length).toBe(said + 1);
  await Promise.all(kept.map(async (one) => one.stop()));
  expect(await scene.breaches()).toEqual([]);
});

test.concurrent(`[G4.1][G4.5] devices whose links are cut at random places, in resumes too, while others talk: no hole, no double, no reset, level within ${BOUND.levelMs / 1000} s of the last cut`, async () => {
  await using scene = await Scene.start();
  await using proxy = await TcpProxy.start({ targetPort: scene.server.port });
  const { anna, ben, talk, speaker } = await couple(scene, 'cut-resume');
  const second = await scene.direct(anna, ben);
  const kept = await Promise.all(
    Array.from({ length: 16 }, async (_, at) => keptBehind(scene, proxy, { person: ben, name: `cut${at}` })),
  );
  for (const { device } of kept) await device.hearing(({ type }) => type === 'caught_up', 'caught_up');
  const cuts = new RandomCuts(proxy, { seed: 2, bytesMax: 30_000 });
  const isEnough = (): boolean => cuts.count >= scaled(200, 10_000);
  const heads = await Promise.all(
    [talk, second].map(async (one) => ({ one, head: await sayUntil(one, speaker, isEnough) })),
  );
  const losses = () => kept.reduce((sum, one) => sum + one.losses, 0);
  cuts.stop();
  for (const { one, head } of heads) {
    for (const { device } of kept) await device.reach(one.conversationId, head, BOUND.levelMs);
  }
  noteMeasured('cut at random places', { cuts: cuts.count, losses: losses() });
  // One resume for each cut at most, and none without one.
  expect(losses()).toBeLessThanOrEqual(cuts.count);
  expect(losses()).toBeGreaterThan(kept.length);
  const copies = kept.flatMap(({ device }) => [...device.copies.values()]);
  expect(copies.filter(({ resets }) => resets > 0)).toEqual([]);
  await Promise.all(kept.map(async (one) => one.stop()));
  expect(await scene.breaches()).toEqual([]);
});

test.concurrent('[G2.1][P10.3] history that is read page by page over links that are cut, while others talk, is the log', async () => {
  await using scene = await Scene.start();
  await using proxy = await TcpProxy.start({ targetPort: scene.server.port });
  const { talk, speaker } = await couple(scene, 'cut-history');
  const { conversationId, owner, first } = talk;
  await sayMany(speaker, conversationId, scaled(600, 5_000), 100);
  const cuts = new RandomCuts(proxy, { seed: 3, bytesMax: 90_000 });
  const through = scene.httpOf(owner.subject, () => proxy.baseUrl);
  let isRead = false;
  const head = sayUntil(talk, speaker, () => isRead);
  for (let round = 0; round < scaled(6, 60) || cuts.count < CUTS_MIN; round += 1) {
    const read: LogEvent[] = [first];
    let isLevel = false;
    while (!isLevel) {
      const page = await through.events(conversationId, read.at(-1)?.eventId).catch(() => null);
      // A page that was cut off is no page: what was applied before it is where the next one begins.
      if (page === null) continue;
      expect(page.isReset).toBe(false);
      read.push(...page.events);
      isLevel = read.length >= scaled(600, 5_000) + 1;
    }
    const ids = read.map(({ eventId }) => eventId);
    const log = (await scene.log(talk)).events.map(({ eventId }) => eventId);
    expect(ids).toEqual(log.slice(0, ids.length));
  }
  isRead = true;
  await head;
  cuts.stop();
  expect(await scene.breaches()).toEqual([]);
});

test.concurrent(`[G6.1][G6.3][P8.3] receipts twice and out of order from three devices over links that are cut: watermarks only rise, and within ${BOUND.receiptsMs / 1000} s of the last one all devices show the same`, async () => {
  await using scene = await Scene.start();
  await using proxy = await TcpProxy.start({ targetPort: scene.server.port });
  const { ben, talk, speaker } = await couple(scene, 'cut-receipts');
  const { conversationId } = talk;
  const kept = await Promise.all(
    ['mobile', 'laptop', 'tablet'].map(async (name) => keptBehind(scene, proxy, { person: ben, name })),
  );
  const cuts = new RandomCuts(proxy, { seed: 4, bytesMax: 20_000 });
  const count = Math.max(40, scaled(200, 2_000));
  const left = 5;
  const read = kept.map(async ({ device }, at) => {
    for (let turn = 0; turn < count / 2 || cuts.count < CUTS_MIN; turn += 1) {
      // Scattered over the log, never in order, and each of them twice.
      const place = 1 + ((turn * 97 + at * 31) % (count - left));
      for (let again = 0; again < 2; again += 1) {
        const asked = device.connection.ask({ type: 'receipt', conversationId, read: place });
        // Whether it was taken is not known; who lost the connection gives it a moment to come back.
        await asked.catch(async () => passed(RETRY_MS));
      }
    }
  });
  const said = sayMany(speaker, conversationId, count, 4);
  await Promise.all([said, ...read]);
  cuts.stop();
  const head = await said;
  for (const { device } of kept) await device.reach(conversationId, head, BOUND.levelMs);

  await ben.http.post('/v1/receipts', {
    messageId: (await scene.log(talk)).events[head - left - 1]?.eventId,
    receiptType: 'read',
  });
  const floorsOf = ({ heard }: Device): readonly number[] =>
    heard.flatMap((frame) => {
      const floor = frame.type === 'receipt_event' ? frame['floor'] : undefined;
      return floor === undefined ? [] : [(floor as { readonly sequence: number }).sequence];
    });
  const fromMs = performance.now();
  await lookUntil(BOUND.receiptsMs, async () => {
    for (const { device } of kept) expect(Math.max(...floorsOf(device))).toBe(head - left);
    expect(await ben.http.summary(conversationId)).toMatchObject({
      unread: left,
      read: { sequence: head - left },
    });
  });
  noteMeasured('the last receipt', { shownMs: Math.round(performance.now() - fromMs), cuts: cuts.count });
  // What one machine tells comes in order; what several gateways tell may cross, and the highest counts.
  for (const { device } of isOnFleet ? [] : kept) {
    expect(floorsOf(device)).toEqual(floorsOf(device).toSorted((a, b) => a - b));
  }
  await Promise.all(kept.map(async (one) => one.stop()));
  expect(await scene.breaches()).toEqual([]);
});

import { expect, setDefaultTimeout, test } from 'bun:test';
import { lookUntil } from '../deadline.ts';
import type { Device } from '../raw-client.ts';
import { patienceMs, scaled } from '../scale.ts';
import { sayMany } from '../sayings.ts';
import { hasManyNodes, receiptSeenMsMax } from '../topology.ts';
import { Scene } from '../scene.ts';

setDefaultTimeout(patienceMs(60_000));

/** Small whole numbers in an order that looks like chance and is the same in every run. */
function scattered(count: number, max: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return 1 + (state % max);
  });
}

/** What one machine tells comes in order; what several nodes tell may cross, and a device keeps the highest. */
function inOrderTold(places: readonly number[]): readonly number[] {
  return hasManyNodes ? places.toSorted((a, b) => a - b) : places;
}

test('[G6.1][G6.2][G6.3][P8.3][P8.4] receipts in any order from three devices: unread is the formula, watermarks only rise', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const ben = await scene.person('ben');
  const speaker = await scene.connected(anna, 'phone');
  const devices: Device[] = [];
  for (const name of ['phone', 'laptop', 'tablet']) devices.push(await scene.connected(ben, name));
  const talk = await scene.direct(anna, ben);
  const { conversationId } = talk;
  for (const device of devices) await device.reach(conversationId, 1);
  const count = scaled(300);
  const places = scattered(count, count * 2);
  const said = sayMany(speaker, conversationId, count, 4);
  const read = devices.map(async (device, index) => {
    for (const place of places.slice(index * 20, index * 20 + Math.floor(count / 3))) {
      await device.connection.ask({ type: 'receipt', conversationId, read: place });
      if (place % 5 === 0) await device.say(conversationId, `own ${crypto.randomUUID()}`);
    }
  });
  await Promise.all([said, ...read]);
  await speaker.say(conversationId, `last ${crypto.randomUUID()}`);
  const { length } = (await scene.log(talk)).events;
  for (const device of devices) await device.reach(conversationId, length);

  for (const device of devices) {
    const floors = device.heard
      .filter((frame) => frame.type === 'receipt_event' && frame['floor'] !== undefined)
      .map((frame) => (frame['floor'] as { readonly sequence: number }).sequence);
    expect(inOrderTold(floors)).toEqual(floors.toSorted((a, b) => a - b));
  }
  const others = speaker.heard.filter(
    (frame) => frame.type === 'receipt_event' && frame['userId'] === ben.userId,
  );
  const reads = others.map((frame) => Number(frame['read'] ?? 0)).filter((place) => place > 0);
  expect(inOrderTold(reads)).toEqual(reads.toSorted((a, b) => a - b));
  expect(others.length).toBeGreaterThan(0);

  await devices[0]?.connection.ask({ type: 'receipt', conversationId, read: 1_000_000 });
  await lookUntil(receiptSeenMsMax, async () => {
    const summary = await ben.http.summary(conversationId);
    expect([summary.unread, summary.read.sequence]).toEqual([0, length]);
  });
  expect(scene.history.unreadClaims.length).toBeGreaterThan(1);
  expect(await scene.breaches()).toEqual([]);
});

test('[P6.6][G6.1] readThrough moves the floor, sending by itself does not', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const ben = await scene.person('ben');
  const speaker = await scene.connected(anna, 'phone');
  const reader = await scene.connected(ben, 'phone');
  const { conversationId } = await scene.direct(anna, ben);
  await sayMany(speaker, conversationId, 10);
  await reader.say(conversationId, `own ${crypto.randomUUID()}`);
  expect(await ben.http.summary(conversationId)).toMatchObject({ unread: 10 });
  await reader.say(conversationId, `own ${crypto.randomUUID()}`, { readThrough: 6 });
  await lookUntil(receiptSeenMsMax, async () =>
    expect(await ben.http.summary(conversationId)).toMatchObject({
      unread: 5,
      read: { sequence: 6, ordinal: 5 },
    }),
  );
  await reader.say(conversationId, `own ${crypto.randomUUID()}`, { readThrough: 3 });
  expect(await ben.http.summary(conversationId)).toMatchObject({ unread: 5 });
  expect(await scene.breaches()).toEqual([]);
});

test('[G6.1][G5.3] who joins late starts with nothing unread, and again after coming back', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const ben = await scene.person('ben');
  const speaker = await scene.connected(anna, 'phone');
  const talk = await scene.group(anna, []);
  await sayMany(speaker, talk.conversationId, 7);
  await anna.http.addMembers(talk.conversationId, [ben.userId]);
  expect(await ben.http.summary(talk.conversationId)).toMatchObject({ unread: 0 });
  await sayMany(speaker, talk.conversationId, 4);
  expect(await ben.http.summary(talk.conversationId)).toMatchObject({ unread: 4 });
  await anna.http.removeMember(talk.conversationId, ben.userId);
  await sayMany(speaker, talk.conversationId, 4);
  await anna.http.addMembers(talk.conversationId, [ben.userId]);
  await sayMany(speaker, talk.conversationId, 2);
  expect(await ben.http.summary(talk.conversationId)).toMatchObject({ unread: 2 });
  const messages = await ben.http.readMessages(talk.conversationId);
  expect(messages.map(({ sequence }) => sequence)).toEqual([20, 21]);
});

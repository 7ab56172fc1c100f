import { expect, setDefaultTimeout, test } from 'bun:test';
import { couple } from '../couple.ts';
import { RawSocket } from '../raw-socket.ts';
import { sayMany } from '../sayings.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene, type Talk } from '../scene.ts';
import { isOnFleet } from '../topology.ts';
import { tokenFor } from '../jwt.ts';

setDefaultTimeout(patienceMs(90_000));

for (const [count, resets] of [
  [5, 0],
  [5000, 0],
  [20_000, 1],
] as const) {
  test(
    `[G4.1][G4.2] a device that missed ${count} messages comes level, with ${resets} resets`,
    async () => {
      await using scene = await Scene.start();
      const { talk, speaker, reader } = await couple(scene, 'missed');
      await sayMany(speaker, talk.conversationId, 3);
      await reader.reach(talk.conversationId, 4);
      await reader.disconnect();
      const head = await sayMany(speaker, talk.conversationId, count, 200);
      await reader.connect();
      const copy = reader.copy(talk.conversationId);
      expect([copy.lastSequence, copy.resets, copy.repeated]).toEqual([head, resets, 0]);
      await sayMany(speaker, talk.conversationId, 3);
      await reader.reach(talk.conversationId, head + 3);
      expect(await scene.breaches()).toEqual([]);
    },
    patienceMs(60_000),
  );
}

test('[G5.1][P4.5] who was removed while away gets everything up to the removal and nothing after it', async () => {
  await using scene = await Scene.start();
  const { ben, talk, speaker, reader } = await couple(scene, 'removed');
  await reader.disconnect();
  await sayMany(speaker, talk.conversationId, 30);
  const [removal] = await talk.owner.http.removeMember(talk.conversationId, ben.userId);
  await sayMany(speaker, talk.conversationId, 30);
  await reader.connect();
  const copy = reader.copy(talk.conversationId);
  expect(removal?.sequence).toBe(32);
  expect([copy.lastSequence, copy.isOver, copy.events.length]).toEqual([32, true, 32]);
  expect(reader.summaries.has(talk.conversationId)).toBe(false);
  expect(await scene.breaches()).toEqual([]);
});

test('[G5.3][P7.5] who was removed and added again while away holds nothing of the time between', async () => {
  await using scene = await Scene.start();
  const { ben, talk, speaker, reader } = await couple(scene, 'again');
  await reader.disconnect();
  await sayMany(speaker, talk.conversationId, 10);
  await talk.owner.http.removeMember(talk.conversationId, ben.userId);
  await sayMany(speaker, talk.conversationId, 10);
  await talk.owner.http.addMembers(talk.conversationId, [ben.userId]);
  const head = await sayMany(speaker, talk.conversationId, 10);
  await reader.connect();
  await reader.reach(talk.conversationId, head);
  await sayMany(speaker, talk.conversationId, 3);
  await reader.reach(talk.conversationId, head + 3);
  expect(await scene.breaches()).toEqual([]);
});

test('[G4.6][P3.4] a connection that reads nothing any more does not delay the one that replaces it', async () => {
  await using scene = await Scene.start();
  const { ben, talk, speaker, reader } = await couple(scene, 'half-open');
  await reader.disconnect();
  const sleeping = await RawSocket.open(scene.server.port);
  await sleeping.next(({ type }) => type === 'hello', 'hello');
  const claims = { deviceId: `${ben.subject}-phone`, instanceId: 'one', client: 'raw/1' };
  sleeping.sendText(JSON.stringify({ type: 'authenticate', token: tokenFor(ben.subject), ...claims }));
  await sleeping.next(({ type }) => type === 'caught_up', 'caught_up');
  sleeping.stopReading();
  await sayMany(speaker, talk.conversationId, scaled(2000));
  const startedAtMs = performance.now();
  await reader.connect();
  expect(performance.now() - startedAtMs).toBeLessThan(3000);
  const head = await sayMany(speaker, talk.conversationId, 5);
  await reader.reach(talk.conversationId, head);
  sleeping.readOn();
  // What is half open at another gateway ends there, by its heartbeat.
  if (!isOnFleet) expect(await sleeping.ended(20_000)).toBe(4301);
  expect(await scene.breaches()).toEqual([]);
});

test('[G4.1][P4.6] of 500 conversations 30 moved while a device was away: it has them all, level', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const ben = await scene.person('ben');
  const speaker = await scene.connected(anna, 'phone');
  const reader = await scene.connected(ben, 'phone');
  const talks: Talk[] = [];
  for (let made = 0; made < 50; made += 1) {
    talks.push(...(await Promise.all(Array.from({ length: 10 }, async () => scene.group(anna, [ben])))));
  }
  await reader.bell.until(
    () => talks.every(({ conversationId }) => reader.copies.has(conversationId)),
    'all 500',
  );
  await reader.disconnect();
  const moved = talks.filter((_, index) => index % 17 === 0);
  expect(moved.length).toBe(30);
  for (const [index, talk] of moved.entries()) await sayMany(speaker, talk.conversationId, 1 + (index % 5));
  await reader.connect();
  expect(reader.summaries.size).toBe(500);
  for (const [index, talk] of moved.entries()) {
    expect(reader.copy(talk.conversationId).lastSequence).toBe(2 + (index % 5));
  }
  expect(await scene.breaches()).toEqual([]);
});

test('[G4.4][P5.6] who was added to a group while offline finds it in the list and in the own log', async () => {
  await using scene = await Scene.start();
  const { anna, talk, speaker } = await couple(scene, 'added');
  const cleo = await scene.person('cleo');
  const device = await scene.connected(cleo, 'phone');
  await device.disconnect();
  await sayMany(speaker, talk.conversationId, 10);
  const [joined] = await anna.http.addMembers(talk.conversationId, [cleo.userId]);
  const head = await sayMany(speaker, talk.conversationId, 10);
  await device.connect();
  await device.reach(device.ownLogId, 1);
  expect(device.summaries.get(talk.conversationId)).toMatchObject({ head: { sequence: head }, unread: 10 });
  expect(device.copy(device.ownLogId).events).toMatchObject([
    {
      type: 'membership_event',
      change: 'joined',
      targetConversationId: talk.conversationId,
      targetSequence: joined?.sequence,
    },
  ]);
  const page = await cleo.http.events(talk.conversationId, undefined);
  expect(page.events[0]?.eventId).toBe(joined?.eventId ?? '');
  expect(await scene.breaches()).toEqual([]);
});

test('[G1.2][G4.4] who was added just before kill -9 finds it in the own log, once', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const talk = await scene.group(anna, []);
  const people = await scene.people('late', 20);
  const devices = await Promise.all(people.map(async (person) => scene.connected(person, 'phone')));
  await Promise.all(devices.map(async (device) => device.disconnect()));
  const adding = people.map(async ({ userId }) => anna.http.addMembers(talk.conversationId, [userId]));
  const joins = (await Promise.all(adding)).flat();
  await scene.server.kill();
  await scene.server.start();
  for (const device of devices) {
    await device.connect();
    await device.reach(device.ownLogId, 1, 5000);
    const own = device.copy(device.ownLogId).events;
    const joined = joins.find((event) => JSON.stringify(event['members']).includes(device.userId));
    const target = { targetConversationId: talk.conversationId, targetSequence: joined?.sequence };
    expect(own).toMatchObject([{ type: 'membership_event', change: 'joined', ...target }]);
  }
  expect(await scene.breaches()).toEqual([]);
});

test('[G4.5] a device that connects again and again during load has no hole and no double', async () => {
  await using scene = await Scene.start();
  const { talk, speaker, reader } = await couple(scene, 'storm');
  const done = { is: false };
  const said = sayMany(speaker, talk.conversationId, scaled(4000), 16).then((head) => {
    done.is = true;
    return head;
  });
  let connects = 0;
  while (!done.is) {
    await reader.disconnect();
    await reader.connect();
    connects += 1;
  }
  await reader.reach(talk.conversationId, await said);
  expect(connects).toBeGreaterThan(3);
  expect(reader.copy(talk.conversationId).resets).toBe(0);
  expect(await scene.breaches()).toEqual([]);
});

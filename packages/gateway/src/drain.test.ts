import { expect, test } from 'bun:test';
import type { FakeTransport } from './testing/fake-transport.ts';
import { passing, settled } from './testing/manual-clock.ts';
import { sendFrame, testGateway } from './testing/test-gateway.ts';

test('with few connections and nothing under way it takes no time', async () => {
  const { gateway, join, clock } = testGateway();
  const peer = await join('ann', 'd1');
  const startedMs = clock.nowMs();
  await passing(clock, gateway.drain({ overMs: 1_000 }));
  expect(clock.nowMs() - startedMs).toBeLessThan(50);
  expect(peer.last).toMatchObject({ type: 'drain' });
  expect(peer.closed).toMatchObject({ code: 4000 });
});

test('many are told in batches, within the time, each with a time of its own', async () => {
  const { gateway, open, join, clock } = testGateway();
  for (let count = 0; count < 1_200; count += 1) await join(`u${count}`, 'd1');
  const silent = open();
  const startedMs = clock.nowMs();
  await passing(clock, gateway.drain({ overMs: 1_000 }));
  expect(clock.nowMs() - startedMs).toBeLessThanOrEqual(1_010);
  expect(silent.types).toEqual(['hello']);
  expect(silent.closed).toMatchObject({ code: 4000 });
  expect(gateway.stats()).toMatchObject({ live: 0, awaitingAuthentication: 0, closing: 0 });
});

test('of many every one is told, and the first batch does not wait for the last', async () => {
  const { gateway, join, clock } = testGateway();
  const peers: FakeTransport[] = [];
  for (let count = 0; count < 1_200; count += 1) peers.push(await join(`u${count}`, 'd1'));
  const told = (): number => peers.filter(({ types }) => types.includes('drain')).length;
  const drained = gateway.drain({ overMs: 1_000 });
  await settled();
  expect(told()).toBe(500);
  await passing(clock, drained);
  expect(told()).toBe(1_200);
});

test('[G9.5] what is under way is answered before the end', async () => {
  const { gateway, join, chat, clock } = testGateway();
  const peer = await join('ann', 'd1');
  peer.say(sendFrame('g1', 1));
  const drained = gateway.drain({ overMs: 1_000 });
  for (let count = 0; count < 10; count += 1) {
    await settled();
    clock.advance(10);
  }
  expect([peer.last?.type, peer.closed]).toEqual(['drain', null]);
  for (const asked of chat.asked) asked.accept({ sequence: 4 });
  await passing(clock, drained);
  expect(peer.last).toMatchObject({ type: 'message_accepted', sequence: 4 });
  expect(peer.closed).toMatchObject({ code: 4000 });
});

test('[G9.5] a reader that is not behind is waited for while it reads', async () => {
  const { gateway, join, chat, clock } = testGateway();
  const peer = await join('bob', 'd2');
  peer.isTaking = false;
  for (let sequence = 1; sequence <= 3; sequence += 1) chat.deliver('g1', sequence);
  await settled();
  const drained = gateway.drain({ overMs: 1_000 });
  for (let count = 0; count < 10; count += 1) {
    await settled();
    clock.advance(10);
  }
  expect(peer.closed).toBeNull();
  peer.readAll();
  await passing(clock, drained);
  expect(peer.types.slice(-4)).toEqual([...Array<string>(3).fill('message_event'), 'drain']);
  expect(peer.closed).toMatchObject({ code: 4000 });
});

test('a reader that never reads is not waited for', async () => {
  const { gateway, join, chat, clock } = testGateway();
  const slow = await join('bob', 'd2');
  slow.isTaking = false;
  for (let sequence = 1; sequence <= 200; sequence += 1) {
    chat.deliver('g1', sequence, 'x'.repeat(10_000));
    await settled();
  }
  const startedMs = clock.nowMs();
  await passing(clock, gateway.drain({ overMs: 1_000 }));
  expect(clock.nowMs() - startedMs).toBeLessThan(50);
});

test('neither a request that is never answered nor a reader that never reads holds it longer', async () => {
  const { gateway, join, chat, clock } = testGateway();
  const [asking, slow] = [await join('ann', 'd1'), await join('bob', 'd2')];
  slow.isTaking = false;
  for (let sequence = 1; sequence <= 200; sequence += 1) {
    chat.deliver('g1', sequence, 'x'.repeat(10_000));
    await settled();
  }
  asking.say(sendFrame('g1', 1));
  const startedMs = clock.nowMs();
  await passing(clock, gateway.drain({ overMs: 1_000 }));
  expect(clock.nowMs() - startedMs).toBeLessThanOrEqual(1_010);
  expect([asking.closed?.code, slow.closed?.code]).toEqual([4000, 4000]);
});

test('[G9.5] it ends once the sessions are known to have ended, for as long as there is time', async () => {
  const { gateway, join, chat, clock } = testGateway();
  const peer = await join('ann', 'd1');
  const detached = Promise.withResolvers<void>();
  chat.detach = () => detached.promise;
  let isOver = false;
  const drained = gateway.drain({ overMs: 1_000 }).then(() => (isOver = true));
  for (let count = 0; count < 20; count += 1) {
    await settled();
    clock.advance(10);
  }
  expect([peer.closed?.code, isOver]).toEqual([4000, false]);
  detached.resolve();
  await passing(clock, drained);
  expect(isOver).toBe(true);
});

test('stop cuts what is open, and no timer is left', async () => {
  const { gateway, join, chat, clock } = testGateway();
  const peer = await join('ann', 'd1');
  clock.advance(10_000);
  await settled();
  peer.connection?.heard();
  gateway.stop();
  await settled();
  expect(peer.closed).toMatchObject({ code: 4000 });
  expect(chat.sessions.size).toBe(0);
  expect(clock.timers).toBe(0);
});

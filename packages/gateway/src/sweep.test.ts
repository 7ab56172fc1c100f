import { expect, test } from 'bun:test';
import type { FakeTransport } from './testing/fake-transport.ts';
import { settled } from './testing/manual-clock.ts';
import { testGateway } from './testing/test-gateway.ts';

const addFrame = {
  type: 'add_members',
  conversationId: 'g1',
  clientMessageId: 'c'.repeat(22),
  userIds: ['bob'],
};

test('[P3.5] an answer that was not read for our own sake is not missed', async () => {
  const { join, clock, chat } = testGateway();
  const peer = await join('ann', 'd1');
  chat.onAsked = ({ accept }) => accept({ padding: 'x'.repeat(200_000) });
  clock.advance(25_000);
  expect(peer.beats).toBe(1);
  peer.isTaking = false;
  while (peer.isReading) {
    peer.connection?.receive(JSON.stringify(addFrame));
    // What was said before it was asked for a sign of life is no answer to that.
    if (peer.connection !== null) peer.connection.heardTick = 1;
    await settled();
  }
  clock.advance(20_000);
  peer.readAll();
  clock.advance(1_000);
  expect(peer.closed).toBeNull();
});

test('[G8.1] a crowd that came at once is not pinged at once', async () => {
  const { join, clock } = testGateway();
  const peers: FakeTransport[] = [];
  for (let count = 0; count < 2_500; count += 1) peers.push(await join(`u${count}`, 'd1'));
  const beats = (): number => peers.reduce((sum, peer) => sum + peer.beats, 0);
  clock.advance(25_000);
  expect(beats()).toBe(1_000);
  clock.advance(2_000);
  expect(beats()).toBe(2_500);
});

test('[P3.5] a stream is shown a sign of life every 15 s, whatever its peer asks meanwhile', async () => {
  const { join, clock } = testGateway();
  const peer = await join('ann', 'd1');
  peer.heartbeat = { intervalMs: 15_000, answerMs: null };
  for (let second = 1; second <= 60; second += 1) {
    clock.advance(1_000);
    if (second <= 30) peer.connection?.heard();
    expect(peer.beats).toBe(Math.floor(second / 15));
  }
  expect(peer.closed).toBeNull();
});

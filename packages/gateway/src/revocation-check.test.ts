import { expect, test } from 'bun:test';
import type { FakeTransport } from './testing/fake-transport.ts';
import { settled } from './testing/manual-clock.ts';
import { testGateway } from './testing/test-gateway.ts';

type Made = ReturnType<typeof testGateway>;

/** Lets half a minute pass in which every peer shows that it is there. */
async function halfMinute({ clock }: Made, peers: readonly FakeTransport[]): Promise<void> {
  for (let second = 0; second < 30; second += 1) {
    for (const peer of peers) peer.connection?.heard();
    clock.advance(1_000);
  }
  await settled();
}

test('[G8.4] it is looked again and again, and every connection of the device is closed', async () => {
  const made = testGateway();
  const peers = [await made.join('ann', 'd1', 'tab1'), await made.join('ann', 'd1', 'tab2')];
  await halfMinute(made, peers);
  await halfMinute(made, peers);
  expect(peers.map(({ closed }) => closed)).toEqual([null, null]);
  made.revoked.push({ userId: 'ann', deviceId: 'd1' });
  await halfMinute(made, peers);
  expect(peers.map(({ closed }) => closed?.code)).toEqual([4300, 4300]);
});

test('[G8.4] of many devices none is left out', async () => {
  const made = testGateway();
  const peers: FakeTransport[] = [];
  for (let count = 0; count < 1_100; count += 1) peers.push(await made.join(`u${count}`, `d${count}`));
  made.revoked.push({ userId: 'u1099', deviceId: 'd1099' });
  await halfMinute(made, peers);
  expect(peers.flatMap(({ closed }, index) => (closed === null ? [] : [index]))).toEqual([1_099]);
});

import { expect, test } from 'bun:test';
import type { DeviceKey } from '@confab/contracts';
import type { FakeTransport } from './testing/fake-transport.ts';
import { RevocationCheck } from './revocation-check.ts';
import { ManualClock, settled } from './testing/manual-clock.ts';
import { recorder, testGateway } from './testing/test-gateway.ts';

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

/** A check of its own over one connection, whose question the test answers. */
async function singleCheck() {
  const { join, seen } = testGateway();
  const clock = new ManualClock();
  const peer = await join('ann', 'd1');
  if (peer.connection === null) throw new Error('no connection');
  const asked: PromiseWithResolvers<readonly DeviceKey[]>[] = [];
  const check = new RevocationCheck(
    {
      clock,
      observer: recorder(seen),
      revokedAmong: () => {
        const question = Promise.withResolvers<readonly DeviceKey[]>();
        asked.push(question);
        return question.promise;
      },
    },
    new Set([peer.connection]),
  );
  return { check, clock, peer, asked, seen };
}

test('[G8.4] a check that fails is a fault, and the next one comes all the same', async () => {
  const { clock, peer, asked, seen } = await singleCheck();
  clock.advance(30_000);
  asked[0]?.reject(new Error('the store is ill'));
  await settled();
  expect(seen.get('fault')).toEqual([
    { where: 'gateway revocation check', error: new Error('the store is ill') },
  ]);
  clock.advance(30_000);
  asked[1]?.resolve([{ userId: 'ann', deviceId: 'd1' }]);
  await settled();
  expect(peer.closed).toMatchObject({ code: 4300 });
});

test('stopped while it asks, it sets no timer any more', async () => {
  const { check, clock, asked } = await singleCheck();
  clock.advance(30_000);
  check.stop();
  asked[0]?.resolve([]);
  await settled();
  expect(clock.timers).toBe(0);
});

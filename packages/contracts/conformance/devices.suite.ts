import { describe, expect, test } from 'bun:test';
import type { DeviceRecord } from '@confab/contracts';
import { uniqueId } from './commits.ts';
import { type MakeSubject, onSubject } from './subject.ts';

const DEVICES_MAX = 3;

export function devicesSuite(name: string, makeSubject: MakeSubject): void {
  const on = onSubject(makeSubject);

  describe(`${name}: devices`, () => {
    test(
      '[ACC3] a device is found as it signed in, and only by its own user',
      on(async ({ store: { devices } }) => {
        const one = device(uniqueId('u'), 'one', { name: 'Ünïcode 🎉' });
        const embedded = device(one.userId, 'two', { refreshNonce: null });
        expect(await devices.signIn(one, DEVICES_MAX)).toBe(true);
        expect(await devices.signIn(embedded, DEVICES_MAX)).toBe(true);
        expect(await devices.get(one.userId, 'one')).toEqual(one);
        expect(await devices.get(uniqueId('u'), 'one')).toBeNull();
        expect(await devices.list(one.userId)).toEqual([one, embedded]);
        expect(await devices.list(uniqueId('u'))).toEqual([]);
      }),
    );

    test(
      '[ACC3] a user has at most so many other devices; those that are revoked or sign in anew do not count',
      on(async ({ store: { devices } }) => {
        const userId = uniqueId('u');
        const ids = ['one', 'two', 'three', 'four', 'five'];
        const answers = await Promise.all(ids.map((id) => devices.signIn(device(userId, id), DEVICES_MAX)));
        expect(answers).toEqual([true, true, true, false, false]);
        expect(await devices.signIn(device(userId, 'three'), DEVICES_MAX)).toBe(true);
        await devices.revoke(userId, 'one', 5);
        expect(await devices.signIn(device(userId, 'four'), DEVICES_MAX)).toBe(true);
        expect(await devices.signIn(device(userId, 'one'), DEVICES_MAX)).toBe(false);
      }),
    );

    test(
      '[ACC3] a rotation applies only to the expected nonce and generation, once',
      on(async ({ store: { devices } }) => {
        const one = device(uniqueId('u'), 'one', { refreshGeneration: 4 });
        await devices.signIn(one, DEVICES_MAX);
        const right = { ...key(one), nonce: 'nonce', expectedGeneration: 4, rotatedAtMs: 77 };
        const wrong = [
          { ...right, nonce: 'other' },
          { ...right, expectedGeneration: 3 },
          { ...right, expectedGeneration: 5 },
          { ...right, deviceId: 'two' },
          { ...right, userId: uniqueId('u') },
        ];
        for (const request of wrong) expect(await devices.rotate(request)).toBe(false);
        expect(await devices.get(one.userId, 'one')).toEqual(one);
        const answers = await Promise.all([right, right, right].map((request) => devices.rotate(request)));
        expect(answers.filter((answer) => answer)).toHaveLength(1);
        expect(await devices.get(one.userId, 'one')).toEqual({
          ...one,
          refreshGeneration: 5,
          rotatedAtMs: 77,
        });
      }),
    );

    test(
      '[ACC4] a revoked device stays so, without its nonce, until it signs in anew',
      on(async ({ store: { devices } }) => {
        const one = device(uniqueId('u'), 'one');
        await devices.signIn(one, DEVICES_MAX);
        expect(await devices.revoke(one.userId, 'one', 5)).toBe(true);
        expect(await devices.revoke(one.userId, 'one', 5)).toBe(false);
        expect(await devices.revoke(one.userId, 'unknown', 5)).toBe(false);
        const rotation = { ...key(one), nonce: 'nonce', expectedGeneration: 0, rotatedAtMs: 1 };
        expect(await devices.rotate(rotation)).toBe(false);
        await devices.touch(one.userId, 'one', '2026-05-05T00:00:00.000Z');
        const revoked = { revoked: true, refreshNonce: null, revokedAtMs: 5 };
        expect(await devices.get(one.userId, 'one')).toMatchObject(revoked);

        expect(await devices.signIn(device(one.userId, 'one', { refreshNonce: 'new' }), DEVICES_MAX)).toBe(
          true,
        );
        const anew = { revoked: false, refreshNonce: 'new', revokedAtMs: 5 };
        expect(await devices.get(one.userId, 'one')).toMatchObject(anew);
      }),
    );

    test(
      '[ACC4] revokedAmong names the revoked and the unknown, and no others',
      on(async ({ store: { devices } }) => {
        const [first, second] = [uniqueId('u'), uniqueId('u')];
        for (const userId of [first, second]) {
          for (const id of ['one', 'two']) await devices.signIn(device(userId, id), DEVICES_MAX);
        }
        await devices.revoke(second, 'one', 5);
        const asked = [
          { userId: first, deviceId: 'one' },
          { userId: second, deviceId: 'one' },
          { userId: second, deviceId: 'two' },
          { userId: first, deviceId: 'three' },
        ];
        expect(await devices.revokedAmong(asked)).toEqual([asked[1]!, asked[3]!]);
        expect(await devices.revokedAmong([])).toEqual([]);
      }),
    );

    test(
      '[ACC4] touch moves the last time seen, and makes no device',
      on(async ({ store: { devices } }) => {
        const one = device(uniqueId('u'), 'one');
        await devices.signIn(one, DEVICES_MAX);
        const lastSeenAt = '2026-06-06T00:00:00.000Z';
        await devices.touch(one.userId, 'one', lastSeenAt);
        await devices.touch(one.userId, 'two', lastSeenAt);
        expect(await devices.list(one.userId)).toEqual([{ ...one, lastSeenAt }]);
      }),
    );

    test(
      '[ACC3] [ACC4] what is done to one device leaves the other devices, of whomever, as they are',
      on(async ({ store: { devices } }) => {
        const userIds = [uniqueId('u'), uniqueId('u'), uniqueId('u')].toSorted();
        const ids = ['a', 'b', 'c'];
        for (const userId of userIds) {
          for (const id of ids) await devices.signIn(device(userId, id), DEVICES_MAX);
        }
        const one = { userId: userIds[1]!, deviceId: 'b' };
        const lastSeenAt = '2026-06-06T00:00:00.000Z';
        await devices.touch(one.userId, one.deviceId, lastSeenAt);
        const rotation = { ...one, nonce: 'nonce', expectedGeneration: 0, rotatedAtMs: 2_000 };
        expect(await devices.rotate(rotation)).toBe(true);
        expect(await devices.revoke(one.userId, one.deviceId, 5)).toBe(true);
        const changed = { revoked: true, refreshNonce: null, refreshGeneration: 1, rotatedAtMs: 2_000 };
        for (const userId of userIds) {
          const expected = ids.map((id) =>
            userId === one.userId && id === one.deviceId
              ? device(userId, id, { ...changed, lastSeenAt, revokedAtMs: 5 })
              : device(userId, id),
          );
          expect(await devices.list(userId)).toEqual(expected);
        }
      }),
    );

    test(
      '[ACC4] devices outlive the store, revoked or not',
      on(async ({ store, reopen }) => {
        if (reopen === undefined) return;
        const [one, two] = [device(uniqueId('u'), 'one'), device(uniqueId('u'), 'two')];
        await store.devices.signIn(one, DEVICES_MAX);
        await store.devices.signIn(two, DEVICES_MAX);
        await store.devices.revoke(one.userId, 'one', 5);
        const again = await reopen();
        expect(await again.devices.revokedAmong([key(one), key(two)])).toEqual([key(one)]);
      }),
    );
  });
}

function key({ userId, deviceId }: DeviceRecord): { readonly userId: string; readonly deviceId: string } {
  return { userId, deviceId };
}

function device(userId: string, deviceId: string, change: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    userId,
    deviceId,
    name: `device ${deviceId}`,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastSeenAt: '2026-01-01T00:00:00.000Z',
    revoked: false,
    refreshNonce: 'nonce',
    refreshGeneration: 0,
    rotatedAtMs: 1_000,
    revokedAtMs: 0,
    ...change,
  };
}

import { describe, expect, test } from 'bun:test';
import type { NewAccount, UserRecord } from '@confab/contracts';
import { foldName } from '@confab/protocol';
import { uniqueId } from './commits.ts';
import { type MakeSubject, onSubject } from './subject.ts';

export function accountsSuite(name: string, makeSubject: MakeSubject): void {
  const on = onSubject(makeSubject);

  describe(`${name}: accounts`, () => {
    test(
      '[ACC1] of many that claim a username at once one wins, and only that one exists',
      on(async ({ store: { accounts } }) => {
        const rivals = Array.from({ length: 8 }, () => account('Same'));
        const answers = await Promise.all(rivals.map((rival) => accounts.create(rival)));
        expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
        const winner = rivals[answers.indexOf('created')]!;
        expect(await accounts.credentials(foldName('same'))).toEqual({
          userId: winner.userId,
          passwordHash: winner.passwordHash,
        });
        expect((await accounts.byIds(rivals.map(({ userId }) => userId))).size).toBe(1);
        expect(await accounts.create(account('SAME'))).toBe('username_taken');
      }),
    );

    test(
      '[ACC1] an account is found by id and by folded username, as it was written',
      on(async ({ store: { accounts } }) => {
        const created = account('Änne', {
          displayName: 'Änne "A" 🎉',
          picture: 'https://pictures.example/a',
        });
        await accounts.create(created);
        const { passwordHash, foldedUsername, ...user } = created;
        expect(await accounts.byIds([user.userId, uniqueId('u')])).toEqual(new Map([[user.userId, user]]));
        expect(await accounts.credentials(foldedUsername)).toEqual({ userId: user.userId, passwordHash });
        expect(await accounts.credentials('Änne')).toBeNull();
        expect(await accounts.credentials('')).toBeNull();
        expect(await accounts.byIds([])).toEqual(new Map());
      }),
    );

    test(
      '[ACC2] putExternal creates, then updates all but the time it was first seen; it has no credentials',
      on(async ({ store: { accounts } }) => {
        const user = external('Erik');
        await accounts.putExternal(user);
        await accounts.putExternal({
          ...user,
          displayName: 'Frida',
          picture: 'p',
          createdAt: '2027-01-01T00:00:00.000Z',
        });
        const expected = { ...user, displayName: 'Frida', picture: 'p' };
        expect((await accounts.byIds([user.userId])).get(user.userId)).toEqual(expected);
        expect(await accounts.credentials(foldName('erik'))).toBeNull();
        expect(await accounts.search(foldName('erik'), 10)).toEqual([]);
        expect(await accounts.search(foldName('fri'), 10)).toEqual([expected]);
      }),
    );

    test(
      '[ACC2] putExternal of a user whose name stays leaves them to be found by it',
      on(async ({ store: { accounts } }) => {
        const user = external('Ida');
        const changed = { ...user, username: 'ida-of-old', picture: 'new' };
        for (const version of [user, user, changed]) await accounts.putExternal(version);
        expect((await accounts.byIds([user.userId])).get(user.userId)).toEqual(changed);
        expect(await accounts.search(foldName('ida'), 10)).toEqual([changed]);
      }),
    );

    test(
      '[ACC2] a name that an external user gives up stays that of others who have it',
      on(async ({ store: { accounts } }) => {
        const [one, other] = [external('Jona'), external('Jona')];
        for (const user of [one, other]) await accounts.putExternal(user);
        await accounts.putExternal({ ...one, displayName: 'Kim' });
        expect(await accounts.search(foldName('jona'), 10)).toEqual([other]);
      }),
    );

    test(
      '[ACC2] putExternal never touches an account with a password',
      on(async ({ store: { accounts } }) => {
        const created = account('Gerd');
        await accounts.create(created);
        await accounts.putExternal({ ...external('Intruder'), userId: created.userId });
        const found = (await accounts.byIds([created.userId])).get(created.userId);
        expect(found).toMatchObject({ username: 'Gerd', displayName: 'Gerd', createdAt: created.createdAt });
        expect(await accounts.credentials(foldName('gerd'))).not.toBeNull();
        expect(await accounts.search(foldName('intruder'), 10)).toEqual([]);
      }),
    );

    test(
      '[ACC1] search finds users by the beginning of either name, once, in the order of the name',
      on(async ({ store: { accounts } }) => {
        const users = [
          account('berta', { displayName: 'Anna Zett' }),
          account('anna', { displayName: 'Anna' }),
          account('anton', { displayName: 'Zorro' }),
          account('xaver', { displayName: 'x' }),
        ];
        for (const user of users) await accounts.create(user);
        await accounts.putExternal(external('ANNEGRET'));
        const found = async (prefix: string, limit: number): Promise<readonly string[]> =>
          (await accounts.search(foldName(prefix), limit)).map(
            ({ username, displayName }) => username ?? displayName,
          );
        expect(await found('an', 10)).toEqual(['anna', 'berta', 'ANNEGRET', 'anton']);
        expect(await found('an', 2)).toEqual(['anna', 'berta']);
        expect(await found('anna z', 10)).toEqual(['berta']);
        expect(await found('z', 10)).toEqual(['anton']);
        expect(await found('nna', 10)).toEqual([]);
        expect(await found('%', 10)).toEqual([]);
        expect(await found('_nna', 10)).toEqual([]);
      }),
    );

    test(
      '[ACC1] who is found by both names takes one place of a search, and letters above all others are found',
      on(async ({ store: { accounts } }) => {
        const users = [
          account('lara', { displayName: 'Lara of Both' }),
          account('larb', { displayName: 'Larb of Both' }),
        ];
        for (const user of users) await accounts.create(user);
        const names = async (prefix: string, limit: number): Promise<readonly (string | null)[]> =>
          (await accounts.search(foldName(prefix), limit)).map(({ username }) => username);
        expect(await names('lar', 1)).toEqual(['lara']);
        expect(await names('lar', 2)).toEqual(['lara', 'larb']);
        await accounts.create(account('zoe', { displayName: 'Mia 🎉' }));
        await accounts.create(account('yan', { displayName: 'Mi漢' }));
        expect(await names('mia ', 10)).toEqual(['zoe']);
        expect(await names('mi', 10)).toEqual(['zoe', 'yan']);
      }),
    );

    test(
      '[ACC1] accounts outlive the store',
      on(async ({ store, reopen }) => {
        if (reopen === undefined) return;
        await store.accounts.create(account('Hanna'));
        const again = await reopen();
        expect(await again.accounts.create(account('hanna'))).toBe('username_taken');
        expect(await again.accounts.search(foldName('han'), 1)).toHaveLength(1);
      }),
    );
  });
}

function account(username: string, change: Partial<NewAccount> = {}): NewAccount {
  return {
    userId: uniqueId('u'),
    username,
    foldedUsername: foldName(username),
    displayName: username,
    picture: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    passwordHash: `hash of ${username}`,
    ...change,
  };
}

function external(displayName: string): UserRecord {
  return {
    userId: uniqueId('x'),
    username: null,
    displayName,
    picture: null,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

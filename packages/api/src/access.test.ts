import { describe, expect, test } from 'bun:test';
import type { Caller } from '@confab/core';
import { ConfabError, type HttpVerb } from '@confab/protocol';
import { Doorkeeper, secretMatcher } from './access.ts';

const API_KEY = 'k'.repeat(32);

/** A doorkeeper to a chat where only alice exists. */
function doorkeeper(apiKey: string | null = API_KEY) {
  const devices: (string | null)[] = [];
  const keeper = new Doorkeeper(
    {
      authenticate: async (token, deviceId) => {
        devices.push(deviceId);
        return { userId: token, deviceId: deviceId ?? 'own', expiresAtMs: 0 };
      },
      handle: async (verb, caller) => {
        if (verb === 'get_user' && caller.kind === 'user' && caller.userId === 'alice')
          return { json: '{}', existing: false };
        throw new ConfabError('not_found');
      },
    },
    apiKey,
  );
  const ask = async (
    access: 'user' | 'server',
    headers: Record<string, string>,
    verb: HttpVerb = 'add_members',
  ): Promise<Caller | string> => {
    try {
      return await keeper.callerOf(verb, access, new Headers(headers));
    } catch (error) {
      return error instanceof ConfabError ? error.code : String(error);
    }
  };
  return { ask, devices };
}

const keyed = (key: string, actAs?: string): Record<string, string> => ({
  authorization: `Bearer ${key}`,
  ...(actAs === undefined ? {} : { 'confab-act-as': actAs }),
});

describe('who asks', () => {
  test('a server is who has the API key, and nobody where there is none', async () => {
    expect(await doorkeeper().ask('server', keyed(API_KEY))).toEqual({ kind: 'server' });
    for (const headers of [{}, keyed('alice'), keyed(`${API_KEY}x`), keyed(API_KEY.slice(1))])
      expect(await doorkeeper().ask('server', headers)).toBe('unauthenticated');
    for (const headers of [{}, keyed(''), keyed('null'), keyed(API_KEY)])
      expect(await doorkeeper(null).ask('server', headers)).toBe('unauthenticated');
    expect(['', 'null', 'x'].some(secretMatcher(null))).toBe(false);
  });

  test('in the name of a user only the API key acts, and only where a server may', async () => {
    const { ask } = doorkeeper();
    const alice = { kind: 'user', userId: 'alice', deviceId: 'server' };
    expect(await ask('user', keyed(API_KEY, 'alice'))).toEqual(alice as Caller);
    expect(await ask('user', keyed('bob', 'alice'))).toBe('unauthenticated');
    expect(await ask('user', { 'confab-act-as': 'alice' })).toBe('unauthenticated');
    for (const verb of ['list_devices', 'delete_device', 'list_messages'] as const)
      expect([verb, await ask('user', keyed(API_KEY, 'alice'), verb)]).toEqual([verb, 'unauthenticated']);
    expect(await ask('user', keyed(API_KEY, 'a/b'))).toBe('invalid');
  });

  test('a conversation is not made by a user that does not exist', async () => {
    const { ask } = doorkeeper();
    expect(await ask('user', keyed(API_KEY, 'alice'), 'create_conversation')).toMatchObject({
      userId: 'alice',
    });
    expect(await ask('user', keyed(API_KEY, 'nobody'), 'create_conversation')).toBe('unknown_members');
  });

  test('the device of a request is the one its header names, where that is an id', async () => {
    const { ask, devices } = doorkeeper();
    expect(await ask('user', { ...keyed('alice'), 'confab-device': 'd7' })).toEqual({
      kind: 'user',
      userId: 'alice',
      deviceId: 'd7',
    });
    for (const device of ['../x', 'x y', 'x'.repeat(65)])
      expect(await ask('user', { ...keyed('alice'), 'confab-device': device })).toBe('invalid');
    expect(devices).toEqual(['d7']);
  });
});

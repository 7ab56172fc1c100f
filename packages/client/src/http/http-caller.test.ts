import { expect, test } from 'bun:test';
import type { FetchLike } from '../client-types.ts';
import { DrivenTimers, settle } from '../testing/driven-timers.ts';
import { failureOf } from '../testing/failure-of.ts';
import { HttpCaller } from './http-caller.ts';

function callerOf(fetch: FetchLike) {
  const timers = new DrivenTimers();
  const http = new HttpCaller({ url: 'http://chat.test', fetch, timers, random: () => 0.5 });
  http.useTokens({ token: async () => await Promise.resolve({ value: 'token', renewAtMs: null }) });
  return { http, timers };
}

test('a request that nobody answers ends after 20 s, one that was to wait so much later', async () => {
  let aborted = 0;
  const { http, timers } = callerOf(
    async (_, { signal }) =>
      await new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => {
          aborted += 1;
          reject(new TypeError('aborted'));
        }),
      ),
  );
  const short = failureOf(http.call('get_user', { userId: 'bob' }));
  const long = failureOf(http.call('list_events', { conversationId: 'gteam', after: 1, waitMs: 25_000 }));
  await timers.advance(20_000);
  expect(await short).toMatchObject({ code: 'timeout', retry: 'later' });
  await timers.advance(24_999);
  expect(aborted).toBe(1);
  await timers.advance(1);
  expect(await long).toMatchObject({ code: 'timeout' });
  expect(timers.waiting).toBe(0);
});

test('patience is for what may be repeated: a few attempts, and no more', async () => {
  let attempts = 0;
  let failures = 3;
  const { http, timers } = callerOf(async () => {
    await Promise.resolve();
    attempts += 1;
    if (failures-- > 0) throw new TypeError('cut');
    return Response.json({ userId: 'bob', username: 'bob', displayName: 'bob' });
  });
  const patient = http.callPatiently('get_user', { userId: 'bob' });
  await timers.advance(60_000);
  expect([(await patient).userId, attempts]).toEqual(['bob', 4]);
  failures = 9;
  const hopeless = failureOf(http.callPatiently('get_user', { userId: 'bob' }));
  await timers.advance(60_000);
  await settle();
  expect([await hopeless, attempts]).toMatchObject([{ code: 'network' }, 8]);
});

import { expect, test } from 'bun:test';
import { ConfabError } from './errors.ts';
import { problemAnswer } from './problems.ts';

test('a problem says when to come again: in milliseconds, and in whole seconds that are never too few', () => {
  for (const [afterMs, seconds] of [
    [0, '1'],
    [1, '1'],
    [1_000, '1'],
    [1_001, '2'],
    [2_999.5, '3'],
  ] as const) {
    const { status, headers, body } = problemAnswer(new ConfabError('rate_limited', undefined, { afterMs }));
    expect([status, headers['retry-after']]).toEqual([429, seconds]);
    expect(JSON.parse(body)).toMatchObject({
      code: 'rate_limited',
      retry: 'later',
      afterMs: Math.ceil(afterMs),
    });
  }
  expect(problemAnswer(new ConfabError('not_found')).headers).not.toHaveProperty('retry-after');
});

test('only who gave a token is told that it is no good', () => {
  const challenge = (code: 'unauthenticated' | 'token_expired' | 'forbidden') =>
    problemAnswer(new ConfabError(code)).headers['www-authenticate'];
  expect(challenge('unauthenticated')).toBe('Bearer realm="confab"');
  expect(challenge('token_expired')).toContain('error="invalid_token"');
  expect(challenge('forbidden')).toBeUndefined();
});

import { describe, expect, test } from 'bun:test';
import { errorOfResponse } from './problem.ts';

describe('a failed answer', () => {
  test('is the row of the error table, with its facts', async () => {
    const problem = { title: 'Wait.', code: 'rate_limited', retry: 'later', afterMs: 1200, status: 429 };
    const error = await errorOfResponse(Response.json(problem, { status: 429 }));
    expect(error).toMatchObject({
      code: 'rate_limited',
      retry: 'later',
      afterMs: 1200,
      status: 429,
      message: 'Wait.',
    });
    expect(error.shouldRetry()).toBe(true);
  });

  test('names the users it is about', async () => {
    const problem = { code: 'unknown_members', retry: 'never', userIds: ['u1', 'u2'] };
    const error = await errorOfResponse(Response.json(problem, { status: 422 }));
    expect(error.userIds).toEqual(['u1', 'u2']);
    expect(error.shouldRetry()).toBe(false);
  });

  test('of a newer server keeps its code and retry class', async () => {
    const error = await errorOfResponse(
      Response.json({ code: 'brand_new', retry: 'later' }, { status: 409 }),
    );
    expect(error).toMatchObject({ code: 'brand_new', retry: 'later' });
  });

  test.each([
    [502, 'unavailable'],
    [504, 'unavailable'],
    [500, 'internal'],
    [401, 'unauthenticated'],
    [404, 'not_found'],
    [418, 'unexpected'],
  ])('of something in between is judged by its status: %d is %s', async (status, code) => {
    expect(await errorOfResponse(new Response('<html>', { status }))).toMatchObject({ code, status });
  });

  test('of a proxy may say when to come back', async () => {
    const response = new Response('', { status: 503, headers: { 'retry-after': '3' } });
    expect(await errorOfResponse(response)).toMatchObject({ retry: 'later', afterMs: 3000 });
  });
});

import { describe, expect, test } from 'bun:test';
import { ConfabError } from '@confab/protocol';
import { type SystemParts, systemRoutes } from './system-routes.ts';

/** Asks one of the routes, and gives its status; a refusal has the status of its error. */
async function statusOf(
  path: string,
  parts: Partial<SystemParts>,
  { address = '203.0.113.9', headers = {} }: { address?: string; headers?: Record<string, string> } = {},
): Promise<number> {
  const routes = systemRoutes({
    readiness: async () => ({ ready: true, checks: {} }),
    metrics: async () => ({ text: 'up 1\n', contentType: 'text/plain' }),
    metricsToken: null,
    version: '0.0.0',
    ...parts,
  });
  const route = routes.find((one) => one.path === path);
  if (route === undefined) throw new Error(`no route ${path}`);
  try {
    const request = new Request(`http://localhost${path}`, { headers });
    return (await route.answer(request, { address, gone: new Promise(() => undefined) })).status;
  } catch (error) {
    if (error instanceof ConfabError) return error.status;
    throw error;
  }
}

describe('metrics', () => {
  test('are shown to this machine alone where no token is set, and to no proxy on it', async () => {
    expect(await statusOf('/metrics', {}, { address: '127.0.0.1' })).toBe(200);
    expect(await statusOf('/metrics', {})).toBe(401);
    for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via']) {
      const headers = { [name]: '203.0.113.9' };
      expect([name, await statusOf('/metrics', {}, { address: '127.0.0.1', headers })]).toEqual([name, 401]);
    }
  });

  test('are shown to who has the token, wherever from, and to nobody else', async () => {
    const parts = { metricsToken: 't'.repeat(16) };
    const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
    expect(await statusOf('/metrics', parts, bearer(parts.metricsToken))).toBe(200);
    expect(await statusOf('/metrics', parts, bearer('other'))).toBe(401);
    expect(await statusOf('/metrics', parts, { address: '127.0.0.1' })).toBe(401);
  });
});

test('a node that is not ready says 503, one that lives says 200', async () => {
  const parts = { readiness: async () => ({ ready: false, checks: { store: 'failed' as const } }) };
  expect(await statusOf('/readyz', parts)).toBe(503);
  expect(await statusOf('/healthz', parts)).toBe(200);
  expect(await statusOf('/readyz', {})).toBe(200);
});

import { describe, expect, test } from 'bun:test';
import { type Caller, RateLimits, type Reply } from '@confab/core';
import { ConfabError } from '@confab/protocol';
import { type ApiParts, createApi, type HttpPeer } from './api.ts';
import { originRulesOf } from './origins.ts';
import type { Site } from './site.ts';

const peer: HttpPeer = { address: '203.0.113.9', gone: new Promise(() => undefined) };
const clock = { nowMs: () => 0, after: () => () => undefined };

interface Heard {
  readonly verb: string;
  readonly caller: Caller;
  readonly request: unknown;
}

/** A door to a chat that answers what it is told to. */
function doorTo(answer: (heard: Heard) => Reply | Promise<Reply>, changes: Partial<ApiParts> = {}) {
  const faults: { where: string; error: unknown; facts?: Readonly<Record<string, string | number>> }[] = [];
  const refused: { verb: string; code: string }[] = [];
  const door = createApi({
    chat: {
      handle: async (verb, caller, request) => await answer({ verb, caller, request }),
      authenticate: async (token, deviceId) => {
        if (token === 'expired') throw new ConfabError('token_expired');
        return { userId: token, deviceId: deviceId ?? 'own', expiresAtMs: 0 };
      },
    },
    rateLimits: new RateLimits(clock, true),
    observer: { fault: (fault) => void faults.push(fault), requestRefused: (one) => void refused.push(one) },
    settings: { apiKey: null, origins: originRulesOf([], true), trustedProxies: [] },
    extraRoutes: [],
    site: null,
    newFaultId: () => 'fault-1',
    ...changes,
  });
  const ask = (method: string, path: string, init: RequestInit = {}) =>
    door(new Request(`http://localhost${path}`, { method, ...init }), peer);
  return { ask, faults, refused };
}

const bearer = { authorization: 'Bearer alice' };
const json = { ...bearer, 'content-type': 'application/json' };

describe('the door', () => {
  test('hands path, query and body to the verb, and its answer back as it is', async () => {
    const heard: Heard[] = [];
    const { ask } = doorTo((one) => {
      heard.push(one);
      return { json: '{"messages":[]}', existing: false };
    });
    const answer = await ask('GET', '/v1/conversations/g1/messages?before=7&limit=2&x=1', {
      headers: bearer,
    });
    expect([answer.status, await answer.text()]).toEqual([200, '{"messages":[]}']);
    const caller = { kind: 'user', userId: 'alice', deviceId: 'own' };
    expect(heard).toEqual([
      { verb: 'list_messages', caller, request: { conversationId: 'g1', before: 7, limit: 2 } } as Heard,
    ]);
  });

  test("the path wins over the body, and names of the body are the body's", async () => {
    const requests: unknown[] = [];
    const { ask } = doorTo(({ request }) => {
      requests.push(request);
      return { json: '{}', existing: true };
    });
    const clientMessageId = 'c'.repeat(36);
    const message = { conversationId: 'g2', clientMessageId, body: 'hi' };
    const sent = await ask('POST', '/v1/conversations/g1/messages', {
      headers: json,
      body: JSON.stringify(message),
    });
    const group = { type: 'group', conversationType: 'direct', memberIds: [] };
    await ask('POST', '/v1/conversations', { headers: json, body: JSON.stringify(group) });
    expect(sent.status).toBe(200);
    expect(requests).toEqual([
      { conversationId: 'g1', clientMessageId, body: 'hi' },
      { conversationType: 'group', memberIds: [] },
    ]);
  });

  test('no answer is no content', async () => {
    const { ask } = doorTo(() => ({ json: null, existing: false }));
    const answer = await ask('DELETE', '/v1/sessions/current', { headers: bearer });
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  });

  test('what is not known is told by code, and what was not expected by nothing but an id', async () => {
    const { ask, faults, refused } = doorTo(() => {
      throw new Error('SELECT secret FROM users');
    });
    const answer = await ask('GET', '/v1/devices', { headers: bearer });
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).not.toContain('SELECT');
    expect(JSON.parse(text)).not.toHaveProperty('detail');
    expect(answer.headers.get('confab-fault-id')).toBe('fault-1');
    expect(faults).toMatchObject([
      { where: 'http list_devices', facts: { faultId: 'fault-1', method: 'GET' } },
    ]);
    const expired = await ask('GET', '/v1/devices', { headers: { authorization: 'bearer expired' } });
    expect(expired.headers.get('www-authenticate')).toContain('invalid_token');
    expect(refused).toEqual([{ verb: 'list_devices', code: 'token_expired' }]);
  });

  test('who is there is asked before a body is read', async () => {
    const { ask } = doorTo(() => ({ json: '{}', existing: false }));
    let isRead = false;
    const body = new ReadableStream({ pull: () => void (isRead = true) }, { highWaterMark: 0 });
    const headers = { 'content-type': 'application/json' };
    const answer = await ask('POST', '/v1/conversations', { headers, body });
    expect([answer.status, isRead]).toEqual([401, false]);
  });

  test('a body is read no further than its limit, whatever its length is said to be', async () => {
    const { ask } = doorTo(() => ({ json: '{}', existing: false }));
    let pieces = 0;
    const body = new ReadableStream({
      pull(controller) {
        pieces += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    const answer = await ask('POST', '/v1/conversations', {
      headers: { ...json, 'content-length': '2' },
      body,
    });
    expect(answer.status).toBe(413);
    expect(pieces).toBeLessThan(9);
  });

  test.each([
    [400, 'malformed', 'application/json', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    [415, 'unsupported_media_type', 'text/plain', '{}'],
    [415, 'unsupported_media_type', 'application/json; charset=latin1', '{}'],
    [400, 'malformed', 'application/json', '[]'],
  ] as const)('[G8.2] a body is refused with %p %s', async (status, code, contentType, body) => {
    const { ask } = doorTo(() => ({ json: '{}', existing: false }));
    const headers = { ...bearer, 'content-type': contentType };
    const answer = await ask('POST', '/v1/conversations', { headers, body });
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ code })]);
  });

  test('[G8.2] a parameter that comes twice is refused', async () => {
    const { ask } = doorTo(() => ({ json: '{}', existing: false }));
    const answer = await ask('GET', '/v1/conversations/g1/messages?limit=1&limit=2', { headers: bearer });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid', detail: 'Parameter limit comes twice.' }),
    ]);
  });

  test('registrations are counted by address, a network of its own each', async () => {
    const { ask } = doorTo(() => ({ json: '{}', existing: false }), {
      settings: { apiKey: null, origins: originRulesOf([], true), trustedProxies: ['203.0.113.0/24'] },
    });
    const register = async (from: string) => {
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': from };
      const body = JSON.stringify({ username: 'alice', password: 'long enough' });
      return (await ask('POST', '/v1/accounts', { headers, body })).status;
    };
    let last = 201;
    for (let count = 0; count < 5_000 && last === 201; count += 1)
      last = await register(`2001:db8::${count}`);
    expect(last).toBe(429);
    expect(await register('2001:db8:0:1::1')).toBe(201);
    expect(await register('198.51.100.7')).toBe(201);
  });

  test('log-ins and refreshes are counted by address too', async () => {
    for (const path of ['/v1/sessions', '/v1/sessions/refresh']) {
      const { ask } = doorTo(() => ({ json: '{}', existing: false }));
      let status = 0;
      for (let count = 0; count < 5_000 && status !== 429; count += 1)
        status = (await ask('POST', path, { headers: json, body: '{}' })).status;
      expect([path, status]).toEqual([path, 429]);
    }
  });

  test('[P3.7] a page of another origin changes nothing, reads nothing and is told nothing', async () => {
    const heard: Heard[] = [];
    const { ask } = doorTo((one) => {
      heard.push(one);
      return { json: '{}', existing: false };
    });
    const group = JSON.stringify({ type: 'group', memberIds: [] });
    const from = (origin: string) => ({ ...json, origin });
    const evil = await ask('POST', '/v1/conversations', {
      headers: from('https://evil.example'),
      body: group,
    });
    expect([evil.status, ((await evil.json()) as { code: string }).code]).toEqual([
      403,
      'origin_not_allowed',
    ]);
    expect(heard).toEqual([]);
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await ask(method, '/v1/devices', { headers: from('https://evil.example') });
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    const own = await ask('GET', '/v1/devices', {
      headers: { ...from('http://localhost'), host: 'localhost' },
    });
    expect(own.headers.get('access-control-allow-origin')).toBe('http://localhost');
  });

  test('who is gone is known to the verb', async () => {
    const seen: unknown[] = [];
    const door = createApi({
      chat: {
        handle: async (_verb, _caller, _request, context) => {
          seen.push(context.gone);
          return { json: '{}', existing: false };
        },
        authenticate: async (userId) => ({ userId, deviceId: 'own', expiresAtMs: 0 }),
      },
      rateLimits: new RateLimits(clock, true),
      observer: { fault: () => undefined, requestRefused: () => undefined },
      settings: { apiKey: null, origins: originRulesOf([], true), trustedProxies: [] },
      extraRoutes: [],
      site: null,
      newFaultId: () => 'fault-1',
    });
    await door(new Request('http://localhost/v1/devices', { headers: bearer }), peer);
    expect(seen).toEqual([peer.gone]);
  });

  test('no page stands under /v1, where clients look for answers', async () => {
    const site: Site = { answer: async () => new Response('page') };
    const { ask } = doorTo(() => ({ json: '{}', existing: false }), { site });
    expect(await (await ask('GET', '/anything')).text()).toBe('page');
    expect((await ask('GET', '/v1/anything')).status).toBe(404);
    expect((await ask('GET', '/v1')).status).toBe(404);
  });

  test('a plus in a query is a space', async () => {
    const requests: unknown[] = [];
    const { ask } = doorTo(({ request }) => {
      requests.push(request);
      return { json: '{}', existing: false };
    });
    await ask('GET', '/v1/users?query=ann+lee%2B', { headers: bearer });
    expect(requests).toMatchObject([{ query: 'ann lee+' }]);
  });

  test('extra routes are routes like all others', async () => {
    const { ask } = doorTo(() => ({ json: '{}', existing: false }), {
      extraRoutes: [{ method: 'GET', path: '/healthz', answer: () => new Response('well') }],
    });
    expect(await (await ask('GET', '/healthz')).text()).toBe('well');
    const head = await ask('HEAD', '/healthz');
    expect([await head.text(), head.headers.get('content-length')]).toEqual(['', '4']);
    const wrong = await ask('POST', '/healthz');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await ask('OPTIONS', '/healthz')).status).toBe(204);
    expect((await ask('OPTIONS', '/nothing')).status).toBe(404);
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { errorTable, limits } from '@confab/protocol';
import {
  newGroup,
  newId,
  newName,
  PASSWORD,
  type SignedIn,
  startTestServer,
  type TestServer,
} from './test-server.ts';

const PAGE = 'https://chat.example.org';

let server: TestServer;
let alice: SignedIn;
let group: string;
beforeAll(async () => {
  server = await startTestServer({ CONFAB_ALLOWED_ORIGINS: PAGE });
  alice = await server.signUp();
  group = await newGroup(server, alice);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Sends a message with this body and these headers. */
async function post(body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(`${server.url}/v1/conversations/${group}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${alice.token}`, 'content-type': 'application/json', ...headers },
    body: body ?? null,
  });
}

const message = (body: unknown) => JSON.stringify({ clientMessageId: newId(), body });

describe('problems', () => {
  test('[P12.1] are application/problem+json with the fields of the error table', async () => {
    const answers = [
      await post('{"body":'),
      await post('[]'),
      await post('{}'),
      await post(message('')),
      await post(message('bell \u0007')),
      await post(message('x'.repeat(limits.bodyBytesMax + 1))),
      await post('x'.repeat(limits.frameBytesMax + 1)),
      await post(message('hi'), { 'content-type': 'text/plain' }),
      await post(message('hi'), { authorization: 'Bearer none' }),
      await fetch(`${server.url}/v1/nothing`),
      await fetch(`${server.url}/v1/users/%FF`),
      await fetch(`${server.url}/v1/accounts`),
    ];
    const codes = [
      'malformed',
      'malformed',
      'invalid',
      'invalid',
      'invalid',
      'too_large',
      'too_large',
      'unsupported_media_type',
      'unauthenticated',
      'not_found',
      'malformed',
      'method_not_allowed',
    ] as const;
    for (const [index, answer] of answers.entries()) {
      const problem = (await answer.json()) as Record<string, unknown>;
      const code = codes[index] ?? 'internal';
      const { meaning: title, retry, status } = errorTable[code];
      expect(problem).toMatchObject({ type: `urn:confab:problem:${code}`, title, status, code, retry });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        status,
        'application/problem+json',
      ]);
    }
  });

  test('say which field is wrong', async () => {
    const answer = await post(JSON.stringify({ clientMessageId: newId() }));
    expect(((await answer.json()) as { detail: string }).detail).toContain('body');
  });

  test('a path that takes other methods names them', async () => {
    const { headers } = await server.ask('PUT', `/v1/conversations/${group}/messages`, {
      token: alice.token,
    });
    expect(headers.get('allow')).toBe('GET, POST, HEAD, OPTIONS');
  });

  test('a limit says when to go on', async () => {
    await using strict = await startTestServer();
    const body = { username: newName(), password: PASSWORD };
    const ask = () => strict.ask('POST', '/v1/sessions/refresh', { body: { refreshToken: 'none' } });
    let answer = await ask();
    for (let count = 0; count < 5_000 && answer.status !== 429; count += 1) answer = await ask();
    expect(answer.body).toMatchObject({ code: 'rate_limited', retry: 'later', afterMs: expect.any(Number) });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    // Log-ins share the bucket; registrations have their own.
    expect((await strict.ask('POST', '/v1/sessions', { body })).status).toBe(429);
    expect((await strict.ask('POST', '/v1/accounts', { body })).status).toBe(201);
  });
});

describe('bodies', () => {
  test('[G8.2] are UTF-8', async () => {
    const bytes = Buffer.from(message('hi')).map((byte) => (byte === 0x68 ? 0xff : byte));
    const answer = await post(bytes);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'malformed']);
  });

  test('may say that they are, and nothing else', async () => {
    const statusOf = async (type: string) => (await post(message('hi'), { 'content-type': type })).status;
    expect(await statusOf('application/json; charset=utf-8')).toBe(201);
    expect(await statusOf('Application/JSON;charset="UTF-8"')).toBe(201);
    expect(await statusOf('application/json; charset=latin1')).toBe(415);
    expect(await statusOf('application/json-seq')).toBe(415);
    expect(await statusOf('application/x-www-form-urlencoded')).toBe(415);
  });

  test('[G8.1] that come in pieces are bounded all the same', async () => {
    const piece = new TextEncoder().encode('x'.repeat(64 * 1024));
    let pieces = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pieces += 1;
        if (pieces > 8) controller.close();
        else controller.enqueue(piece);
      },
    });
    const answer = await post(endless);
    expect(answer.status).toBe(413);
  });

  test('[P1.2] reach nobody with fields that are not described', async () => {
    const body = `{"clientMessageId":"${newId()}","body":"hi","__proto__":{"isAdmin":true},"constructor":1,"sequence":99}`;
    expect((await post(body)).status).toBe(201);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  test('[G8.2] nested without end are refused', async () => {
    const answer = await post(`{"body":${'['.repeat(100_000)}`);
    expect(answer.status).toBe(400);
  });
});

describe('tokens', () => {
  test('[P2.5] in an address are no tokens', async () => {
    for (const name of ['access_token', 'token', 'authorization', 'accessToken']) {
      const { status } = await server.ask('GET', `/v1/devices?${name}=${alice.token}`);
      expect([name, status]).toEqual([name, 401]);
    }
  });
});

describe('what is for operators and tools', () => {
  test('[P11.2] takes no token', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/asyncapi.json']) {
      expect([path, (await server.ask('GET', path)).status]).toEqual([path, 200]);
    }
    expect((await server.ask('GET', '/readyz')).body).toEqual({
      ready: true,
      checks: { read: 'ok', write: 'ok', node: 'ok' },
    });
  });
});

describe('queries', () => {
  const history = async (query: string) => {
    const { status, body } = await server.ask('GET', `/v1/conversations/${group}/messages?${query}`, {
      token: alice.token,
    });
    return [status, body['code']];
  };

  test('name each thing once, in numbers that are numbers', async () => {
    expect(await history('limit=5')).toEqual([200, undefined]);
    expect(await history('limit=5&limit=5')).toEqual([400, 'invalid']);
    expect(await history('limit=5&l%69mit=6')).toEqual([400, 'invalid']);
    expect(await history('limit=0')).toEqual([400, 'invalid']);
    expect(await history('limit=201')).toEqual([400, 'invalid']);
    expect(await history('limit=1e1')).toEqual([400, 'invalid']);
    expect(await history('limit=')).toEqual([400, 'invalid']);
    expect(await history('limit=0x10')).toEqual([400, 'invalid']);
    expect(await history('after=-1')).toEqual([400, 'invalid']);
    expect(await history('after=99999999999999999999')).toEqual([400, 'invalid']);
    expect(await history('after=%ff')).toEqual([400, 'malformed']);
    expect(await history('nonsense=1&nonsense=2')).toEqual([200, undefined]);
  });
});

describe('web pages', () => {
  const from = (origin: string, method = 'GET') =>
    server.ask(method, `/v1/conversations/${group}/messages`, {
      token: alice.token,
      headers: { origin },
      ...(method === 'POST' ? { body: { clientMessageId: newId(), body: 'hi' } } : {}),
    });

  test('[P3.7] of allowed origins and of this server may use the API', async () => {
    for (const origin of [PAGE, server.url]) {
      const { status, headers } = await from(origin, 'POST');
      expect([status, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([
        201,
        origin,
        'Origin',
      ]);
    }
  });

  test('[P3.7] of other origins may change nothing and read nothing', async () => {
    const foreign = [
      'https://evil.example',
      'null',
      `${PAGE}.evil.example`,
      'https://evil-chat.example.org',
      'http://chat.example.org',
      `${PAGE}:8443`,
      `${PAGE}/`,
      'https://chat.example.or',
    ];
    for (const origin of foreign) {
      const written = await from(origin, 'POST');
      expect([origin, written.status, written.body['code']]).toEqual([origin, 403, 'origin_not_allowed']);
      const read = await from(origin);
      expect([origin, read.headers.get('access-control-allow-origin')]).toEqual([origin, null]);
    }
  });

  test('ask first', async () => {
    const ask = (origin: string) =>
      server.ask('OPTIONS', '/v1/accounts', { headers: { origin, 'access-control-request-method': 'POST' } });
    const allowed = await ask(PAGE);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(allowed.headers.get('access-control-allow-methods')).toContain('POST');
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    const foreign = await ask('https://evil.example');
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    expect(foreign.headers.get('access-control-allow-methods')).toBeNull();
  });
});

describe('HEAD', () => {
  test('answers like GET, without the body', async () => {
    const path = `/v1/conversations/${group}`;
    const [get, head] = [
      await server.ask('GET', path, { token: alice.token }),
      await server.ask('HEAD', path, { token: alice.token }),
    ];
    expect([head.status, head.body]).toEqual([200, null as never]);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
    expect(head.headers.get('content-type')).toBe('application/json');
  });
});

describe('what never is in a log line', () => {
  test('a token, a password or a body', async () => {
    const { token, refreshToken } = await server.signUp();
    await post(message('the secret of the soup'));
    await post(message('the secret of the soup'), { authorization: `Bearer ${token}x` });
    await server.ask('POST', '/v1/sessions', {
      body: { username: alice.username, password: 'wrong secret' },
    });
    const log = server.lines.join('');
    expect(log.length).toBeGreaterThan(0);
    for (const secret of [token, refreshToken, PASSWORD, 'wrong secret', 'secret of the soup'])
      expect(log).not.toContain(secret);
  });
});

describe('the socket under HTTP', () => {
  /** Sends bytes as they are and reads all that comes back. */
  async function raw(bytes: string): Promise<string> {
    const { hostname, port } = new URL(server.url);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    return await promise;
  }

  test('paths go nowhere but to routes', async () => {
    for (const path of [
      '/../../etc/passwd',
      '/..%2f..%2fetc/passwd',
      '/assets/../../package.json',
      '//etc/passwd',
      '/.build-hash',
      '/v1/..;/healthz',
      '/v1/\u00ff',
    ]) {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect([path, /^HTTP\/1\.1 (400|404)/.test(answer)]).toEqual([path, true]);
    }
  });

  test('two lengths are no length', async () => {
    const head =
      'POST /v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n';
    const answer = await raw(`${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 4/);
  });
});

describe('metrics', () => {
  test('are for this machine alone, and not for what came through a proxy', async () => {
    const direct = await server.ask('GET', '/metrics');
    expect([direct.status, direct.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/plain'),
    ]);
    const proxied = await server.ask('GET', '/metrics', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(proxied.status).toBe(401);
  });

  test('hold no ids', async () => {
    await post(message('hi'));
    const { body } = await server.ask('GET', '/metrics');
    const text = body as unknown as string;
    expect(text).toContain('confab_events_committed_total');
    for (const id of [group, alice.userId, alice.deviceId]) expect(text).not.toContain(id);
  });

  test('take the token where there is one', async () => {
    const token = 'm'.repeat(20);
    await using guarded = await startTestServer({ CONFAB_METRICS_TOKEN: token });
    expect((await guarded.ask('GET', '/metrics')).status).toBe(401);
    expect((await guarded.ask('GET', '/metrics', { token: `${token}m` })).status).toBe(401);
    expect((await guarded.ask('GET', '/metrics', { token })).status).toBe(200);
  });
});

import { afterEach, describe, expect, test } from 'bun:test';
import { rateTable } from '@confab/core';
import { ConfabError, limits } from '@confab/protocol';
import { headAt } from './testing/fake-chat.ts';
import { settled } from './testing/manual-clock.ts';
import type { SeenFrame } from './testing/fake-transport.ts';
import { authenticateFrame, sendFrame, type TestGateway, testGateway } from './testing/test-gateway.ts';
import { type Listener, startListener } from './ws-listener.ts';

const listeners: Listener[] = [];

function listen(): TestGateway & { readonly url: string } {
  const made = testGateway();
  const { gateway } = made;
  const listener = startListener({
    hostname: '127.0.0.1',
    port: 0,
    reusePort: false,
    requestBodyBytesMax: 1024 * 1024,
    http: (request, asker) =>
      request.url.endsWith('/v1/stream') ? gateway.stream(request, asker) : gateway.frames(request, asker),
    gateway,
  });
  listeners.push(listener);
  return { ...made, url: `http://127.0.0.1:${listener.port}` };
}

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.stop();
});

/** A stream as a browser's parser sees it: events with their names. */
class StreamReader {
  readonly response: Response;
  readonly #reader: {
    read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
  #text = '';

  constructor(response: Response) {
    this.response = response;
    if (response.body === null) throw new Error('no body');
    this.#reader = response.body.getReader();
  }

  /** The next event; comments are skipped. Null at the end. */
  async next(): Promise<{ name: string; frame: SeenFrame } | null> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const lines = this.#text.slice(0, end).split('\n');
        this.#text = this.#text.slice(end + 2);
        const data = lines.find((line) => line.startsWith('data: '));
        const name = lines.find((line) => line.startsWith('event: '))?.slice(7) ?? 'message';
        if (data !== undefined) return { name, frame: JSON.parse(data.slice(6)) as SeenFrame };
        continue;
      }
      const part = await this.#reader.read();
      if (part.done) return null;
      this.#text += new TextDecoder().decode(part.value);
    }
  }

  async frame(type: string): Promise<SeenFrame> {
    for (let event = await this.next(); event !== null; event = await this.next()) {
      if (event.frame.type === type) return event.frame;
    }
    throw new Error(`the stream ended before ${type}`);
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function openedStream(
  url: string,
  frame = authenticateFrame('ann', 'd1'),
): Promise<StreamReader & { connectionId: string }> {
  const stream = new StreamReader(await post(`${url}/v1/stream`, frame));
  const connectionId = String((await stream.frame('hello'))['connectionId']);
  await stream.frame('caught_up');
  return Object.assign(stream, { connectionId });
}

describe('POST /v1/stream', () => {
  test('[P10.1] answers with the frames of a connection, hello first', async () => {
    const { url, chat } = listen();
    const stream = new StreamReader(await post(`${url}/v1/stream`, authenticateFrame('ann', 'd1')));
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    expect(stream.response.headers.get('x-accel-buffering')).toBe('no');
    const types = [];
    for (let count = 0; count < 4; count += 1) types.push((await stream.next())?.frame.type);
    expect(types).toEqual(['hello', 'ready', 'heads', 'caught_up']);
    chat.deliver('g1', 1, 'two\nlines');
    expect(await stream.frame('message_event')).toMatchObject({ body: 'two\nlines' });
  });

  test('a refusal has its status before the stream begins', async () => {
    const { url, chat } = listen();
    const good = authenticateFrame('ann', 'd1');
    const cases: readonly (readonly [number, string, unknown, Record<string, string>])[] = [
      [401, 'unauthenticated', { ...good, token: 'nobody' }, {}],
      [400, 'malformed', 'nonsense', {}],
      [400, 'malformed', [], {}],
      [400, 'invalid', { ...good, type: 'ping' }, {}],
      [400, 'invalid', { type: 'authenticate' }, {}],
      [413, 'too_large', { ...good, padding: 'x'.repeat(limits.frameBeforeReadyBytesMax) }, {}],
      [415, 'unsupported_media_type', good, { 'content-type': 'text/plain' }],
      [406, 'not_acceptable', good, { accept: 'application/json' }],
      [403, 'origin_not_allowed', good, { origin: 'https://evil.example' }],
    ];
    for (const [status, code, body, headers] of cases) {
      const response = await post(`${url}/v1/stream`, body, headers);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    }
    chat.authenticate = () => Promise.reject(new ConfabError('unavailable', undefined, { afterMs: 1_500 }));
    const unavailable = await post(`${url}/v1/stream`, good);
    expect([unavailable.status, unavailable.headers.get('retry-after')]).toEqual([503, '2']);
  });

  test('the end says its code, as a close frame would', async () => {
    const { url } = listen();
    const stream = await openedStream(url);
    await openedStream(url);
    expect(await stream.next()).toEqual({
      name: 'close',
      frame: { code: 4301, reason: 'replaced' } as never,
    });
    expect(await stream.next()).toBeNull();
  });

  test('a quiet stream gets a comment every 15 s, and the end of its peer is noticed', async () => {
    const { url, chat, clock, gateway } = listen();
    const stream = await openedStream(url);
    clock.advance(40_000);
    chat.deliver('g1', 1);
    await stream.frame('message_event');
    await stream.leave();
    while (gateway.stats().live > 0) await settled();
    expect(chat.sessions.size).toBe(0);
  });

  test('[G4.1] what it missed comes with its own ids to the sender, as on a socket', async () => {
    const { url, chat } = listen();
    chat.onResume = async (request, sink) => {
      await sink.ready({ ownLog: { conversationId: `s${request.userId}`, head: null }, landed: [] });
      const common = { ...headAt('g1', 4), conversationId: 'g1', type: 'message_event' as const };
      await sink.events(
        ['ann', 'bob'].map((senderId) => ({
          ...common,
          senderId,
          clientMessageId: 'c'.repeat(22),
          json: JSON.stringify({ ...common, senderId }),
        })),
      );
      sink.caughtUp();
      return { conversations: 0, replayed: 2 };
    };
    const stream = new StreamReader(await post(`${url}/v1/stream`, authenticateFrame('ann', 'd1')));
    const [own, foreign] = [await stream.frame('message_event'), await stream.frame('message_event')];
    expect([own['senderId'], own['clientMessageId']]).toEqual(['ann', 'c'.repeat(22)]);
    expect([foreign['senderId'], foreign['clientMessageId']]).toEqual(['bob', undefined]);
  });

  test('a request whose asker has gone ends its connection', async () => {
    const { gateway, chat } = testGateway();
    const gone = Promise.withResolvers<void>();
    const request = new Request('http://localhost/v1/stream', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(authenticateFrame('ann', 'd1')),
    });
    const response = await gateway.stream(request, { address: '203.0.113.9', gone: gone.promise });
    await settled();
    expect([response.status, chat.sessions.size]).toEqual([200, 1]);
    gone.resolve();
    await settled();
    expect(chat.sessions.size).toBe(0);
  });

  test('a reader that never reads costs bounded memory', async () => {
    const { url, chat, gateway } = listen();
    const stream = await openedStream(url);
    for (let sequence = 1; sequence <= 3_000; sequence += 1) {
      chat.deliver('g1', sequence, 'x'.repeat(10_000));
      if (sequence % 20 === 0) await settled();
    }
    expect(gateway.stats().outboundBytes).toBeLessThanOrEqual(limits.outboundBytesMax + 128 * 1024);
    expect(gateway.stats().behindConversations).toBe(1);
    // The kernel takes some of it, so the reader may have been level once before.
    let head = await stream.frame('head_event');
    while ((head['head'] as { sequence: number }).sequence < 3_000) head = await stream.frame('head_event');
    expect(head).toMatchObject({ conversationId: 'g1', head: { sequence: 3_000 } });
  });
});

describe('POST /v1/frames', () => {
  const bearer = { authorization: 'Bearer ann.d1' };

  async function answers(response: Response): Promise<SeenFrame[]> {
    expect(response.status).toBe(200);
    return ((await response.json()) as { frames: SeenFrame[] }).frames;
  }

  test('[P10.2] one answer for each frame, in order, bad ones among them', async () => {
    const { url, chat } = listen();
    chat.onAsked = ({ verb, request, accept, refuse }) => {
      if (verb === 'receipt') refuse(new ConfabError('not_found'));
      else accept(verb === 'typing' ? null : { clientMessageId: request['clientMessageId'] ?? null });
    };
    const frames = [
      sendFrame('g1', 1, 'a'),
      { type: 'typing', conversationId: 'g1' },
      7,
      { type: 'dance', ref: 'd' },
      { type: 'sync', conversationId: 'g1', after: null, ref: 's' },
      { type: 'receipt', conversationId: 'g2', read: 1 },
      { type: 'ping', ref: 'p' },
      authenticateFrame('ann', 'd1'),
    ];
    const got = await answers(await post(`${url}/v1/frames`, frames, bearer));
    expect(got.map((frame) => frame['code'] ?? frame.type)).toEqual([
      'message_accepted',
      'accepted',
      'malformed',
      'unknown_type',
      'sync_page',
      'not_found',
      'pong',
      'invalid',
    ]);
    expect(chat.asked[0]?.caller).toEqual({ kind: 'user', userId: 'ann', deviceId: 'd1' });
  });

  test('an array has lanes of its own: behind a refused send later ones are refused', async () => {
    const { url, chat } = listen();
    const posted = post(
      `${url}/v1/frames`,
      [sendFrame('g1', 1), sendFrame('g1', 2), sendFrame('g2', 3)],
      bearer,
    );
    while (chat.asked.length < 3) await settled();
    chat.asked[0]?.refuse(new ConfabError('unavailable'));
    for (const asked of chat.asked.slice(1)) asked.accept({});
    const got = await answers(await posted);
    expect(got.map((frame) => frame['code'] ?? frame.type)).toEqual([
      'unavailable',
      'after_previous',
      'message_accepted',
    ]);
  });

  test('[G8.1] pages of one request end at a megabyte: those beyond are refused, and may be asked for again', async () => {
    const { url, chat } = listen();
    chat.onAsked = ({ accept }) => accept({ padding: 'x'.repeat(300_000) });
    const pages = Array.from({ length: 6 }, () => ({ type: 'sync', conversationId: 'g1', after: null }));
    const got = await answers(await post(`${url}/v1/frames`, [...pages, { type: 'ping' }], bearer));
    const refused = { type: 'error', code: 'rate_limited', retry: 'later', afterMs: 0 };
    expect(got.map(({ type }) => type)).toEqual([
      ...Array<string>(4).fill('sync_page'),
      'error',
      'error',
      'pong',
    ]);
    expect(got.slice(4, 6)).toMatchObject([refused, refused]);
    expect(chat.asked).toHaveLength(4);
  });

  test('[G8.1] without a stream, frames are counted by user', async () => {
    const { gateway, chat } = testGateway({ isLimited: true });
    chat.onAsked = ({ accept }) => accept(null);
    const typing = { type: 'typing', conversationId: 'g1', ref: 't' };
    const asked = async (userId: string, count: number): Promise<Set<unknown>> => {
      const headers = { authorization: `Bearer ${userId}.d1`, 'content-type': 'application/json' };
      const body = JSON.stringify(Array.from({ length: count }, () => typing));
      const request = new Request('http://localhost/v1/frames', { method: 'POST', headers, body });
      const peer = { address: '203.0.113.9', gone: Promise.race([]) };
      const got = await answers(await gateway.frames(request, peer));
      return new Set(got.map((frame) => frame['code'] ?? frame.type));
    };
    const full = limits.framesPerPostMax;
    for (let count = 0; count < rateTable.frame.burst; count += full)
      expect(await asked('ann', full)).toEqual(new Set(['accepted']));
    expect(await asked('ann', 1)).toEqual(new Set(['rate_limited']));
    expect(await asked('bob', 1)).toEqual(new Set(['accepted']));
  });

  test("a stream's frames use the lanes of its connection, and its token may be renewed", async () => {
    const { url, chat, clock } = listen();
    const stream = await openedStream(url);
    const headers = { ...bearer, 'confab-connection': stream.connectionId };
    chat.onAsked = ({ refuse }) => refuse(new ConfabError('unavailable'));
    await answers(await post(`${url}/v1/frames`, [sendFrame('g1', 1)], headers));
    chat.onAsked = ({ accept }) => accept({});
    const [second] = await answers(await post(`${url}/v1/frames`, [sendFrame('g1', 2)], headers));
    expect(second).toMatchObject({ type: 'error', code: 'after_previous' });
    const token = `ann.d1.${clock.nowMs() + 5_000}`;
    const [renewed] = await answers(
      await post(`${url}/v1/frames`, [{ ...authenticateFrame('ann', 'd1'), token, ref: 'r' }], headers),
    );
    expect(renewed).toEqual({ type: 'accepted', verb: 'authenticate', ref: 'r' });
    clock.advance(6_000);
    expect(await stream.frame('error')).toMatchObject({ code: 'token_expired' });
    expect(await stream.next()).toMatchObject({ name: 'close', frame: { code: 4200 } });
  });

  test('[P10.2] a stream of another user or device, or an unknown one, is not used, and no error', async () => {
    const { url, chat } = listen();
    chat.onAsked = ({ accept }) => accept({});
    const others = [
      await openedStream(url, authenticateFrame('bob', 'd2')),
      await openedStream(url, authenticateFrame('ann', 'd3')),
    ];
    for (const connectionId of [...others.map((stream) => stream.connectionId), 'unknown', '']) {
      const headers = { ...bearer, 'confab-connection': connectionId };
      await answers(await post(`${url}/v1/frames`, [sendFrame('g1', 1)], headers));
      expect(chat.asked.at(-1)?.caller).toEqual({ kind: 'user', userId: 'ann', deviceId: 'd1' });
    }
  });

  test("a token that names no device is on that of its user's own stream, never on another's", async () => {
    const { url, chat } = listen();
    chat.onAsked = ({ accept }) => accept({});
    const streams = [
      await openedStream(url, authenticateFrame('ann', 'd7')),
      await openedStream(url, authenticateFrame('bob', 'd2')),
    ];
    const named: (string | null)[] = [];
    chat.authenticate = (_token, deviceId) => {
      named.push(deviceId);
      return Promise.resolve({
        userId: 'ann',
        deviceId: deviceId ?? 'default',
        expiresAtMs: Number.MAX_SAFE_INTEGER,
      });
    };
    for (const { connectionId } of streams) {
      await answers(
        await post(`${url}/v1/frames`, [sendFrame('g1', 1)], {
          ...bearer,
          'confab-connection': connectionId,
        }),
      );
    }
    expect(chat.asked.map(({ caller }) => caller)).toMatchObject([
      { deviceId: 'd7' },
      { deviceId: 'default' },
    ]);
    expect(named).not.toContain('d2');
  });

  test('Confab-Device is a device id, and is not asked about where it is none', async () => {
    const { url, chat } = listen();
    const authenticate = chat.authenticate.bind(chat);
    chat.authenticate = (token, deviceId) =>
      deviceId === null || /^[a-z0-9]+$/.test(deviceId)
        ? authenticate(token, deviceId)
        : Promise.reject(new Error('asked'));
    for (const device of ['../x', 'x y', 'x'.repeat(65)]) {
      const response = await post(`${url}/v1/frames`, [{ type: 'ping' }], {
        ...bearer,
        'confab-device': device,
      });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'invalid']);
    }
    await answers(await post(`${url}/v1/frames`, [{ type: 'ping' }], { ...bearer, 'confab-device': 'd1' }));
  });

  test('[P3.3] a renewal by POST that is refused is answered, told on the stream, and ends it', async () => {
    const { url, chat } = listen();
    const stream = await openedStream(url);
    const authenticate = chat.authenticate.bind(chat);
    chat.authenticate = (token, deviceId) =>
      token === 'void' ? Promise.reject(new ConfabError('session_ended')) : authenticate(token, deviceId);
    const frame = { ...authenticateFrame('ann', 'd1'), token: 'void' };
    const headers = { ...bearer, 'confab-connection': stream.connectionId };
    const [answer] = await answers(await post(`${url}/v1/frames`, [frame], headers));
    expect(answer).toMatchObject({ type: 'error', code: 'session_ended' });
    expect(await stream.frame('error')).toMatchObject({ code: 'session_ended' });
    expect(await stream.next()).toMatchObject({ name: 'close', frame: { code: 4300 } });
  });

  test('its headers and its reading of them are those of the HTTP door', async () => {
    const { url, chat } = listen();
    const asked = (headers: Record<string, string>) =>
      post(`${url}/v1/frames`, [{ type: 'ping' }], { ...bearer, ...headers });
    const statuses: readonly (readonly [number, Record<string, string>])[] = [
      [200, { 'content-type': 'application/json; charset="UTF-8"' }],
      [200, { 'content-type': 'Application/JSON;profile=x' }],
      [200, { authorization: 'bearer   ann.d1' }],
      [415, { 'content-type': 'application/json; charset=utf-16' }],
      [415, { 'content-type': 'application/json; profile=x; charset=latin1' }],
      [401, { authorization: 'Bearer' }],
      [401, { authorization: 'Basic ann.d1' }],
    ];
    for (const [status, headers] of statuses) {
      const response = await asked(headers);
      expect([headers, response.status]).toEqual([headers, status]);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('vary')).toBe('Origin');
    }
    expect((await asked({ authorization: '' })).headers.get('www-authenticate')).toBe(
      'Bearer realm="confab"',
    );
    const { response } = await openedStream(url);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    chat.authenticate = () => Promise.reject(new ConfabError('token_expired'));
    expect((await asked({})).headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('[G8.1] a body is read no further than its limit, whatever its length is said to be', async () => {
    const { gateway } = testGateway();
    let pieces = 0;
    const body = new ReadableStream({
      pull(controller) {
        pieces += 1;
        controller.enqueue(Buffer.alloc(64 * 1024, ' '));
        if (pieces === 100) controller.close();
      },
    });
    const headers = { ...bearer, 'content-type': 'application/json', 'content-length': '2' };
    const request = new Request('http://localhost/v1/frames', { method: 'POST', headers, body });
    const response = await gateway.frames(request, { address: '203.0.113.9', gone: Promise.race([]) });
    expect(response.status).toBe(413);
    expect(pieces).toBeLessThan(9);
  });

  test('[G8.2] a body that is no UTF-8 is malformed', async () => {
    const { url } = listen();
    const body = Buffer.from('[{"type":"ping","x":"\u00ff"}]', 'latin1');
    const headers = { ...bearer, 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/frames`, { method: 'POST', headers, body });
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'malformed' }),
    ]);
  });

  test('a request that cannot be done at all is a problem', async () => {
    const { url } = listen();
    const ping = { type: 'ping' };
    const cases: readonly (readonly [number, string, unknown, Record<string, string>])[] = [
      [401, 'unauthenticated', [ping], {}],
      [401, 'unauthenticated', [ping], { authorization: 'Bearer nobody' }],
      [400, 'malformed', ping, bearer],
      [413, 'too_large', Array.from({ length: limits.framesPerPostMax + 1 }, () => ping), bearer],
      [413, 'too_large', ['x'.repeat(limits.frameBytesMax)], bearer],
      [415, 'unsupported_media_type', [ping], { ...bearer, 'content-type': 'text/plain' }],
      [403, 'origin_not_allowed', [ping], { ...bearer, origin: 'null' }],
    ];
    for (const [status, code, body, headers] of cases) {
      const response = await post(`${url}/v1/frames`, body, headers);
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
    }
  });
});

import { afterEach, describe, expect, test } from 'bun:test';
import { limits } from '@confab/protocol';
import type { Connection } from './connection.ts';
import { RawSocket, usualHandshake } from './testing/raw-socket.ts';
import { passing, settled } from './testing/manual-clock.ts';
import { authenticateFrame, sendFrame, type TestGateway, testGateway } from './testing/test-gateway.ts';
import { type Listener, startListener } from './ws-listener.ts';

const listeners: Listener[] = [];

function listen({ isLimited = false } = {}): TestGateway & { readonly port: number } {
  const made = testGateway({ isLimited });
  const listener = startListener({
    hostname: '127.0.0.1',
    port: 0,
    reusePort: false,
    requestBodyBytesMax: 1024 * 1024,
    http: (request) => {
      if (request.url.endsWith('/throws')) throw new Error('swordfish');
      return new Response(`http ${new URL(request.url).pathname}`);
    },
    gateway: made.gateway,
  });
  listeners.push(listener);
  return { ...made, port: listener.port };
}

function forwarded(forwardedFor: string): Headers {
  return new Headers({ 'x-forwarded-for': forwardedFor });
}

async function joined(port: number, userId: string, instanceId = 'instance'): Promise<RawSocket> {
  const socket = await RawSocket.open(port);
  socket.say(authenticateFrame(userId, 'd1', instanceId));
  await socket.frame('caught_up');
  return socket;
}

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.stop();
});

describe('the upgrade', () => {
  test('[P1.1] echoes the subprotocol, and hello is the first frame', async () => {
    const { port } = listen();
    const socket = await RawSocket.open(port, { ...usualHandshake, protocols: 'other, confab.v1.json' });
    expect(socket.status).toBe(101);
    expect(socket.head.match(/sec-websocket-protocol: .*/gi)).toEqual([
      'Sec-WebSocket-Protocol: confab.v1.json',
    ]);
    expect(socket.head.toLowerCase()).not.toContain('permessage-deflate');
    expect(await socket.frame()).toMatchObject({ type: 'hello' });
  });

  test.each([[null], ['other'], ['confab.v1.jsonx']])('is refused where %p is offered', async (protocols) => {
    const { port } = listen();
    const socket = await RawSocket.open(port, { ...usualHandshake, protocols });
    expect(socket.status).toBe(400);
    expect(socket.head).toContain('application/problem+json');
  });

  test.each([
    ['null', 403],
    ['https://evil.example', 403],
    ['https://chat.example.org.evil.example', 403],
    ['https://evilchat.example.org', 403],
    ['http://chat.example.org', 403],
    ['https://chat.example.org:8443', 403],
    ['https://chat.example.org/', 403],
    ['https://chat.example.org', 101],
    ['http://127.0.0.1:1', 403],
  ])('[P3.7] from origin %s is answered with %d', async (origin, status) => {
    const { port } = listen();
    const socket = await RawSocket.open(port, {
      ...usualHandshake,
      origin: origin.replace('PORT', String(port)),
    });
    expect(socket.status).toBe(status);
  });

  test('is counted by who stands behind a proxy', async () => {
    const { clock, port, gateway } = listen({ isLimited: true });
    const [busy, other] = [forwarded('198.51.100.1'), forwarded('198.51.100.2')];
    // More slowly than the whole node admits, and faster than one address may.
    while (gateway.refusalOf(busy, '127.0.0.1') === null) clock.advance(0.4);
    const open = async (forwardedFor: string) =>
      (await RawSocket.open(port, { ...usualHandshake, forwardedFor })).status;
    expect([await open('198.51.100.1'), await open('198.51.100.2')]).toEqual([429, 101]);
    const stream = async (headers: Headers) =>
      (
        await gateway.stream(new Request('http://127.0.0.1/v1/stream', { method: 'POST', headers }), {
          address: '127.0.0.1',
          gone: Promise.race([]),
        })
      ).status;
    expect([await stream(busy), await stream(other)]).toEqual([429, 415]);
  });

  test('a plain GET of the path is refused; every other path is for HTTP; a throw carries no detail', async () => {
    const { port, seen } = listen();
    const plain = await fetch(`http://127.0.0.1:${port}/v1/ws`);
    expect([plain.status, ((await plain.json()) as { code: string }).code]).toEqual([400, 'invalid']);
    expect(await (await fetch(`http://127.0.0.1:${port}/v1/wsx?y`)).text()).toBe('http /v1/wsx');
    const thrown = await fetch(`http://127.0.0.1:${port}/throws`);
    expect(thrown.status).toBe(500);
    expect(await thrown.text()).not.toContain('swordfish');
    expect(seen.get('fault')).toHaveLength(1);
  });
});

describe('a socket', () => {
  test('[G8.2] is told of bad frames, a binary one and one too large among them, and goes on', async () => {
    const { port } = listen();
    const socket = await joined(port, 'ann');
    const bad: readonly (readonly [number, Buffer, string])[] = [
      [1, Buffer.from('{'), 'malformed'],
      [1, Buffer.from('{"type":"dance"}'), 'unknown_type'],
      [2, Buffer.from('{}'), 'malformed'],
      [1, Buffer.from(`{"type":"ping","x":"${'x'.repeat(limits.frameBytesMax)}"}`), 'too_large'],
      [1, Buffer.from(`{"type":"ping","x":"${'x'.repeat(1.9 * limits.frameBytesMax)}"}`), 'too_large'],
    ];
    for (const [opcode, payload, code] of bad) {
      socket.write(opcode, payload);
      expect(await socket.frame('error')).toMatchObject({ code, retry: 'never' });
    }
    socket.say({ type: 'ping', ref: 'on' });
    expect(await socket.frame('pong')).toEqual({ type: 'pong', ref: 'on' });
  });

  test('[P13.1] that says more than 512 KiB, or no UTF-8, is cut by the runtime', async () => {
    const { port } = listen();
    const [large, broken] = [await joined(port, 'ann', 'a'), await joined(port, 'ann', 'b')];
    large.write(1, Buffer.alloc(512 * 1024 + 1, 'x'));
    broken.write(1, Buffer.from([0xff, 0xfe]));
    expect(await large.closeCode()).toBe(1009);
    expect(await broken.closeCode()).toBe(1007);
  });

  test('[P3.5] is heard where it pings, and where it answers a ping', async () => {
    const { port, gateway, clock } = listen();
    const connect = gateway.connect.bind(gateway);
    const connections: Connection[] = [];
    gateway.connect = (transport) => {
      const connection = connect(transport);
      connections.push(connection);
      return connection;
    };
    const socket = await joined(port, 'ann');
    const [connection] = connections;
    if (connection === undefined) throw new Error('no connection');
    for (const opcode of [9, 10]) {
      clock.advance(5_000);
      expect(connection.heardTick).toBe(connection.tick - 5);
      socket.write(opcode, Buffer.alloc(0));
      while (connection.heardTick < connection.tick) await settled();
    }
  });

  test('[G4.6] that its peer has left is left at once, and its end is observed', async () => {
    const { port, chat, seen } = listen();
    const socket = await joined(port, 'ann');
    socket.destroy();
    while (chat.sessions.size > 0) await settled();
    expect(seen.get('connectionClosed')).toEqual([{ code: 1006, transport: 'websocket' }]);
  });

  test('[G4.6] replaces a half-open earlier self without waiting for it', async () => {
    const { port, chat } = listen();
    const halfOpen = await joined(port, 'ann');
    halfOpen.stopReading();
    const next = await joined(port, 'ann');
    expect(chat.sessions.size).toBe(1);
    chat.deliver('g1', 1);
    expect(await next.frame('message_event')).toMatchObject({ sequence: 1 });
    halfOpen.readOn();
    expect(await halfOpen.closeCode()).toBe(4301);
  });

  test('gets frames of one turn in one piece, in order', async () => {
    const { port, chat } = listen();
    const socket = await joined(port, 'ann');
    for (let sequence = 1; sequence <= 50; sequence += 1) chat.deliver('g1', sequence);
    for (let sequence = 1; sequence <= 50; sequence += 1) {
      expect(await socket.frame('message_event')).toMatchObject({ sequence });
    }
  });

  test('[G7.1] that never reads costs bounded memory, and is told where it stands once it reads', async () => {
    const { port, chat, gateway } = listen();
    const socket = await joined(port, 'ann');
    socket.stopReading();
    const body = 'x'.repeat(10_000);
    const last = 3_000;
    for (let sequence = 1; sequence <= last; sequence += 1) {
      chat.deliver('g1', sequence, body);
      if (sequence % 20 === 0) await settled();
    }
    const stats = gateway.stats();
    expect(stats.outboundBytes).toBeLessThanOrEqual(limits.outboundBytesMax + 64 * 1024);
    expect(stats.behindConversations).toBe(1);
    socket.readOn();
    let reached = 0;
    for (let frame = await socket.frame(); frame['type'] !== 'head_event'; frame = await socket.frame()) {
      expect(frame['sequence']).toBe(reached + 1);
      reached += 1;
    }
    expect(reached).toBeLessThan(last);
    chat.deliver('g1', last + 1);
    expect(await socket.frame('message_event')).toMatchObject({ sequence: last + 1 });
    expect(gateway.stats()).toMatchObject({ outboundBytes: 0, behindConversations: 0 });
  });

  test('that asks and never reads is not read from any more, and loses nothing it asked', async () => {
    const { port, chat, gateway } = listen();
    const body = 'x'.repeat(60_000);
    chat.onAsked = ({ request, accept }) =>
      accept({ conversationId: request['conversationId'], events: [body], head: null });
    const socket = await joined(port, 'ann');
    socket.stopReading();
    const pages = 200;
    for (let page = 0; page < pages; page += 1) {
      socket.say({ type: 'sync', conversationId: `g${page}`, after: null, ref: `${page}` });
    }
    for (let turn = 0; turn < 50; turn += 1) await settled();
    expect(gateway.stats().outboundBytes).toBeLessThanOrEqual(2 * limits.outboundBytesMax);
    socket.readOn();
    const refs = new Set<unknown>();
    while (refs.size < pages) refs.add((await socket.frame('sync_page'))['ref']);
    expect(refs.size).toBe(pages);
  });

  test('sends keep their order behind a refusal', async () => {
    const { port, chat } = listen();
    const socket = await joined(port, 'ann');
    chat.onAsked = ({ request, accept }) => accept({ clientMessageId: request['clientMessageId'] });
    socket.say(sendFrame('g1', 1, 'r1'));
    socket.say(sendFrame('g1', 2, 'r2'));
    expect([(await socket.frame())['ref'], (await socket.frame())['ref']]).toEqual(['r1', 'r2']);
  });

  test('[P3.6] a drain says when to come back, finishes what is under way, and closes with 4000', async () => {
    const { port, chat, clock, gateway } = listen();
    const socket = await joined(port, 'ann');
    socket.say(sendFrame('g1', 1, 'last'));
    while (chat.asked.length === 0) await settled();
    const drained = gateway.drain({ overMs: 1_000 });
    expect(await socket.frame('drain')).toEqual({ type: 'drain', afterMs: 125 });
    socket.say(sendFrame('g2', 2, 'late'));
    expect(await socket.frame('error')).toMatchObject({
      code: 'draining',
      retry: 'after_resume',
      ref: 'late',
    });
    const refused = await RawSocket.open(port);
    expect(refused.status).toBe(503);
    expect(refused.head.toLowerCase()).toContain('retry-after: 1');
    chat.asked[0]?.accept({ sequence: 1 });
    await passing(clock, drained);
    expect(await socket.frame('message_accepted')).toMatchObject({ ref: 'last' });
    expect(await socket.closeCode()).toBe(4000);
    expect(chat.sessions.size).toBe(0);
  });
});

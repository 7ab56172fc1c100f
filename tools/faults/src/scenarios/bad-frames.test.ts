import { expect, setDefaultTimeout, test } from 'bun:test';
import { claimsFor, PRODUCT, signed, tokenFor, unsigned } from '../jwt.ts';
import { OPCODE, RawSocket } from '../raw-socket.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene, type Talk } from '../scene.ts';
import type { Frame } from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

const isError = ({ type }: Frame): boolean => type === 'error';

/** A raw socket that has authenticated as a device of a person. */
async function authenticated(scene: Scene, word: string, instanceId = 'raw'): Promise<RawSocket> {
  const subject = scene.nameOf(word);
  const socket = await RawSocket.open(scene.server.port);
  await socket.next(({ type }) => type === 'hello', 'hello');
  const claims = { deviceId: `${subject}-raw`, instanceId, client: 'raw/1' };
  socket.sendText(JSON.stringify({ type: 'authenticate', token: tokenFor(subject), ...claims }));
  await socket.next(({ type }) => type === 'caught_up', 'caught_up');
  return socket;
}

const message = (talk: Talk, body: unknown) => ({
  type: 'send_message',
  conversationId: talk.conversationId,
  clientMessageId: crypto.randomUUID(),
  body,
});

type Bad = readonly [
  what: string,
  code: string,
  text: (talk: Talk) => string | { readonly opcode: number; readonly payload: Uint8Array },
];

const bytesOf = (talk: Talk, body: Uint8Array): Uint8Array => {
  const [before = '', after = ''] = JSON.stringify(message(talk, '@@')).split('@@');
  return Buffer.concat([Buffer.from(before), body, Buffer.from(after)]);
};

const BAD: readonly Bad[] = [
  ['no JSON', 'malformed', () => '{"type":"ping"'],
  ['nothing', 'malformed', () => ''],
  ['a list', 'malformed', () => '[{"type":"ping"}]'],
  ['a number', 'malformed', () => '42'],
  ['null', 'malformed', () => 'null'],
  ['two objects', 'malformed', () => '{"type":"ping"}{"type":"ping"}'],
  ['a thousand opening brackets', 'malformed', () => '['.repeat(1000)],
  ['a binary frame', 'malformed', () => ({ opcode: OPCODE.binary, payload: Buffer.from('{"type":"ping"}') })],
  ['no type', 'invalid', () => '{"ref":"x"}'],
  ['a number as type', 'invalid', () => '{"type":7}'],
  ['an unknown type', 'unknown_type', () => '{"type":"send_love"}'],
  ['a type of the prototype', 'unknown_type', () => '{"type":"__proto__"}'],
  ['a type of every object', 'unknown_type', () => '{"type":"constructor"}'],
  ['a ref that is a number', 'invalid', () => '{"type":"ping","ref":7}'],
  ['a ref of 65 characters', 'invalid', () => JSON.stringify({ type: 'ping', ref: 'r'.repeat(65) })],
  ['a body that is a number', 'invalid', (talk) => JSON.stringify(message(talk, 7))],
  ['a body that is an object', 'invalid', (talk) => JSON.stringify(message(talk, { toString: 'x' }))],
  ['no body', 'invalid', (talk) => JSON.stringify(message(talk, undefined))],
  ['an empty body', 'invalid', (talk) => JSON.stringify(message(talk, ''))],
  ['a control character', 'invalid', (talk) => JSON.stringify(message(talk, 'a\u0007b'))],
  ['a NUL', 'invalid', (talk) => JSON.stringify(message(talk, 'a\u0000b'))],
  ['half a surrogate pair', 'invalid', (talk) => JSON.stringify(message(talk, 'a\ud800b'))],
  ['a body of 64 KiB + 1', 'too_large', (talk) => JSON.stringify(message(talk, 'a'.repeat(65_537)))],
  [
    'the same in two-byte characters',
    'too_large',
    (talk) => JSON.stringify(message(talk, 'é'.repeat(32_769))),
  ],
  [
    'an id that is too short',
    'invalid',
    (talk) => JSON.stringify({ ...message(talk, 'x'), clientMessageId: 'short' }),
  ],
  [
    'an id with blanks',
    'invalid',
    (talk) => JSON.stringify({ ...message(talk, 'x'), clientMessageId: ' '.repeat(30) }),
  ],
  [
    'a conversation that is a list',
    'invalid',
    (talk) => JSON.stringify({ ...message(talk, 'x'), conversationId: [] }),
  ],
  ['an unknown format', 'invalid', (talk) => JSON.stringify({ ...message(talk, 'x'), format: 'html' })],
  ['51 mentions', 'invalid', (talk) => JSON.stringify({ ...message(talk, 'x'), mentions: many(51) })],
  [
    'a mention of a stranger',
    'invalid',
    (talk) => JSON.stringify({ ...message(talk, 'x'), mentions: ['xnobody'] }),
  ],
  [
    'a reply to nothing',
    'invalid',
    (talk) => JSON.stringify({ ...message(talk, 'x'), replyTo: 'gnone.1.abcdefgh' }),
  ],
  ['readThrough below zero', 'invalid', (talk) => JSON.stringify({ ...message(talk, 'x'), readThrough: -1 })],
  [
    'readThrough with a fraction',
    'invalid',
    (talk) => JSON.stringify({ ...message(talk, 'x'), readThrough: 1.5 }),
  ],
  [
    'a limit of 201',
    'invalid',
    (talk) => JSON.stringify({ type: 'sync', ...id(talk), after: null, limit: 201 }),
  ],
  ['a limit of 0', 'invalid', (talk) => JSON.stringify({ type: 'sync', ...id(talk), after: null, limit: 0 })],
  ['a cursor that is none', 'invalid', (talk) => JSON.stringify({ type: 'sync', ...id(talk), after: 7 })],
  [
    'a receipt of nothing',
    'invalid',
    (talk) => JSON.stringify({ type: 'receipt', ...id(talk), read: 'all' }),
  ],
  [
    '201 members',
    'invalid',
    () =>
      JSON.stringify({
        type: 'create_conversation',
        conversationType: 'group',
        memberIds: many(201),
        clientMessageId: crypto.randomUUID(),
      }),
  ],
  [
    'a frame of 256 KiB + 1',
    'too_large',
    () => JSON.stringify({ type: 'ping', padding: 'x'.repeat(262_144 - 27) }),
  ],
  [
    'a frame of 512 KiB',
    'too_large',
    () => JSON.stringify({ type: 'ping', padding: 'x'.repeat(524_288 - 28) }),
  ],
];

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `xuser${index}`);
}

function id({ conversationId }: Talk): { readonly conversationId: string } {
  return { conversationId };
}

test.each(BAD)(
  '[G8.1][G8.2][P14.1] %s is answered with %s, and the connection goes on',
  async (_what, code, bad) => {
    const { scene, talk } = await shared();
    const socket = await authenticated(scene, 'anna', crypto.randomUUID());
    const sent = bad(talk);
    if (typeof sent === 'string') socket.sendText(sent);
    else socket.sendPart(sent.opcode, sent.payload);
    const answer = await socket.next(isError, 'an error', 5000);
    expect(answer['code']).toBe(code);
    socket.sendText('{"type":"ping","ref":"after"}');
    await socket.next((frame) => frame.type === 'pong' && frame['ref'] === 'after', 'a pong', 5000);
    expect(socket.frames.filter(isError).length).toBe(1);
    socket.destroy();
  },
);

test('[G8.2][P13.1] text that is no UTF-8 closes its connection with 1007', async () => {
  const { scene, talk } = await shared();
  const socket = await authenticated(scene, 'anna', 'utf8');
  socket.sendPart(OPCODE.text, bytesOf(talk, Buffer.from([0x61, 0xff, 0xfe, 0xc0, 0x80])));
  await socket.bell.until(
    () => socket.isEnded || socket.closeCode !== undefined || socket.frames.some(isError),
    'an answer',
  );
  expect(socket.closeCode).toBe(1007);
  socket.destroy();
});

test('[G8.2][P13.1] a frame of several mebibytes closes its own connection with 1009', async () => {
  const { scene } = await shared();
  const socket = await authenticated(scene, 'anna', 'huge');
  const neighbour = await authenticated(scene, 'anna', 'neighbour');
  socket.sendText(JSON.stringify({ type: 'ping', padding: 'x'.repeat(4_194_304) }));
  const isDone = () => socket.isEnded || socket.closeCode !== undefined || socket.frames.some(isError);
  await socket.bell.until(isDone, 'an answer');
  expect(socket.closeCode).toBe(1009);
  neighbour.sendText('{"type":"ping","ref":"n"}');
  await neighbour.next(({ type }) => type === 'pong', 'a pong');
  socket.destroy();
  neighbour.destroy();
});

test('[G8.2] keys of the prototype are data or nothing: they are ignored and spoil no one', async () => {
  const { scene, talk } = await shared();
  const socket = await authenticated(scene, 'anna', 'proto');
  const { clientMessageId } = message(talk, 'x');
  socket.sendText(
    `{"type":"send_message","__proto__":{"body":"from above","isAdmin":true},"constructor":{"prototype":{"x":1}},` +
      `"conversationId":"${talk.conversationId}","clientMessageId":"${clientMessageId}"}`,
  );
  expect((await socket.next(isError, 'an error'))['code']).toBe('invalid');
  socket.sendText(
    `{"type":"send_message","__proto__":{"format":"html"},"body":"plain","conversationId":"${talk.conversationId}",` +
      `"clientMessageId":"${clientMessageId}","ref":"good"}`,
  );
  await socket.next((frame) => frame.type === 'message_accepted', 'the acknowledgement');
  socket.destroy();
});

test('[G8.1] what is exactly at a bound is taken: a body of 64 KiB in one, two and four bytes a character', async () => {
  const { scene, talk } = await shared();
  const socket = await authenticated(scene, 'anna', 'bounds');
  const bodies = ['a'.repeat(65_536), 'é'.repeat(32_768), '😀'.repeat(16_384), 'a\tb\nc'];
  for (const [index, body] of bodies.entries()) {
    socket.sendText(JSON.stringify({ ...message(talk, body), ref: `b${index}` }));
    await socket.next(
      (frame) => frame.type === 'message_accepted' && frame['ref'] === `b${index}`,
      'accepted',
      5000,
    );
  }
  const events = (await scene.log(talk)).events.slice(-4);
  expect(events.map((event) => event['body'] === bodies[events.indexOf(event)])).toEqual([
    true,
    true,
    true,
    true,
  ]);
  socket.destroy();
});

test('[G8.3][P3.2] before authentication: everything but ping is refused, and the seventeenth frame ends it', async () => {
  const { scene } = await shared();
  const socket = await RawSocket.open(scene.server.port);
  await socket.next(({ type }) => type === 'hello', 'hello');
  for (let index = 0; index < 1000; index += 1) {
    socket.sendText(`{"type":"sync","conversationId":"gnone","after":null,"ref":"n${index}"}`);
  }
  expect(await socket.ended(5000)).toBe(4201);
  const errors = socket.frames.filter(isError);
  expect(errors.length).toBeLessThanOrEqual(17);
  expect(new Set(errors.map((frame) => frame['code']))).toEqual(new Set(['unauthenticated']));

  const large = await RawSocket.open(scene.server.port);
  large.sendText(JSON.stringify({ type: 'authenticate', token: 'x'.repeat(17_000) }));
  await large.bell.until(
    () => large.isEnded || large.closeCode !== undefined || large.frames.some(isError),
    'an answer',
  );
  expect(large.frames.find(isError)?.['code']).toBe('too_large');
  large.destroy();
});

const now = (): number => Math.floor(Date.now() / 1000);
const TOKENS: readonly (readonly [what: string, token: () => string, code: string])[] = [
  ['expired', () => tokenFor('anna', -60), 'token_expired'],
  [
    'signed with another key',
    () => signed({ alg: 'HS256' }, claimsFor('anna'), 'another secret of 32 characters!'),
    'unauthenticated',
  ],
  ['unsigned (alg none)', () => unsigned(claimsFor('anna')), 'unauthenticated'],
  ['none in capitals', () => signed({ alg: 'NONE' }, claimsFor('anna'), ''), 'unauthenticated'],
  [
    'of another issuer',
    () => signed({ alg: 'HS256' }, { ...claimsFor('anna'), iss: 'https://evil.example' }, PRODUCT.secret),
    'unauthenticated',
  ],
  [
    'for another audience',
    () => signed({ alg: 'HS256' }, { ...claimsFor('anna'), aud: 'other' }, PRODUCT.secret),
    'unauthenticated',
  ],
  [
    'without an end',
    () => signed({ alg: 'HS256' }, { ...claimsFor('anna'), exp: undefined }, PRODUCT.secret),
    'unauthenticated',
  ],
  [
    'with an end that is text',
    () => signed({ alg: 'HS256' }, { ...claimsFor('anna'), exp: 'never' }, PRODUCT.secret),
    'unauthenticated',
  ],
  [
    'not valid yet',
    () => signed({ alg: 'HS256' }, { ...claimsFor('anna'), nbf: now() + 600 }, PRODUCT.secret),
    'unauthenticated',
  ],
  [
    'without a subject',
    () => signed({ alg: 'HS256' }, { ...claimsFor('anna'), sub: undefined }, PRODUCT.secret),
    'unauthenticated',
  ],
  [
    'with an empty subject',
    () => signed({ alg: 'HS256' }, { ...claimsFor('anna'), sub: '' }, PRODUCT.secret),
    'unauthenticated',
  ],
  ['with a changed claim', () => tampered(), 'unauthenticated'],
  ['cut short', () => tokenFor('anna').slice(0, -3), 'unauthenticated'],
  ['nothing', () => '', 'unauthenticated'],
  ['not a token', () => 'x.y.z', 'unauthenticated'],
  ['the API key', () => PRODUCT.apiKey, 'unauthenticated'],
];

function tampered(): string {
  const [header = '', , signature = ''] = tokenFor('anna').split('.');
  return `${header}.${Buffer.from(JSON.stringify(claimsFor('ben'))).toString('base64url')}.${signature}`;
}

test.each(TOKENS)(
  '[G8.4] a token that is %s is refused on the socket, the stream and over HTTP',
  async (_what, token, code) => {
    const { scene } = await shared();
    const socket = await RawSocket.open(scene.server.port);
    await socket.next(({ type }) => type === 'hello', 'hello');
    const frame = { type: 'authenticate', token: token(), deviceId: 'd1', instanceId: 'i1', client: 'raw/1' };
    socket.sendText(JSON.stringify(frame));
    const answer = await socket.next(({ type }) => type !== 'hello', 'an answer');
    expect(answer.type).toBe('error');
    expect(token() === '' ? ['unauthenticated', 'invalid'] : [code]).toContain(String(answer['code']));
    socket.destroy();
    const headers = { authorization: `Bearer ${token()}`, 'content-type': 'application/json' };
    const http = await fetch(`${scene.server.baseUrl}/v1/conversations`, { headers });
    expect([http.status, ((await http.json()) as Frame)['code']]).toEqual(
      code === 'token_expired' ? [401, code] : [401, code],
    );
    const body = JSON.stringify(frame);
    const stream = await fetch(`${scene.server.baseUrl}/v1/stream`, { method: 'POST', headers, body });
    const said = await stream.text();
    expect(said).toContain(token() === '' ? '' : code);
    expect(said).not.toContain('"ready"');
  },
);

const ORIGINS: readonly (readonly [origin: string, status: number])[] = [
  ['https://evil.example', 403],
  ['null', 403],
  ['http://127.0.0.1', 403],
  ['http://127.0.0.1:PORT.evil.example', 403],
  ['http://evil.127.0.0.1:PORT', 403],
  ['http://127.0.0.1:PORT0', 403],
  ['https://chat.example.evil.com', 403],
  ['https://evilchat.example', 403],
  ['http://chat.example', 403],
  ['https://chat.example:8443', 403],
  ['https://chat.example', 101],
  ['http://127.0.0.1:PORT', 101],
];

test.each(ORIGINS)('[P3.7] an upgrade of the origin %s is answered with %d', async (pattern, status) => {
  const { scene } = await shared();
  const origin = pattern.replace('PORT', String(scene.server.port));
  const socket = await RawSocket.open(scene.server.port, { Origin: origin });
  expect(socket.status).toBe(status);
  if (status === 403) {
    await socket.bell.until(() => socket.refusal.includes('}') || socket.isEnded, 'the refusal');
    expect(socket.refusal).toContain('origin_not_allowed');
  }
  socket.destroy();
});

test('[G8.2] nothing of all the bad input was half-written, and the server goes on', async () => {
  const { scene, talk } = await shared();
  const flood = await authenticated(scene, 'anna', 'flood');
  for (let index = 0; index < scaled(2000); index += 1) flood.sendText(`{"type":"send_message","n":${index}`);
  const device = await scene.connected(talk.owner, 'phone');
  const outcome = await device.say(talk.conversationId, 'still here');
  if (outcome.kind !== 'accepted') throw new Error('refused');
  const log = await scene.log(talk);
  expect(log.events.length).toBe(outcome.sequence);
  expect(log.events.filter(({ type }) => type === 'message_event').length).toBeLessThanOrEqual(7);
  flood.destroy();
  await close();
});

let made: Promise<{ readonly scene: Scene; readonly talk: Talk }> | undefined;

/** One server for the whole table, so that what one row breaks the next one meets. */
async function shared(): Promise<{ readonly scene: Scene; readonly talk: Talk }> {
  made ??= (async () => {
    const scene = await Scene.start({ CONFAB_ALLOWED_ORIGINS: 'https://chat.example' });
    return { scene, talk: await scene.group(await scene.person('anna'), []) };
  })();
  return made;
}

async function close(): Promise<void> {
  const { scene } = await shared();
  await scene[Symbol.asyncDispose]();
  made = undefined;
}

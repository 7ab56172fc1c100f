import { expect, setDefaultTimeout, test } from 'bun:test';
import type { Answer, Call } from '../http-client.ts';
import { tokenFor } from '../jwt.ts';
import { RawSocket } from '../raw-socket.ts';
import { patienceMs } from '../scale.ts';
import { Scene, type Person, type Talk } from '../scene.ts';
import type { Frame } from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

type Set = {
  readonly scene: Scene;
  readonly anna: Person;
  readonly ben: Person;
  readonly stranger: Person;
  readonly talk: Talk;
};

let made: Promise<Set> | undefined;

/** One server for both tables. */
async function shared(): Promise<Set> {
  made ??= (async () => {
    const scene = await Scene.start();
    const [anna, ben, stranger] = await scene.people('p', 3);
    if (anna === undefined || ben === undefined || stranger === undefined) throw new Error('three people');
    return { scene, anna, ben, stranger, talk: await scene.group(anna, [ben]) };
  })();
  return made;
}

type Bad = readonly [what: string, status: number, code: string, call: (set: Set) => Call];

const messages = ({ talk }: Set): string => `/v1/conversations/${talk.conversationId}/messages`;
const say = (set: Set, body: unknown): Call => ({ method: 'POST', path: messages(set), body });
const good = (): { readonly clientMessageId: string } => ({ clientMessageId: crypto.randomUUID() });
const invalidUtf8 = new Uint8Array([
  ...Buffer.from('{"clientMessageId":"0123456789012345678901","body":"'),
  0xff,
  0xc0,
  ...Buffer.from('"}'),
]);

const BAD: readonly Bad[] = [
  ['no JSON', 400, 'malformed', (set) => say(set, '{"body":')],
  ['a list', 400, 'malformed', (set) => say(set, '[]')],
  ['text', 400, 'malformed', (set) => say(set, '"hello"')],
  ['no body at all', 400, 'malformed', (set) => say(set, '')],
  ['bytes that are no UTF-8', 400, 'malformed', (set) => say(set, invalidUtf8)],
  ['a body that is a number', 400, 'invalid', (set) => say(set, { ...good(), body: 7 })],
  ['an empty message', 400, 'invalid', (set) => say(set, { ...good(), body: '' })],
  ['a control character', 400, 'invalid', (set) => say(set, { ...good(), body: '\u001b[31m' })],
  ['no clientMessageId', 400, 'invalid', (set) => say(set, { body: 'x' })],
  [
    'a clientMessageId of the prototype',
    400,
    'invalid',
    (set) => say(set, '{"__proto__":{"clientMessageId":"0123456789012345678901"},"body":"x"}'),
  ],
  ['a message of 64 KiB + 1', 413, 'too_large', (set) => say(set, { ...good(), body: 'a'.repeat(65_537) })],
  [
    'the same in four-byte characters',
    413,
    'too_large',
    (set) => say(set, { ...good(), body: '😀'.repeat(16_385) }),
  ],
  ['a request of 2 MiB', 413, 'too_large', (set) => say(set, { ...good(), body: 'a'.repeat(2_097_152) })],
  [
    'another media type',
    415,
    'unsupported_media_type',
    (set) => ({
      ...say(set, JSON.stringify({ ...good(), body: 'x' })),
      headers: { 'content-type': 'text/plain' },
    }),
  ],
  [
    'a method that the path has not',
    405,
    'method_not_allowed',
    (set) => ({ method: 'PUT', path: messages(set), body: {} }),
  ],
  ['a path that is none', 404, 'not_found', () => ({ method: 'GET', path: '/v1/nothing' })],
  [
    'a path that climbs',
    400,
    'invalid',
    () => ({ method: 'GET', path: '/v1/conversations/..%2f..%2fetc%2fpasswd' }),
  ],
  ['an id that is no UTF-8', 400, 'malformed', () => ({ method: 'GET', path: '/v1/conversations/%ff%fe' })],
  ['a limit of 201', 400, 'invalid', (set) => ({ method: 'GET', path: `${messages(set)}?limit=201` })],
  ['a limit of none', 400, 'invalid', (set) => ({ method: 'GET', path: `${messages(set)}?limit=many` })],
  [
    'two directions at once',
    400,
    'invalid',
    (set) => ({ method: 'GET', path: `${messages(set)}?after=1&before=9` }),
  ],
  [
    'a direct conversation of three',
    400,
    'invalid',
    ({ ben, stranger }) => ({
      method: 'POST',
      path: '/v1/conversations',
      body: { type: 'direct', memberIds: [ben.userId, stranger.userId] },
    }),
  ],
  [
    'a conversation of an unknown type',
    400,
    'invalid',
    () => ({ method: 'POST', path: '/v1/conversations', body: { type: 'room', memberIds: [] } }),
  ],
  [
    'a member that nobody is',
    422,
    'unknown_members',
    () => ({
      method: 'POST',
      path: '/v1/conversations',
      body: { ...good(), type: 'group', memberIds: ['xnobody'] },
    }),
  ],
  [
    'a title of 201 characters',
    400,
    'invalid',
    () => ({
      method: 'POST',
      path: '/v1/conversations',
      body: { ...good(), type: 'group', memberIds: [], title: 't'.repeat(201) },
    }),
  ],
  [
    '101 posted frames',
    413,
    'too_large',
    () => ({
      method: 'POST',
      path: '/v1/frames',
      body: Array.from({ length: 101 }, () => ({ type: 'ping' })),
    }),
  ],
  [
    'a receipt of no message',
    404,
    'not_found',
    () => ({
      method: 'POST',
      path: '/v1/receipts',
      body: { messageId: 'gnone.1.abcdefgh', receiptType: 'read' },
    }),
  ],
  [
    'a user from outside without the API key',
    401,
    'unauthenticated',
    () => ({
      method: 'PUT',
      path: '/v1/users/external',
      body: { issuer: 'x', subject: 'y', displayName: 'z' },
    }),
  ],
];

test.each(BAD)(
  '[G8.2] HTTP: %s is answered with %d %s as a problem, and nothing is written',
  async (_what, status, code, call) => {
    const set = await shared();
    const answer = await set.anna.http.call(call(set));
    expect([answer.status, answer.json['code']]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.json).toMatchObject({
      status,
      retry: expect.any(String),
      type: expect.any(String),
      title: expect.any(String),
    });
    expect((await set.scene.log(set.talk)).events.length).toBe(1);
  },
);

type Door = readonly [what: string, call: (conversationId: string, set: Set) => Call];

const of = (conversationId: string): string => `/v1/conversations/${conversationId}`;
const DOORS: readonly Door[] = [
  ['GET conversation', (one) => ({ method: 'GET', path: of(one) })],
  ['PATCH conversation', (one) => ({ method: 'PATCH', path: of(one), body: { ...good(), title: 'mine' } })],
  ['GET members', (one) => ({ method: 'GET', path: `${of(one)}/members` })],
  [
    'POST members',
    (one, { stranger }) => ({
      method: 'POST',
      path: `${of(one)}/members`,
      body: { ...good(), userIds: [stranger.userId] },
    }),
  ],
  [
    'PATCH member',
    (one, { anna }) => ({
      method: 'PATCH',
      path: `${of(one)}/members/${anna.userId}`,
      body: { ...good(), role: 'member' },
    }),
  ],
  [
    'DELETE member',
    (one, { anna }) => ({
      method: 'DELETE',
      path: `${of(one)}/members/${anna.userId}?clientMessageId=${crypto.randomUUID()}`,
    }),
  ],
  [
    'DELETE himself',
    (one, { stranger }) => ({
      method: 'DELETE',
      path: `${of(one)}/members/${stranger.userId}?clientMessageId=${crypto.randomUUID()}`,
    }),
  ],
  ['GET messages', (one) => ({ method: 'GET', path: `${of(one)}/messages` })],
  ['GET messages around', (one) => ({ method: 'GET', path: `${of(one)}/messages?around=1` })],
  [
    'POST message',
    (one) => ({ method: 'POST', path: `${of(one)}/messages`, body: { ...good(), body: 'intruder' } }),
  ],
  ['GET events', (one) => ({ method: 'GET', path: `${of(one)}/events` })],
  [
    'GET events, waiting',
    (one) => ({ method: 'GET', path: `${of(one)}/events?after=${one}.1.abcdefgh&waitMs=2000` }),
  ],
];

const words = ({ status, json }: Answer, conversationId: string): string =>
  JSON.stringify([status, json]).replaceAll(conversationId, 'CONVERSATION');

test.each(DOORS)(
  '[G5.2][P7.6] HTTP %s of a stranger is not_found, in the words of one that never was',
  async (_what, call) => {
    const set = await shared();
    const { conversationId } = set.talk;
    const never = `${conversationId.slice(0, -4)}zzzz`;
    const refused = await set.stranger.http.call(call(conversationId, set));
    const absent = await set.stranger.http.call(call(never, set));
    expect([refused.status, refused.json['code']]).toEqual([404, 'not_found']);
    expect(words(refused, conversationId)).toBe(words(absent, never));
    expect((await set.scene.log(set.talk)).events.length).toBe(1);
  },
);

type Verb = readonly [type: string, fields: (set: Set) => Readonly<Record<string, unknown>>];

const VERBS: readonly Verb[] = [
  ['send_message', () => ({ ...good(), body: 'intruder' })],
  ['sync', () => ({ after: null })],
  ['receipt', () => ({ read: 1 })],
  ['typing', () => ({})],
  ['update_conversation', () => ({ ...good(), title: 'mine' })],
  ['add_members', ({ stranger }) => ({ ...good(), userIds: [stranger.userId] })],
  ['remove_member', ({ anna }) => ({ ...good(), userId: anna.userId })],
  ['update_member', ({ anna }) => ({ ...good(), userId: anna.userId, role: 'member' })],
];

test.each(VERBS)(
  '[G5.2][P7.6] the frame %s of a stranger is not_found, in the words of one that never was',
  async (type, fields) => {
    const set = await shared();
    const { conversationId } = set.talk;
    const device = await set.scene.connected(set.stranger, 'phone', crypto.randomUUID());
    const ask = async (one: string): Promise<Frame> =>
      device.connection.ask({ type, ...fields(set), conversationId: one });
    const refused = await ask(conversationId);
    const absent = await ask(`${conversationId.slice(0, -4)}zzzz`);
    expect(refused).toMatchObject({ type: 'error', code: 'not_found' });
    const { code, message, retry } = absent;
    expect(refused).toMatchObject({ code, message, retry });
    expect((await set.scene.log(set.talk)).events.length).toBe(1);
  },
);

test('[G5.2][G8.4] what was said in somebody else’s conversation shows in no list, receipt, resume or search', async () => {
  const set = await shared();
  const { talk, anna, stranger, scene } = set;
  const sent = await anna.http.post(`/v1/conversations/${talk.conversationId}/messages`, {
    ...good(),
    body: 'secret',
  });
  const receipt = { messageId: sent['messageId'], receiptType: 'read' };
  const refused = await stranger.http.call({ method: 'POST', path: '/v1/receipts', body: receipt });
  expect([refused.status, refused.json['code']]).toEqual([404, 'not_found']);
  expect(await stranger.http.get('/v1/conversations')).toMatchObject({ conversations: [] });
  const spy = await scene.connected(stranger, 'spy');
  const raw = await RawSocket.open(scene.server.port);
  await raw.next(({ type }) => type === 'hello', 'hello');
  const claims = { deviceId: `${stranger.subject}-raw`, instanceId: 'raw', client: 'raw/1' };
  const resume = { cursors: [talk.first.eventId], pending: [[talk.conversationId, crypto.randomUUID()]] };
  raw.sendText(
    JSON.stringify({ type: 'authenticate', token: tokenFor(stranger.subject), ...claims, resume }),
  );
  await raw.next(({ type }) => type === 'caught_up', 'caught_up');
  expect(JSON.stringify(raw.frames)).not.toContain('secret');
  const answer = raw.frames.find((frame) => frame['conversationId'] === talk.conversationId);
  expect(answer).toMatchObject({ type: 'sync_page', events: [], head: null, reset: true });
  raw.destroy();
  const own = { type: 'send_message', conversationId: spy.ownLogId, ...good(), body: 'x' };
  expect((await spy.connection.ask(own)).type).toBe('error');
  const anonymous = await fetch(`${scene.server.baseUrl}/v1/conversations/${talk.conversationId}/messages`);
  expect([anonymous.status, ((await anonymous.json()) as Frame)['code']]).toEqual([401, 'unauthenticated']);
  await scene[Symbol.asyncDispose]();
  made = undefined;
});

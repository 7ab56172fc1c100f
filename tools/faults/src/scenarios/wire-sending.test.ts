import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { lookUntil } from '../deadline.ts';
import { Ear } from '../ear.ts';
import { tokenFor } from '../jwt.ts';
import { patienceMs } from '../scale.ts';
import { receiptSeenMsMax } from '../topology.ts';
import { Scene, type Person, type Talk } from '../scene.ts';
import type { Frame } from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

let scene: Scene;
let anna: Person;
let ben: Person;
beforeAll(async () => {
  scene = await Scene.start();
  anna = await scene.person('anna');
  ben = await scene.person('ben');
});
afterAll(async () => scene[Symbol.asyncDispose]());

type Fields = Readonly<Record<string, unknown>>;

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);
const pathOf = ({ conversationId }: Talk): string => `/v1/conversations/${conversationId}/messages`;
const bodiesOf = async (talk: Talk): Promise<unknown[]> =>
  (await scene.log(talk)).events.slice(1).map((event) => event['body']);

/** The same message as a frame and over HTTP, each under its own id: the two codes, or `ok`. */
async function bothWays(ear: Ear, talk: Talk, fields: Fields): Promise<readonly [string, string]> {
  const clientMessageId = () => ({ clientMessageId: crypto.randomUUID() });
  const { conversationId } = talk;
  const frame = await ear.ask({ type: 'send_message', conversationId, ...clientMessageId(), ...fields });
  const body = { ...clientMessageId(), ...fields };
  const { status, json } = await anna.http.call({ method: 'POST', path: pathOf(talk), body });
  return [
    frame.type === 'message_accepted' ? 'ok' : String(frame['code']),
    status === 201 ? 'ok' : String(json['code']),
  ];
}

test('[P6.1] a message with every field comes as it was sent, and sending it again at any time and from anywhere is safe', async () => {
  await using phone = await Ear.open(scene, anna, { deviceId: 'phone' });
  await using laptop = await Ear.open(scene, anna, { deviceId: 'laptop' });
  const talk = await scene.group(anna, [ben]);
  const { conversationId } = talk;
  const first = await phone.say(conversationId, 'the first');
  const message = {
    clientMessageId: crypto.randomUUID(),
    body: '**hello**\n\tyou 😀',
    format: 'markdown',
    replyTo: first['messageId'],
    mentions: [ben.userId],
  };
  const frame = { type: 'send_message', conversationId, ...message, readThrough: 2 };
  const path = pathOf(talk);
  const { readThrough, ...body } = { ...message, readThrough: 2 };
  const overHttp = async () => (await anna.http.call({ method: 'POST', path, body })).json;
  const answers: readonly Fields[] = await Promise.all([
    phone.ask(frame),
    phone.ask(frame),
    laptop.ask(frame),
    overHttp(),
    laptop.ask({ ...frame, readThrough: 1 }),
    overHttp(),
  ]);
  answers.forEach((answer) => expect(answer).toMatchObject({ conversationId, sequence: 3 }));
  const ids = new Set(answers.map((answer) => answer['messageId']));
  expect(ids.size).toBe(1);
  expect(answers.filter((answer) => answer['duplicate'] !== true).length).toBe(1);
  const event = await laptop.reach([...ids][0]);
  expect(event).toMatchObject({ type: 'message_event', ...message });
  expect(event['readThrough']).toBeUndefined();
  expect(await bodiesOf(talk)).toEqual(['the first', message.body]);
  await lookUntil(receiptSeenMsMax, async () =>
    expect(await anna.http.get(`/v1/conversations/${conversationId}`)).toMatchObject({
      conversation: { read: { sequence: readThrough } },
    }),
  );
});

test('[P6.2] an accepted message stands at its sequence for ever: on every connection, after kill -9, and for a repetition', async () => {
  await using own = await Scene.start();
  const [sender, reader] = await own.people('p', 2);
  if (sender === undefined || reader === undefined) throw new Error('two');
  const phone = await Ear.open(own, sender, { deviceId: 'phone' });
  const tab = await Ear.open(own, sender, { deviceId: 'phone' });
  const laptop = await Ear.open(own, sender, { deviceId: 'laptop' });
  const other = await Ear.open(own, reader, { deviceId: 'phone' });
  const talk = await own.group(sender, [reader]);
  const { conversationId } = talk;
  const frames = range(1, 30).map((at) => ({
    type: 'send_message',
    conversationId,
    clientMessageId: crypto.randomUUID(),
    body: `m${at}`,
  }));
  const accepted = await Promise.all(frames.map(async (frame) => phone.ask(frame)));
  const last = accepted.at(-1)?.['messageId'];
  for (const ear of [phone, tab, laptop, other]) await ear.reach(last);
  const placeOf = (event: Fields) => [event['messageId'], event['sequence'], event['sentAt']];
  expect(accepted.map((answer) => answer['sequence'])).toEqual(range(2, 31));
  for (const [at, answer] of accepted.entries()) {
    const { clientMessageId } = frames[at] ?? {};
    expect(answer).toMatchObject({ type: 'message_accepted', conversationId, clientMessageId });
    expect(answer['duplicate']).toBeUndefined();
  }
  for (const ear of [phone, tab, laptop, other]) {
    const events = ear.events(conversationId).slice(1);
    expect(events.map(placeOf)).toEqual(accepted.map(placeOf));
    const ids = frames.map(({ clientMessageId }) => (ear === other ? undefined : clientMessageId));
    expect(events.map((event) => event['clientMessageId'])).toEqual(ids);
  }
  await own.server.kill();
  await own.server.start();
  expect((await own.log(talk)).events.slice(1).map(placeOf)).toEqual(accepted.map(placeOf));
  await using again = await Ear.open(own, sender, { deviceId: 'phone' });
  for (const [at, frame] of frames.entries()) {
    const answer = await again.ask(frame);
    expect(answer).toMatchObject({ type: 'message_accepted', duplicate: true });
    expect(placeOf(answer)).toEqual(placeOf(accepted[at] ?? {}));
  }
  expect((await own.log(talk)).events.length).toBe(31);
});

test('[P6.3] another body, format, replyTo or mentions under the same id is a conflict by frame and HTTP, and writes nothing', async () => {
  await using ear = await Ear.open(scene, anna, { deviceId: 'phone' });
  const talk = await scene.group(anna, [ben]);
  const { conversationId } = talk;
  const replyTo = (await ear.say(conversationId, 'one'))['messageId'];
  const otherReplyTo = (await ear.say(conversationId, 'two'))['messageId'];
  const full = { body: 'full', format: 'markdown', replyTo, mentions: [ben.userId] };
  const bare = { body: 'bare' };
  const without = (field: keyof typeof full): Fields =>
    Object.fromEntries(Object.entries(full).filter(([name]) => name !== field));
  const changes: readonly (readonly [Fields, readonly Fields[]])[] = [
    [
      full,
      [
        { ...full, body: 'full ' },
        { ...full, format: 'plain' },
        { ...full, replyTo: otherReplyTo },
        { ...full, mentions: [anna.userId] },
        { ...full, mentions: [ben.userId, anna.userId] },
        without('format'),
        without('replyTo'),
        without('mentions'),
      ],
    ],
    [
      bare,
      [
        { body: 'Bare' },
        { ...bare, format: 'markdown' },
        { ...bare, replyTo },
        { ...bare, mentions: [ben.userId] },
      ],
    ],
  ];
  for (const [message, others] of changes) {
    const clientMessageId = crypto.randomUUID();
    const frame = { type: 'send_message', conversationId, clientMessageId };
    const first = await ear.ask({ ...frame, ...message });
    expect(first.type).toBe('message_accepted');
    for (const other of others) {
      const refused = { code: 'idempotency_conflict', retry: 'never' };
      expect(await ear.ask({ ...frame, ...other })).toMatchObject({
        type: 'error',
        ...refused,
        clientMessageId,
      });
      const body = { clientMessageId, ...other };
      const answer = await anna.http.call({ method: 'POST', path: pathOf(talk), body });
      expect([answer.status, answer.json]).toMatchObject([409, refused]);
    }
    // What is not content may differ.
    const again = await ear.ask({ ...frame, ...message, readThrough: 2 });
    expect(again).toMatchObject({ messageId: first['messageId'], duplicate: true });
  }
  expect(await bodiesOf(talk)).toEqual(['one', 'two', 'full', 'bare']);
});

test('[P6.5] a body of 1 character to 64 KiB is taken as it is, an empty one is invalid, one byte more is too_large', async () => {
  await using ear = await Ear.open(scene, anna, { deviceId: 'phone' });
  const talk = await scene.group(anna, []);
  const good = ['a', '😀', ' ', 'a'.repeat(65_536), '😀'.repeat(16_384), `${'é'.repeat(32_767)}ab`];
  for (const body of good) expect(await bothWays(ear, talk, { body })).toEqual(['ok', 'ok']);
  expect(await bothWays(ear, talk, { body: '' })).toEqual(['invalid', 'invalid']);
  for (const body of ['a'.repeat(65_537), `${'😀'.repeat(16_384)}a`, `${'é'.repeat(32_767)}abc`])
    expect(await bothWays(ear, talk, { body })).toEqual(['too_large', 'too_large']);
  expect(await bodiesOf(talk)).toEqual(good.flatMap((body) => [body, body]));
});

test('[P6.5] every control character but tab and newline is refused, anywhere in the body', async () => {
  await using ear = await Ear.open(scene, anna, { deviceId: 'phone' });
  const talk = await scene.group(anna, []);
  const controls = [...range(0x00, 0x1f), ...range(0x7f, 0x9f)].map((code) => String.fromCharCode(code));
  for (const control of controls) {
    // A connection that says nothing but bad frames would be closed.
    expect(await ear.ask({ type: 'ping' })).toMatchObject({ type: 'pong' });
    const expected = control === '\t' || control === '\n' ? 'ok' : 'invalid';
    for (const body of [control, `a${control}b`]) {
      expect([body, await bothWays(ear, talk, { body })]).toEqual([body, [expected, expected]]);
    }
  }
  expect(await bodiesOf(talk)).toEqual(['\t', 'a\tb', '\n', 'a\nb'].flatMap((body) => [body, body]));
});

test('[P6.5] up to 50 members may be mentioned; who never was a member, is one no more or nobody is may not', async () => {
  await using ear = await Ear.open(scene, anna, { deviceId: 'phone' });
  const people = await scene.people('named', 52);
  const [former, stranger, ...members] = people;
  if (former === undefined || stranger === undefined) throw new Error('people');
  const talk = await scene.group(anna, [former, ...members]);
  await anna.http.removeMember(talk.conversationId, former.userId);
  const named = members.map(({ userId }) => userId);
  const mention = async (mentions: readonly string[]) => bothWays(ear, talk, { body: 'you', mentions });
  expect(named.length).toBe(50);
  expect(await mention(named)).toEqual(['ok', 'ok']);
  expect(await mention([anna.userId])).toEqual(['ok', 'ok']);
  expect(await mention([...named, anna.userId])).toEqual(['invalid', 'invalid']);
  for (const nobody of [former.userId, stranger.userId, 'xnobody'])
    expect(await mention([...named.slice(0, 3), nobody])).toEqual(['invalid', 'invalid']);
  const events = (await scene.log(talk)).events.filter(({ type }) => type === 'message_event');
  expect(events.map((event) => event['mentions'])).toEqual([named, named, [anna.userId], [anna.userId]]);
});

test('[P6.5] a reply is to a message of the same conversation: not of another, not of one still to come', async () => {
  await using ear = await Ear.open(scene, anna, { deviceId: 'phone' });
  const talk = await scene.group(anna, []);
  const other = await scene.group(anna, []);
  const here = await ear.say(talk.conversationId, 'here');
  const there = await ear.say(other.conversationId, 'there');
  const reply = async (replyTo: unknown) => bothWays(ear, talk, { body: 'reply', replyTo });
  expect(await reply(here['messageId'])).toEqual(['ok', 'ok']);
  const wrong = [there['messageId'], `${talk.conversationId}.zz.AAAAAAAA`, 'gnone.1.AAAAAAAA', 'nothing', 7];
  for (const replyTo of wrong)
    expect([replyTo, await reply(replyTo)]).toEqual([replyTo, ['invalid', 'invalid']]);
  expect(await bodiesOf(talk)).toEqual(['here', 'reply', 'reply']);
});

test('[P12.2] each error answers one request, those around it are done, and the connection goes on', async () => {
  await using ear = await Ear.open(scene, anna, { deviceId: 'phone' });
  const talk = await scene.group(anna, []);
  const direct = await scene.direct(anna, ben);
  const { conversationId } = talk;
  const id = () => ({ clientMessageId: crypto.randomUUID() });
  const used = id();
  const bad: readonly (readonly [code: string, frame: { readonly type: string } & Fields])[] = [
    ['invalid', { type: 'send_message', conversationId, ...id(), body: 7 }],
    ['unknown_type', { type: 'no_such_type' }],
    ['too_large', { type: 'send_message', conversationId, ...id(), body: 'x'.repeat(65_537) }],
    ['not_found', { type: 'send_message', conversationId: 'gnone', ...id(), body: 'x' }],
    ['idempotency_conflict', { type: 'send_message', conversationId, ...used, body: 'changed' }],
    ['unknown_members', { type: 'add_members', conversationId, ...id(), userIds: ['xnobody'] }],
    ['last_owner', { type: 'update_member', conversationId, ...id(), userId: anna.userId, role: 'member' }],
    [
      'not_applicable',
      { type: 'update_conversation', conversationId: direct.conversationId, ...id(), title: 'x' },
    ],
    ['invalid', { type: 'sync', conversationId, after: direct.first.eventId }],
    ['invalid', { type: 'receipt', conversationId, read: -1 }],
  ];
  await ear.ask({ type: 'send_message', conversationId, ...used, body: 'said' });
  for (const [at, [, frame]] of bad.entries()) {
    ear.connection.send({ ...frame, ref: `bad${at}` });
    const good = { type: 'send_message', conversationId, ...id(), body: `m${at}`, ref: `good${at}` };
    ear.connection.send(good);
  }
  expect(await ear.ask({ type: 'ping' })).toMatchObject({ type: 'pong' });
  const last = `good${bad.length - 1}`;
  await ear.next((frame) => frame['ref'] === last, 'the last answer');
  const answersTo = (ref: string) => ear.frames.filter((frame) => frame['ref'] === ref);
  for (const [at, [code]] of bad.entries()) {
    await ear.next((frame) => frame['ref'] === `bad${at}`, `the answer ${at}`);
    expect(answersTo(`bad${at}`)).toMatchObject([{ type: 'error', code, retry: 'never' }]);
    expect(answersTo(`good${at}`)).toMatchObject([{ type: 'message_accepted' }]);
  }
  expect(ear.ofType('error').length).toBe(bad.length);
  expect(ear.connection.isClosed).toBe(false);
  expect(await bodiesOf(talk)).toEqual(['said', ...bad.map((_, at) => `m${at}`)]);
});

test('[P12.2] 99 bad frames in a row are answered one by one; the 100th is too, and ends the connection with 4303', async () => {
  const ear = await Ear.open(scene, anna, { deviceId: 'phone' });
  const talk = await scene.group(anna, []);
  const good = { type: 'ping' };
  const refusals = ['{', '{"type":"no_such_type"}', '{"type":"send_message"}'];
  const sendBad = (count: number): void =>
    range(1, count).forEach((at) => ear.connection.sendText(refusals[at % refusals.length] ?? ''));
  sendBad(99);
  expect(await ear.ask(good)).toMatchObject({ type: 'pong' });
  // What is refused for what it asks is no bad frame.
  const foreign = { type: 'sync', conversationId: talk.conversationId, after: 'gnone.1.AAAAAAAA' };
  for (const _ of range(1, 100)) expect(await ear.ask(foreign)).toMatchObject({ code: 'invalid' });
  expect(ear.ofType('error').length).toBe(199);
  sendBad(99);
  expect(await ear.ask(good)).toMatchObject({ type: 'pong' });
  sendBad(100);
  expect((await ear.connection.closed).code).toBe(4303);
  expect(ear.ofType('error').length).toBe(398);
});

test('[P12.2] an error that ends the connection is followed by its close code', async () => {
  const ear = await Ear.open(scene, anna, { deviceId: 'phone', instanceId: 'one' });
  const names = { deviceId: 'ben-phone', instanceId: 'one', client: 'x/1' };
  const asked = ear.next((frame: Frame) => frame['ref'] === 'another', 'the refusal');
  ear.connection.send({ type: 'authenticate', ref: 'another', token: tokenFor('ben'), ...names });
  expect(await asked).toMatchObject({ type: 'error', code: 'unauthenticated', retry: 'after_auth' });
  expect((await ear.connection.closed).code).toBe(4200);
});

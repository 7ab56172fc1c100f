import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { Ear } from '../ear.ts';
import { tokenFor } from '../jwt.ts';
import { RawSocket } from '../raw-socket.ts';
import { sayMany } from '../sayings.ts';
import { patienceMs } from '../scale.ts';
import { Scene, type Person } from '../scene.ts';
import { isLogEvent, listIn, objectIn, type Frame } from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

async function pair(name: string): Promise<readonly [anna: Person, ben: Person]> {
  return [await scene.person(`anna-${name}`), await scene.person(`ben-${name}`)];
}

const idsOf = (events: readonly { readonly eventId: string }[]): string[] =>
  events.map(({ eventId }) => eventId);
const sequencesOf = (events: readonly { readonly sequence: number }[]): number[] =>
  events.map(({ sequence }) => sequence);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** The same id with a tail that the server never gave out, and the id of a sequence that it has not reached. */
const forged = (eventId: string): string => `${eventId.slice(0, -8)}AAAAAAAA`;
const future = (conversationId: string, sequence: number): string =>
  `${conversationId}.${sequence.toString(36)}.AAAAAAAA`;

test('[P4.1] cursors are event ids, the own log among them; an empty own log has no head, and one without a cursor is read by sync', async () => {
  const [anna, cleo] = await pair('cursors');
  const fresh = await Ear.open(scene, cleo, { deviceId: 'phone' });
  const ready = await fresh.next(({ type }) => type === 'ready', 'ready');
  expect(objectIn(ready, 'ownLog')).toMatchObject({ head: null });
  await fresh.close();
  const talks = [await scene.group(anna, [cleo]), await scene.group(anna, [cleo])];
  const speaker = await scene.connected(anna, 'phone');
  for (const { conversationId } of talks) await sayMany(speaker, conversationId, 3);

  await using without = await Ear.open(scene, cleo, { deviceId: 'phone' });
  const { conversationId: ownLogId, head } = objectIn(
    await without.next(({ type }) => type === 'ready', 'ready'),
    'ownLog',
  ) as { readonly conversationId: string; readonly head: Frame };
  expect(head).toMatchObject({ sequence: 2, ordinal: 0 });
  expect(without.frames.filter(isLogEvent)).toEqual([]);
  const own = await without.ask({ type: 'sync', conversationId: ownLogId, after: null });
  expect(own).toMatchObject({ type: 'sync_page', reset: true, head: { eventId: head['eventId'] } });
  const joins = listIn(own, 'events') as readonly Frame[];
  expect(joins).toMatchObject(
    talks.map(({ conversationId }, at) => ({
      type: 'membership_event',
      sequence: at + 1,
      targetConversationId: conversationId,
    })),
  );

  const cursors = [joins[0]?.['eventId'], talks[1]?.first.eventId, talks[0]?.first.eventId].map(String);
  await using ear = await Ear.open(scene, cleo, { deviceId: 'phone', resume: { cursors } });
  const heard = ear.frames.filter(isLogEvent);
  const order = [...new Set(heard.map(({ conversationId }) => conversationId))];
  expect(order).toEqual([ownLogId, talks[1]?.conversationId ?? '', talks[0]?.conversationId ?? '']);
  expect(idsOf(ear.events(ownLogId))).toEqual([String(joins[1]?.['eventId'])]);
  for (const talk of talks) {
    const { events } = await scene.log(talk);
    expect(idsOf(ear.events(talk.conversationId))).toEqual(idsOf(events.slice(1)));
  }
});

test('[P4.1] 200 cursors and 100 pending sends are taken, one more of either is invalid', async () => {
  const [, cleo] = await pair('many');
  const cursors = range(1, 201).map((at) => `gnone${at}.1.AAAAAAAA`);
  const pending = range(1, 101).map(() => ['gnone', crypto.randomUUID()] as const);
  const tried = async (resume: object) => Ear.tried(scene, cleo, { deviceId: 'phone', resume });
  expect(await tried({ cursors })).toMatchObject({ type: 'error', code: 'invalid' });
  expect(await tried({ pending })).toMatchObject({ type: 'error', code: 'invalid' });
  const most = { cursors: cursors.slice(1), pending: pending.slice(1) };
  expect(await tried(most)).toMatchObject({ type: 'ready', landed: [] });
});

test('[P4.2] each cursor is answered with the later events of its conversation, one frame an event, ascending', async () => {
  const [anna, ben] = await pair('later');
  const talk = await scene.group(anna, [ben]);
  const { conversationId } = talk;
  const speaker = await scene.connected(anna, 'phone');
  await sayMany(speaker, conversationId, 220);
  await anna.http.call({
    method: 'PATCH',
    path: `/v1/conversations/${conversationId}`,
    body: { clientMessageId: crypto.randomUUID(), title: 'another' },
  });
  await sayMany(speaker, conversationId, 220);
  const log = (await scene.log(talk)).events;
  expect(log.length).toBe(442);
  for (const at of [1, 2, 220, 222, 441, 442]) {
    const cursors = [log[at - 1]?.eventId ?? ''];
    await using ear = await Ear.open(scene, ben, { deviceId: 'phone', resume: { cursors } });
    expect(idsOf(ear.events(conversationId))).toEqual(idsOf(log.slice(at)));
    expect(ear.ofType('sync_page')).toEqual([]);
  }
});

test('[P4.3] a cursor of no event, or of the future, is answered with a reset and the newest page; the older ones are in the history', async () => {
  const [anna, ben] = await pair('reset');
  const talk = await scene.group(anna, [ben]);
  const { conversationId, first } = talk;
  await sayMany(await scene.connected(anna, 'phone'), conversationId, 80, 1);
  const log = (await scene.log(talk)).events;
  for (const cursor of [forged(first.eventId), future(conversationId, 82), future(conversationId, 1e9)]) {
    await using ear = await Ear.open(scene, ben, { deviceId: 'phone', resume: { cursors: [cursor] } });
    expect(ear.events(conversationId)).toEqual([]);
    const pages = ear.ofType('sync_page');
    expect(pages).toMatchObject([
      { conversationId, reset: true, head: { sequence: 81, eventId: log[80]?.eventId } },
    ]);
    const events = listIn(pages[0] ?? { type: '' }, 'events') as typeof log;
    expect(events.length).toBeGreaterThan(0);
    expect(idsOf(events)).toEqual(idsOf(log.slice(-events.length)));
    const before = 82 - events.length;
    const path = `/v1/conversations/${conversationId}/messages?limit=200&before=${before}`;
    const older = listIn(await ben.http.get(path), 'messages') as typeof log;
    expect(idsOf(older)).toEqual(idsOf(log.slice(1, -events.length)));
  }
});

test('[P4.3] 10,000 events after a cursor are sent one by one, 10,001 are a reset', async () => {
  const [anna, ben] = await pair('far');
  const talk = await scene.group(anna, [ben]);
  const { conversationId, first } = talk;
  const head = await sayMany(await scene.connected(anna, 'phone'), conversationId, 10_001, 500);
  expect(head).toBe(10_002);
  const [second] = (await ben.http.events(conversationId, '1')).events;
  const within = { cursors: [second?.eventId ?? ''] };
  await using near = await Ear.open(scene, ben, { deviceId: 'near', resume: within });
  expect(sequencesOf(near.events(conversationId))).toEqual(range(3, head));
  expect(near.ofType('sync_page')).toEqual([]);
  await using far = await Ear.open(scene, ben, { deviceId: 'far', resume: { cursors: [first.eventId] } });
  expect(far.events(conversationId)).toEqual([]);
  expect(far.ofType('sync_page')).toMatchObject([{ conversationId, reset: true, head: { sequence: head } }]);
});

test('[P4.7] what is committed while a device resumes comes before its one caught_up, what is committed later after it', async () => {
  const [anna, ben] = await pair('meanwhile');
  const talk = await scene.group(anna, [ben]);
  const { conversationId, first } = talk;
  await using speaker = await Ear.open(scene, anna, { deviceId: 'phone' });
  // More than the buffers between two processes hold, so that the replay waits for its reader.
  const large = 'x'.repeat(60_000);
  const before = await Promise.all(range(1, 320).map(async () => speaker.say(conversationId, large)));
  const reader = await RawSocket.open(scene.server.port);
  await reader.next(({ type }) => type === 'hello', 'hello');
  const claims = { deviceId: `${ben.subject}-phone`, instanceId: 'one', client: 'raw/1' };
  const resume = { cursors: [first.eventId] };
  reader.sendText(JSON.stringify({ type: 'authenticate', token: tokenFor(ben.subject), ...claims, resume }));
  await reader.next(({ type }) => type === 'ready', 'ready');
  reader.stopReading();
  const meanwhile: Frame[] = [];
  for (let said = 0; said < 20; said += 1) meanwhile.push(await speaker.say(conversationId, `small ${said}`));
  reader.readOn();
  await reader.next(({ type }) => type === 'caught_up', 'caught_up');
  const later = await speaker.say(conversationId, 'later');
  await reader.next((frame) => frame['eventId'] === later['messageId'], 'the later message');
  reader.destroy();
  const caughtUpAt = reader.frames.findIndex(({ type }) => type === 'caught_up');
  expect(reader.frames.filter(({ type }) => type === 'caught_up').length).toBe(1);
  const told = reader.frames.slice(0, caughtUpAt).filter(isLogEvent);
  expect(told.map(({ sequence }) => sequence)).toEqual(range(2, 1 + before.length + meanwhile.length));
  expect(idsOf(told).slice(-20)).toEqual(meanwhile.map((accepted) => String(accepted['messageId'])));
  const live = reader.frames.slice(caughtUpAt).filter(isLogEvent);
  expect(idsOf(live)).toEqual([String(later['messageId'])]);
});

test('[P4.8][G4.3] landed names the pending sends that are in the log, and the others are sent again under the same id', async () => {
  const [anna, ben] = await pair('landed');
  const talk = await scene.group(anna, [ben]);
  const secret = await scene.group(ben, []);
  const { conversationId } = talk;
  const ids = range(1, 4).map(() => crypto.randomUUID());
  const send = (at: number) => ({
    type: 'send_message',
    conversationId,
    clientMessageId: ids[at] ?? '',
    body: `m${at}`,
  });
  const before = await Ear.open(scene, anna, { deviceId: 'phone' });
  const accepted = [await before.ask(send(0)), await before.ask(send(2))];
  await before.close();
  const bens = crypto.randomUUID();
  await using ben1 = await Ear.open(scene, ben, { deviceId: 'phone' });
  await ben1.ask({ ...send(0), clientMessageId: bens });
  await ben1.ask({ ...send(0), clientMessageId: ids[3] ?? '', conversationId: secret.conversationId });

  const pending = [
    ...ids.map((id) => [conversationId, id] as const),
    [conversationId, bens] as const,
    [secret.conversationId, ids[3] ?? ''] as const,
  ];
  await using after = await Ear.open(scene, anna, { deviceId: 'phone', resume: { pending } });
  const ready = await after.next(({ type }) => type === 'ready', 'ready');
  const landed = listIn(ready, 'landed') as readonly (readonly unknown[])[];
  const rows = accepted.map(({ clientMessageId, messageId, sequence, sentAt }) => [
    conversationId,
    clientMessageId,
    messageId,
    sequence,
    sentAt,
  ]);
  expect(landed.toSorted((a, b) => Number(a[3]) - Number(b[3]))).toEqual(rows);
  for (const at of [1, 3]) {
    const answer = await after.ask(send(at));
    expect(answer).toMatchObject({ type: 'message_accepted', clientMessageId: ids[at] });
    expect(answer['duplicate']).toBeUndefined();
  }
  expect(await after.ask(send(0))).toMatchObject({ messageId: accepted[0]?.['messageId'], duplicate: true });
  const bodies = (await scene.log(talk)).events.map((event) => event['body']);
  expect(bodies).toEqual([undefined, 'm0', 'm2', 'm0', 'm1', 'm3']);
});

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { Ear } from '../ear.ts';
import { sayMany } from '../sayings.ts';
import { patienceMs } from '../scale.ts';
import { Scene, type Person } from '../scene.ts';
import {
  listIn,
  objectIn,
  readLogEvent,
  readPage,
  textIn,
  type Frame,
  type LogEvent,
  type Page,
} from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

const idsOf = (events: readonly LogEvent[]): string[] => events.map(({ eventId }) => eventId);
const sequencesOf = (events: readonly LogEvent[]): number[] => events.map(({ sequence }) => sequence);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);
const id = () => ({ clientMessageId: crypto.randomUUID() });

/** A group in which everything that makes an event happens once, as frames of its owner. */
async function everything(name: string) {
  const [anna, ben, cleo, dan] = await scene.people(`${name}-`, 4);
  if (anna === undefined || ben === undefined || cleo === undefined || dan === undefined)
    throw new Error('4');
  const phone = await Ear.open(scene, anna, { deviceId: 'phone' });
  const laptop = await Ear.open(scene, anna, { deviceId: 'laptop' });
  const other = await Ear.open(scene, ben, { deviceId: 'phone' });
  const talk = await scene.group(anna, [ben], 'the first title');
  const { conversationId } = talk;
  const of = { conversationId };
  const hello = await phone.say(conversationId, 'hello');
  const extra = { format: 'markdown', replyTo: hello['messageId'], mentions: [ben.userId], readThrough: 1 };
  const said = { type: 'send_message', ...of, ...id(), body: '**full**', ...extra };
  const asks = [
    said,
    { type: 'update_conversation', ...of, ...id(), title: 'the second title' },
    { type: 'add_members', ...of, ...id(), userIds: [cleo.userId, dan.userId], role: 'member' },
    { type: 'update_member', ...of, ...id(), userId: cleo.userId, role: 'admin' },
    { type: 'remove_member', ...of, ...id(), userId: cleo.userId },
  ];
  for (const ask of asks) expect((await phone.ask(ask)).type).toEndWith('accepted');
  await dan.http.removeMember(conversationId, dan.userId);
  const last = await phone.say(conversationId, 'the last');
  for (const ear of [phone, laptop, other]) await ear.reach(last['messageId']);
  return { anna, ben, cleo, dan, phone, laptop, other, talk, asks, hello };
}

async function close(...ears: readonly Ear[]): Promise<void> {
  await Promise.all(ears.map(async (ear) => ear.close()));
}

test('[P5.1] every frame with an eventId, whatever its type, is the next of its log and a cursor; no other frame is', async () => {
  const { ben, cleo, phone, laptop, other, talk } = await everything('cursor');
  const { conversationId } = talk;
  await phone.ask({ type: 'typing', conversationId });
  await phone.ask({ type: 'receipt', conversationId, read: 3 });
  await other.next(({ type }) => type === 'typing_event', 'a typing note');
  await other.next(({ type, read }) => type === 'receipt_event' && read === 3, 'a receipt');
  const log = other.events(conversationId);
  expect(sequencesOf(log)).toEqual(range(1, 9));
  const kinds = new Set(log.map((event) => [event.type, event['change']].join(' ').trim()));
  expect([...kinds].toSorted()).toEqual([
    'conversation_event created',
    'conversation_event updated',
    'member_event joined',
    'member_event left',
    'member_event removed',
    'member_event role_changed',
    'message_event',
  ]);
  expect(idsOf((await scene.log(talk)).events)).toEqual(idsOf(log));
  for (const { eventId, sequence } of log) {
    const page = readPage(await other.ask({ type: 'sync', conversationId, after: eventId }));
    expect([page.isReset, idsOf(page.events)]).toEqual([false, idsOf(log.slice(sequence))]);
    await using again = await Ear.open(scene, ben, { deviceId: 'new', resume: { cursors: [eventId] } });
    expect(idsOf(again.events(conversationId))).toEqual(idsOf(log.slice(sequence)));
  }
  // The own log is a log too.
  await using own = await Ear.open(scene, cleo, { deviceId: 'phone' });
  const ready = await own.next(({ type }) => type === 'ready', 'ready');
  const ownLogId = textIn(objectIn(ready, 'ownLog'), 'conversationId');
  const { events } = readPage(await own.ask({ type: 'sync', conversationId: ownLogId, after: null }));
  expect(events).toMatchObject([
    { type: 'membership_event', change: 'joined', sequence: 1 },
    { type: 'membership_event', change: 'left', sequence: 2 },
  ]);
  const cursors = [events[0]?.eventId ?? ''];
  await using resumed = await Ear.open(scene, cleo, { deviceId: 'phone', resume: { cursors } });
  expect(idsOf(resumed.events(ownLogId))).toEqual(idsOf(events.slice(1)));
  await close(phone, laptop, other);
});

test('[P5.2] events have the fields of their type on every path, and the clientMessageId for the sender alone', async () => {
  const { anna, ben, cleo, dan, phone, laptop, other, talk, asks, hello } = await everything('fields');
  const { conversationId } = talk;
  const by = (person: Person) => ({ conversationId, senderId: person.userId });
  const member = (person: Person, role: string) => ({ userId: person.userId, role });
  const [full, renamed, added, raised, removed] = asks.map((ask) => ask['clientMessageId']);
  const expected: readonly (readonly [clientMessageId: unknown, ordinal: number, fields: object])[] = [
    [
      expect.any(String),
      0,
      {
        type: 'conversation_event',
        ...by(anna),
        change: 'created',
        conversationType: 'group',
        title: 'the first title',
        members: [member(anna, 'owner'), member(ben, 'member')],
      },
    ],
    [hello['clientMessageId'], 1, { type: 'message_event', ...by(anna), body: 'hello' }],
    [
      full,
      2,
      {
        type: 'message_event',
        ...by(anna),
        body: '**full**',
        format: 'markdown',
        replyTo: hello['messageId'],
        mentions: [ben.userId],
      },
    ],
    [renamed, 2, { type: 'conversation_event', change: 'updated', title: 'the second title' }],
    [
      added,
      2,
      { type: 'member_event', change: 'joined', members: [member(cleo, 'member'), member(dan, 'member')] },
    ],
    [raised, 2, { type: 'member_event', change: 'role_changed', members: [member(cleo, 'admin')] }],
    [removed, 2, { type: 'member_event', change: 'removed', members: [member(cleo, 'admin')] }],
    [undefined, 2, { type: 'member_event', ...by(dan), change: 'left', members: [member(dan, 'member')] }],
    [expect.any(String), 3, { type: 'message_event', ...by(anna), body: 'the last' }],
  ];
  const check = (events: readonly LogEvent[], isSender: boolean): void => {
    expect(events.length).toBe(expected.length);
    for (const [at, [clientMessageId, ordinal, fields]] of expected.entries()) {
      const event = events[at];
      expect(event).toMatchObject({ ...fields, sequence: at + 1, ordinal });
      expect(event?.['clientMessageId']).toEqual(isSender ? clientMessageId : undefined);
      expect(event?.eventId).toMatch(
        new RegExp(`^${conversationId}\\.${(at + 1).toString(36)}\\.[\\w-]{8}$`),
      );
      expect(event?.['sentAt']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      if (event?.type === 'message_event') expect(event['messageId']).toBe(event.eventId);
    }
    for (const absent of ['format', 'replyTo', 'mentions', 'readThrough'])
      expect(events[1]?.[absent]).toBeUndefined();
    expect(events[2]?.['readThrough']).toBeUndefined();
  };
  for (const [person, ear, isSender] of [
    [anna, phone, true],
    [anna, laptop, true],
    [ben, other, false],
  ] as const) {
    check(ear.events(conversationId), isSender);
    const page = readPage(await ear.ask({ type: 'sync', conversationId, after: null }));
    check(page.events, isSender);
    check(await person.http.readLog(conversationId), isSender);
    const cursors = [talk.first.eventId];
    await using resumed = await Ear.open(scene, person, { deviceId: 'new', resume: { cursors } });
    check([page.events[0] ?? talk.first, ...resumed.events(conversationId)], isSender);
    const messages = await person.http.readMessages(conversationId);
    const clientIds = page.events
      .filter(({ type }) => type === 'message_event')
      .map((event) => event['clientMessageId']);
    expect(messages.map((message) => message['clientMessageId'])).toEqual(clientIds);
  }
  await close(phone, laptop, other);
});

test('[P5.3] by the three-way compare a client that loses a frame and hears others twice has the log, each event once', async () => {
  const [anna, ben] = await scene.people('compare-', 2);
  if (anna === undefined || ben === undefined) throw new Error('two');
  const speaker = await scene.connected(anna, 'phone');
  const reader = await scene.connected(ben, 'phone');
  const talk = await scene.group(anna, [ben]);
  const { conversationId, first } = talk;
  await reader.reach(conversationId, 1);
  const copy = reader.copy(conversationId);
  const offer = copy.offer.bind(copy);
  const outcomes: (readonly [number, string])[] = [];
  const lost = new Set([4]);
  copy.offer = (event) => {
    // Lost once on the way; `had` is what the compare says of a frame that changes nothing.
    const outcome = lost.delete(event.sequence) ? 'had' : offer(event);
    outcomes.push([event.sequence, outcome]);
    return outcome;
  };
  await sayMany(speaker, conversationId, 6, 1);
  await reader.reach(conversationId, 7);
  expect(outcomes).toContainEqual([5, 'hole']);
  const pages = reader.heard.filter(({ type }) => type === 'sync_page');
  expect(pages.length).toBe(1);
  expect(sequencesOf(readPage(pages[0] ?? { type: '' }).events)).toEqual([4, 5, 6, 7]);
  const { repeated } = copy;
  await reader.connection.ask({ type: 'sync', conversationId, after: first.eventId });
  expect(copy.repeated).toBe(repeated + 6);
  await sayMany(speaker, conversationId, 2, 1);
  await reader.reach(conversationId, 9);
  expect(idsOf(copy.events)).toEqual(idsOf((await scene.log(talk)).events));
});

async function pageOf(ear: Ear, conversationId: string, rest: object): Promise<Page> {
  const answer = await ear.ask({ type: 'sync', conversationId, ...rest });
  if (answer.type !== 'sync_page') throw new Error(`no page: ${JSON.stringify(answer)}`);
  const bytes = Buffer.byteLength(JSON.stringify(answer['events']));
  expect(bytes).toBeLessThanOrEqual(196_608);
  return readPage(answer);
}

/** Asks again and again, as the rule says, and gives the events of each page. */
async function walk(ear: Ear, first: LogEvent, limit: number): Promise<readonly LogEvent[][]> {
  const pages: LogEvent[][] = [];
  for (let after = first; ;) {
    const page = await pageOf(ear, first.conversationId, { after: after.eventId, limit });
    const last = page.events.at(-1);
    if (last === undefined || page.isReset || page.head === null) throw new Error('an empty page or a reset');
    pages.push([...page.events]);
    if (last.sequence === page.head.sequence) return pages;
    after = last;
  }
}

test('[P5.4] sync gives the events after a cursor, ascending, 50 or as many as asked for, and the rest when asked again', async () => {
  const [anna, ben] = await scene.people('pages-', 2);
  if (anna === undefined || ben === undefined) throw new Error('two');
  const talk = await scene.group(anna, [ben]);
  const { conversationId, first } = talk;
  const other = await scene.group(anna, [ben]);
  await sayMany(await scene.connected(anna, 'phone'), conversationId, 250);
  const log = (await scene.log(talk)).events;
  await using ear = await Ear.open(scene, ben, { deviceId: 'phone' });
  const head = { sequence: 251, ordinal: 250, eventId: log[250]?.eventId ?? '' };

  for (const [limit, sizes] of [
    [200, [200, 50]],
    [100, [100, 100, 50]],
  ] as const) {
    const pages = await walk(ear, first, limit);
    expect(pages.map(({ length }) => length)).toEqual([...sizes]);
    expect(idsOf(pages.flat())).toEqual(idsOf(log.slice(1)));
  }
  for (const limit of [201, 0]) {
    const refused = await ear.ask({ type: 'sync', conversationId, after: first.eventId, limit });
    expect(refused).toMatchObject({ type: 'error', code: 'invalid' });
  }
  const usual = await pageOf(ear, conversationId, { after: first.eventId });
  expect([usual.isReset, idsOf(usual.events), usual.head]).toEqual([false, idsOf(log.slice(1, 51)), head]);
  const one = await pageOf(ear, conversationId, { after: first.eventId, limit: 1 });
  expect(idsOf(one.events)).toEqual(idsOf(log.slice(1, 2)));
  const none = await pageOf(ear, conversationId, { after: head.eventId });
  expect([none.isReset, none.events, none.head]).toEqual([false, [], head]);

  const newest = await pageOf(ear, conversationId, { after: null, limit: 7 });
  expect([newest.isReset, idsOf(newest.events), newest.head]).toEqual([true, idsOf(log.slice(-7)), head]);
  const usualNewest = await pageOf(ear, conversationId, { after: null });
  expect([usualNewest.isReset, idsOf(usualNewest.events)]).toEqual([true, idsOf(log.slice(-50))]);
  for (const after of [`${first.eventId.slice(0, -8)}AAAAAAAA`, `${conversationId}.6z.AAAAAAAA`]) {
    const page = await pageOf(ear, conversationId, { after, limit: 7 });
    expect([page.isReset, idsOf(page.events), page.head]).toEqual([true, idsOf(log.slice(-7)), head]);
  }
  const foreign = await ear.ask({ type: 'sync', conversationId, after: other.first.eventId });
  expect(foreign).toMatchObject({ type: 'error', code: 'invalid' });
});

test('[P5.4] a page holds at most 192 KiB, whatever its limit, and lacks nothing when it is asked for to the end', async () => {
  const [anna, ben] = await scene.people('bytes-', 2);
  if (anna === undefined || ben === undefined) throw new Error('two');
  const talk = await scene.group(anna, [ben]);
  const { conversationId, first } = talk;
  await using speaker = await Ear.open(scene, anna, { deviceId: 'phone' });
  // In JSON a newline is two bytes: a message of 64 KiB is a line of 128 KiB.
  const bodies = ['x'.repeat(65_536), 'é'.repeat(30_000), '\n'.repeat(65_536), 'short'];
  for (let round = 0; round < 4; round += 1)
    for (const body of bodies) await speaker.say(conversationId, body);
  const log = (await scene.log(talk)).events;
  expect(log.length).toBe(17);
  await using ear = await Ear.open(scene, ben, { deviceId: 'phone' });
  const pages = await walk(ear, first, 200);
  expect(pages.length).toBeGreaterThan(5);
  expect(idsOf(pages.flat())).toEqual(idsOf(log.slice(1)));
  expect(pages.flat().map((event) => event['body'])).toEqual([0, 1, 2, 3].flatMap(() => bodies));
  const newest = await pageOf(ear, conversationId, { after: null, limit: 200 });
  expect([newest.isReset, newest.events.length > 0]).toEqual([true, true]);
  expect(idsOf(newest.events)).toEqual(idsOf(log.slice(-newest.events.length)));
  const overHttp = await ben.http.get(`/v1/conversations/${conversationId}/events?after=1&limit=200`);
  const events = (listIn(overHttp, 'events') as readonly Frame[]).map(readLogEvent);
  expect(idsOf(events)).toEqual(idsOf(pages[0] ?? []));
});

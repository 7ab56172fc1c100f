import { expect, setDefaultTimeout, test } from 'bun:test';
import { EventStream } from '../event-stream.ts';
import type { HttpClient } from '../http-client.ts';
import { patienceMs, scaled } from '../scale.ts';
import { sayMany } from '../sayings.ts';
import { Scene, type Talk } from '../scene.ts';
import { listIn, readLogEvent, readPage, type Frame, type LogEvent } from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

/** Follows a conversation by long polls until `sequence`. */
async function poll(
  http: HttpClient,
  { conversationId, first }: Talk,
  until: () => number,
): Promise<LogEvent[]> {
  const events: LogEvent[] = [first];
  for (let last = first; last.sequence < until(); last = events.at(-1) ?? first) {
    const query = `after=${last.eventId}&waitMs=2000`;
    const page = readPage(await http.get(`/v1/conversations/${conversationId}/events?${query}`));
    expect(page.isReset).toBe(false);
    events.push(...page.events);
  }
  return events;
}

function framesOf(answer: { readonly [field: string]: unknown }): readonly Frame[] {
  return listIn(answer, 'frames') as readonly Frame[];
}

test('[P10.1][P10.2][P10.3][P10.4] one conversation over WebSocket, stream and long poll at once is one log', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const ben = await scene.person('ben');
  const cleo = await scene.person('cleo');
  const phone = await scene.connected(anna, 'phone');
  const stream = await EventStream.open(scene.server.baseUrl, ben.subject);
  await stream.next(({ type }) => type === 'caught_up', 'caught_up');
  const talk = await scene.group(anna, [ben, cleo]);
  const { conversationId } = talk;
  const count = scaled(300);
  const socketSays = sayMany(phone, conversationId, count, 8);
  let last = Number.POSITIVE_INFINITY;
  const polled = poll(cleo.http, talk, () => last);

  const send = (body: string) => ({
    type: 'send_message',
    conversationId,
    clientMessageId: crypto.randomUUID(),
    body,
  });
  const headers = { 'confab-connection': stream.connectionId };
  let sequence = 0;
  for (let round = 0; round < count / 10; round += 1) {
    const body = Array.from({ length: 10 }, (_, index) => send(`posted ${round} ${index}`));
    const answer = await ben.http.call({ method: 'POST', path: '/v1/frames', body, headers });
    for (const frame of framesOf(answer.json)) {
      expect(frame.type).toBe('message_accepted');
      expect(Number(frame['sequence'])).toBeGreaterThan(sequence);
      sequence = Number(frame['sequence']);
    }
  }
  const lone = [send('without a stream'), { type: 'nonsense', ref: 'x1' }, { type: 'ping', ref: 'x2' }];
  const { json } = await ben.http.call({ method: 'POST', path: '/v1/frames', body: lone });
  expect(framesOf(json)).toMatchObject([
    { type: 'message_accepted' },
    { type: 'error', code: 'unknown_type', ref: 'x1' },
    { type: 'pong', ref: 'x2' },
  ]);
  await socketSays;
  const closing = await cleo.http.post(`/v1/conversations/${conversationId}/messages`, {
    clientMessageId: crypto.randomUUID(),
    body: 'the last one',
  });
  last = Number(closing['sequence']);

  const log = (await scene.log(talk)).events.map(({ eventId }) => eventId);
  expect(log.length).toBe(last);
  await phone.reach(conversationId, last);
  await stream.next((frame) => frame['sequence'] === last, 'the last message');
  const streamed = stream.frames.filter((frame) => frame['conversationId'] === conversationId);
  const viaStream = streamed.filter((frame) => typeof frame['eventId'] === 'string').map(readLogEvent);
  expect(phone.copy(conversationId).events.map(({ eventId }) => eventId)).toEqual(log);
  expect(viaStream.map(({ eventId }) => eventId)).toEqual(log);
  expect((await polled).map(({ eventId }) => eventId)).toEqual(log);
  await stream.close();
});

test('[P10.1][G4.1] a stream that is opened again with its cursor and its pending sends goes on where it was', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const ben = await scene.person('ben');
  const phone = await scene.connected(anna, 'phone');
  const talk = await scene.group(anna, [ben]);
  const { conversationId, first } = talk;
  const clientMessageId = crypto.randomUUID();
  const sent = await ben.http.post(`/v1/conversations/${conversationId}/messages`, {
    clientMessageId,
    body: 'landed',
  });
  const head = await sayMany(phone, conversationId, 100);
  const pending = [
    [conversationId, clientMessageId],
    [conversationId, crypto.randomUUID()],
  ];
  const stream = await EventStream.open(scene.server.baseUrl, ben.subject, {
    resume: { cursors: [first.eventId], pending },
  });
  await stream.next(({ type }) => type === 'caught_up', 'caught_up');
  const ready = stream.frames.find(({ type }) => type === 'ready');
  expect(ready).toMatchObject({
    landed: [[conversationId, clientMessageId, sent['messageId'], sent['sequence'], sent['sentAt']]],
  });
  const got = stream.frames.filter((frame) => typeof frame['eventId'] === 'string').map(readLogEvent);
  expect(got.map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: head - 1 }, (_, index) => index + 2),
  );
  await stream.close();
});

test('[P10.3] a long poll answers at once with what is there, and empty after its time', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const { conversationId, first } = await scene.group(anna, []);
  const path = `/v1/conversations/${conversationId}/events`;
  const empty = readPage(await anna.http.get(`${path}?after=${first.eventId}&waitMs=200`));
  expect([empty.events.length, empty.head?.sequence, empty.isReset]).toEqual([0, 1, false]);
  const newest = readPage(await anna.http.get(path));
  expect([newest.events.length, newest.isReset]).toEqual([1, true]);
  const waiting = anna.http.get(`${path}?after=${first.eventId}&waitMs=25000`);
  const body = { clientMessageId: crypto.randomUUID(), body: 'now' };
  await anna.http.post(`/v1/conversations/${conversationId}/messages`, body);
  expect(readPage(await waiting).events).toMatchObject([{ sequence: 2, body: 'now' }]);
  const tooLong = await anna.http.call({
    method: 'GET',
    path: `${path}?after=${first.eventId}&waitMs=25001`,
  });
  expect([tooLong.status, tooLong.json['code']]).toEqual([400, 'invalid']);
});

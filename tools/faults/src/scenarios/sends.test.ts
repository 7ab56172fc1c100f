import { expect, setDefaultTimeout, test } from 'bun:test';
import { patienceMs, scaled } from '../scale.ts';
import { sayMany } from '../sayings.ts';
import { Scene } from '../scene.ts';

setDefaultTimeout(patienceMs(60_000));

test('[G3.1][G3.2] the same id gives the same event on any connection and after kill -9, and another content a conflict', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const phone = await scene.connected(anna, 'phone');
  const talk = await scene.group(anna, []);
  const clientMessageId = crypto.randomUUID();
  const message = { conversationId: talk.conversationId, clientMessageId, body: 'the one', extra: {} };
  const first = await phone.outbox.submit(message);
  const laptop = await scene.connected(anna, 'laptop');
  const again = await laptop.outbox.submit(message);
  if (first.kind !== 'accepted' || again.kind !== 'accepted') throw new Error('refused');
  expect([again.messageId, again.isDuplicate]).toEqual([first.messageId, true]);
  await sayMany(phone, talk.conversationId, scaled(300));
  await scene.server.kill();
  await scene.server.start();
  await phone.connect();
  const afterKill = await phone.outbox.submit(message);
  expect(afterKill).toMatchObject({ kind: 'accepted', messageId: first.messageId, isDuplicate: true });
  const path = `/v1/conversations/${talk.conversationId}/messages`;
  const overHttp = await anna.http.call({ method: 'POST', path, body: { clientMessageId, body: 'the one' } });
  expect([overHttp.status, overHttp.json['messageId']]).toEqual([200, first.messageId]);
  const changes = [
    { body: 'another' },
    { format: 'markdown' },
    { replyTo: first.messageId },
    { mentions: [anna.userId] },
  ];
  for (const change of changes) {
    const frame = {
      type: 'send_message',
      conversationId: talk.conversationId,
      clientMessageId,
      body: 'the one',
      ...change,
    };
    const answer = await phone.connection.ask(frame);
    expect(answer).toMatchObject({
      type: 'error',
      code: 'idempotency_conflict',
      retry: 'never',
      clientMessageId,
    });
  }
  expect(await scene.breaches()).toEqual([]);
});

test('[G3.3] a repetition gets its first answer although the sender is no member any more', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const ben = await scene.person('ben');
  const phone = await scene.connected(ben, 'phone');
  const talk = await scene.group(anna, [ben]);
  const clientMessageId = crypto.randomUUID();
  const message = { conversationId: talk.conversationId, clientMessageId, body: 'before', extra: {} };
  const first = await phone.outbox.submit(message);
  await anna.http.removeMember(talk.conversationId, ben.userId);
  const again = await phone.outbox.submit(message);
  if (first.kind !== 'accepted') throw new Error('refused');
  expect(again).toMatchObject({ kind: 'accepted', messageId: first.messageId, isDuplicate: true });
  expect(await phone.say(talk.conversationId, 'after')).toMatchObject({ kind: 'refused', code: 'not_found' });
  expect(await scene.breaches()).toEqual([]);
});

test('[G3.4][P7.1] both users create their direct conversation at once, many times, and across kill -9: it exists once', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const others = await scene.people('other', scaled(30));
  for (const other of others) {
    const made = await Promise.all([
      anna.http.createDirect(other.userId),
      other.http.createDirect(anna.userId),
      anna.http.createDirect(other.userId),
    ]);
    expect(new Set(made.map(({ conversationId }) => conversationId)).size).toBe(1);
  }
  const body = { type: 'group', memberIds: [], title: 'once', clientMessageId: crypto.randomUUID() };
  const before = await anna.http.call({ method: 'POST', path: '/v1/conversations', body });
  await scene.server.kill();
  await scene.server.start();
  const after = await anna.http.call({ method: 'POST', path: '/v1/conversations', body });
  const idOf = (json: unknown) =>
    (json as { conversation: { conversationId: string } }).conversation.conversationId;
  expect([before.status, after.status, idOf(after.json)]).toEqual([201, 200, idOf(before.json)]);
  const listed = await anna.http.get('/v1/conversations?limit=200');
  expect(listed['conversations']).toBeArrayOfSize(others.length + 1);
});

test('[G2.2][P6.4] a flood over one connection is refused in part, and in the end stands in the order in which it was said', async () => {
  await using scene = await Scene.start({ CONFAB_RATE_LIMITS: 'on' });
  const anna = await scene.person('anna');
  const phone = await scene.connected(anna, 'phone');
  const talk = await scene.group(anna, []);
  const bodies = Array.from({ length: Math.max(1200, scaled(2000, 2400)) }, (_, index) => `m${index}`);
  const outcomes = await Promise.all(bodies.map(async (body) => phone.say(talk.conversationId, body)));
  expect(outcomes.filter(({ kind }) => kind !== 'accepted')).toEqual([]);
  const refused = scene.history.attempts.flatMap(({ outcome }) =>
    outcome.kind === 'refused' ? [outcome.code] : [],
  );
  expect(refused.filter((code) => code !== 'rate_limited' && code !== 'after_previous')).toEqual([]);
  expect(refused.length).toBeGreaterThan(0);
  const { events } = await scene.log(talk);
  expect(events.slice(1).map((event) => event['body'])).toEqual(bodies);
  expect(await scene.breaches()).toEqual([]);
});

test('[G1.2][G5.1] kill -9 among joins, removals and messages: members, logs and devices agree afterwards', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const people = await scene.people('m', 6);
  const speaker = await scene.connected(anna, 'phone');
  const talk = await scene.group(anna, people);
  const devices = await Promise.all(people.map(async (person) => scene.connected(person, 'phone')));
  for (let round = 0; round < scaled(6); round += 1) {
    const said = sayMany(speaker, talk.conversationId, 200, 16);
    const churn = people.map(async ({ userId }, index) => {
      if ((index + round) % 2 === 0) await anna.http.removeMember(talk.conversationId, userId);
      else await anna.http.addMembers(talk.conversationId, [userId]);
    });
    await Promise.race(churn);
    await scene.server.kill();
    await Promise.allSettled(churn);
    await scene.server.start();
    await Promise.all([speaker, ...devices].map(async (device) => device.connect()));
    await said;
  }
  const { events } = await scene.log(talk);
  await speaker.reach(talk.conversationId, events.length);
  const listed = await anna.http.get(`/v1/conversations/${talk.conversationId}/members?limit=200`);
  const members = (listed['members'] as readonly { readonly userId: string }[]).map(({ userId }) => userId);
  for (const [index, person] of people.entries()) {
    const device = devices[index];
    if (device === undefined) throw new Error('a device for each');
    const isMember = device.summaries.has(talk.conversationId);
    expect(members.includes(person.userId)).toBe(isMember);
    if (isMember) await device.reach(talk.conversationId, events.length);
  }
  expect(await scene.breaches()).toEqual([]);
});

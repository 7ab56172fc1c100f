import { expect, setDefaultTimeout, test } from 'bun:test';
import { EventStream } from '../event-stream.ts';
import type { Outcome } from '../history.ts';
import type { Device } from '../raw-client.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene, type Person } from '../scene.ts';

setDefaultTimeout(patienceMs(90_000));

const AT_ONCE = 20;
const MESSAGES = 6;

type Pair = {
  readonly owner: Person;
  readonly speaker: Device;
  readonly member: Person;
  readonly phone: Device;
  readonly laptop: Device;
};

/** One removal while the member's messages are on their way: what he was told of each of them, and the removal's place. */
async function removeInFlight(scene: Scene, { owner, speaker, member, phone }: Pair, at: number) {
  const { conversationId } = await scene.group(owner, [member]);
  await phone.reach(conversationId, 1);
  const say = async (device: Device) => device.say(conversationId, `m ${crypto.randomUUID()}`);
  const his: Promise<Outcome>[] = [];
  let removing: Promise<number> | undefined;
  for (let index = 0; index < MESSAGES; index += 1) {
    his.push(say(phone));
    // The removal goes out at another message each time, so that it meets every part of the flight.
    if (index === at % MESSAGES) {
      removing = owner.http
        .removeMember(conversationId, member.userId)
        .then(([event]) => event?.sequence ?? 0);
    }
    if (index % 2 === 0) void say(speaker);
  }
  const removedAt = (await removing) ?? 0;
  const after = await say(speaker);
  return { conversationId, removedAt, his: await Promise.all(his), after };
}

test('[G5.1][P4.5] a member who is removed while his messages are in flight gets nothing after the removal', async () => {
  await using scene = await Scene.start();
  const pairs: Pair[] = [];
  for (let index = 0; index < AT_ONCE; index += 1) {
    const owner = await scene.person(`owner${index}`);
    const member = await scene.person(`member${index}`);
    pairs.push({
      owner,
      member,
      speaker: await scene.connected(owner, 'phone'),
      phone: await scene.connected(member, 'phone'),
      laptop: await scene.connected(member, 'laptop'),
    });
  }
  const rounds = scaled(50);
  let refused = 0;
  let accepted = 0;
  const work = pairs.map(async (pair) => {
    for (let round = 0; round < rounds; round += 1) {
      const { conversationId, removedAt, his, after } = await removeInFlight(scene, pair, round);
      for (const outcome of his) {
        if (outcome.kind === 'accepted') {
          accepted += 1;
          expect(outcome.sequence).toBeLessThan(removedAt);
        } else {
          refused += 1;
          expect(outcome).toMatchObject({ kind: 'refused', code: 'not_found' });
        }
      }
      if (after.kind !== 'accepted') throw new Error(`the owner was refused: ${JSON.stringify(after)}`);
      for (const device of [pair.phone, pair.laptop]) await device.reach(conversationId, removedAt);
      const page = await pair.member.http.call({
        method: 'GET',
        path: `/v1/conversations/${conversationId}/events`,
      });
      expect(page.status).toBe(404);
    }
  });
  await Promise.all(work);

  // A last message that the members may see: what was sent to them before it has come by then.
  for (const { owner, member, speaker, phone, laptop } of pairs) {
    const { conversationId } = await scene.group(owner, [member]);
    const last = await speaker.say(conversationId, `last ${crypto.randomUUID()}`);
    if (last.kind !== 'accepted') throw new Error('the last message was refused');
    for (const device of [phone, laptop]) await device.reach(conversationId, last.sequence);
  }
  expect([accepted > 0, refused > 0]).toEqual([true, true]);
  expect(await scene.breaches()).toEqual([]);
});

test('[G5.1][P10.3] a long poll that waits while its reader is removed ends with the removal or not_found', async () => {
  await using scene = await Scene.start();
  const owner = await scene.person('owner');
  const member = await scene.person('member');
  const { conversationId, first } = await scene.group(owner, [member]);
  const path = `/v1/conversations/${conversationId}/events?after=${first.eventId}&waitMs=25000`;
  const waiting = member.http.call({ method: 'GET', path });
  const [removal] = await owner.http.removeMember(conversationId, member.userId);
  await owner.http.post(`/v1/conversations/${conversationId}/messages`, {
    clientMessageId: crypto.randomUUID(),
    body: 'after the removal',
  });
  const { status, json, text } = await waiting;
  expect(text).not.toContain('after the removal');
  if (status === 200) expect(json['events']).toMatchObject([{ eventId: removal?.eventId }]);
  else expect([status, json['code']]).toEqual([404, 'not_found']);
});

test('[G5.1] the stream fallback of a member carries nothing after his removal', async () => {
  await using scene = await Scene.start();
  const owner = await scene.person('owner');
  const member = await scene.person('member');
  const speaker = await scene.connected(owner, 'phone');
  const talk = await scene.group(owner, [member]);
  const open = await scene.group(owner, [member]);
  const stream = await EventStream.open(scene.server.baseUrl, member.subject);
  await stream.next(({ type }) => type === 'caught_up', 'caught_up');
  await speaker.say(talk.conversationId, 'before');
  const [removal] = await owner.http.removeMember(talk.conversationId, member.userId);
  await speaker.say(talk.conversationId, 'after');
  await speaker.say(open.conversationId, 'the last');
  await stream.next((frame) => frame['body'] === 'the last', 'the last message');
  const got = stream.frames.filter((frame) => frame['conversationId'] === talk.conversationId);
  expect(got.map((frame) => frame['eventId']).at(-1)).toBe(removal?.eventId);
  expect(JSON.stringify(got)).not.toContain('after');
  await stream.close();
});

import { expect, setDefaultTimeout, test } from 'bun:test';
import type { Device } from '../raw-client.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene, type Talk } from '../scene.ts';

setDefaultTimeout(patienceMs(90_000));

const SENDERS = 20;
const IN_FLIGHT = 8;

type Sender = { readonly phone: Device; readonly laptop: Device; readonly talks: readonly Talk[] };

/** Says every message on two sockets at once, a few in flight, half of them in the one conversation of all. */
async function saySome({ phone, laptop, talks }: Sender, hot: Talk, count: number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = (next += 1); at <= count; at = next += 1) {
      const talk = at % 2 === 0 ? hot : (talks[at % talks.length] ?? hot);
      const clientMessageId = crypto.randomUUID();
      const message = {
        conversationId: talk.conversationId,
        clientMessageId,
        body: `m ${clientMessageId}`,
        extra: {},
      };
      const [first, second] = await Promise.all([
        phone.outbox.submit(message),
        laptop.outbox.submit(message),
      ]);
      if (first.kind !== 'accepted' || second.kind !== 'accepted') {
        throw new Error(`refused: ${JSON.stringify([first, second])}`);
      }
      if (first.messageId !== second.messageId || first.isDuplicate === second.isDuplicate) {
        throw new Error(`one send became two: ${JSON.stringify([first, second])}`);
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

test('[G2.1][G2.2][G3.1] twenty senders on two sockets each give one dense order that every device and the history show', async () => {
  await using scene = await Scene.start();
  const [anna, ben, ...people] = await scene.people('u', SENDERS + 2);
  if (anna === undefined || ben === undefined) throw new Error('two readers');
  const readers: Device[] = [];
  for (const person of [anna, ben]) {
    for (const name of ['phone', 'laptop', 'tablet']) readers.push(await scene.connected(person, name));
  }
  const hot = await scene.group(anna, [ben, ...people]);
  const senders: Sender[] = [];
  for (const person of people) {
    const talks = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => scene.group(person, at % 2 === 0 ? [anna, ben] : [anna])),
    );
    const phone = await scene.connected(person, 'phone');
    senders.push({ phone, laptop: await scene.connected(person, 'laptop'), talks });
  }
  const each = scaled(500);

  await Promise.all(senders.map(async (sender) => saySome(sender, hot, each)));

  for (const talk of scene.talks) {
    const log = await scene.log(talk);
    const followers = readers.filter((device) => device.copies.has(talk.conversationId));
    expect(followers.length).toBeGreaterThanOrEqual(3);
    for (const device of followers) await device.reach(talk.conversationId, log.events.length);
  }
  const messages = await anna.http.readMessages(hot.conversationId);
  expect(messages.map(({ eventId }) => eventId)).toEqual(
    (await scene.log(hot)).events
      .filter(({ type }) => type === 'message_event')
      .map(({ eventId }) => eventId),
  );
});

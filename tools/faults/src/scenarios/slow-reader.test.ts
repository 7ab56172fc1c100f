import { expect, setDefaultTimeout, test } from 'bun:test';
import { tokenFor } from '../jwt.ts';
import { RawSocket } from '../raw-socket.ts';
import { patienceMs, scaled } from '../scale.ts';
import { Scene } from '../scene.ts';
import { isLogEvent } from '../wire.ts';

setDefaultTimeout(patienceMs(60_000));

const BODY_BYTES = 60_000;

test('[G7.1][P5.5] a device that reads nothing for a while is told to sync or to come again, and the others do not wait', async () => {
  await using scene = await Scene.start();
  const anna = await scene.person('anna');
  const ben = await scene.person('ben');
  const speaker = await scene.connected(anna, 'phone');
  const quick = await scene.connected(ben, 'phone');
  const talk = await scene.group(anna, [ben]);
  const { conversationId } = talk;
  await quick.reach(conversationId, 1);
  const slow = await RawSocket.open(scene.server.port);
  await slow.next(({ type }) => type === 'hello', 'hello');
  const claims = { deviceId: `${ben.subject}-slow`, instanceId: 'one', client: 'raw/1' };
  slow.sendText(JSON.stringify({ type: 'authenticate', token: tokenFor(ben.subject), ...claims }));
  await slow.next(({ type }) => type === 'caught_up', 'caught_up');
  slow.stopReading();

  const count = Math.max(200, scaled(400));
  let head = 0;
  for (let index = 0; index < count; index += 1) {
    const outcome = await speaker.say(conversationId, `${index} ${'x'.repeat(BODY_BYTES)}`);
    if (outcome.kind !== 'accepted') throw new Error(`refused: ${JSON.stringify(outcome)}`);
    head = outcome.sequence;
  }
  await quick.reach(conversationId, head);

  slow.readOn();
  const isTold = () => slow.frames.some((frame) => frame.type === 'head_event' || frame['sequence'] === head);
  const isOver = () => slow.closeCode !== undefined || slow.isEnded;
  await slow.bell.until(() => isTold() || isOver(), 'to be told', 30_000);
  if (isOver() && !isTold()) expect(slow.closeCode).toBe(4002);
  const events = slow.frames.filter(isLogEvent);
  // Its own log tells it that it has joined, whenever that comes.
  const got = events
    .filter((event) => event.conversationId === conversationId)
    .map(({ sequence }) => sequence);
  expect(got).toEqual(got.toSorted((a, b) => a - b));
  expect(got.length).toBeLessThan(count);
  const hint = slow.frames.find(({ type }) => type === 'head_event');
  if (hint !== undefined)
    expect(hint).toMatchObject({ conversationId, head: { sequence: expect.any(Number) } });
  slow.destroy();
  expect(await scene.breaches()).toEqual([]);
});

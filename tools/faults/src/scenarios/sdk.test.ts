import { expect, setDefaultTimeout, test } from 'bun:test';
import { type ChatClient, createClient, type MessageItem, type TimelineView } from '@confab/client';
import { SeededRandom } from '@confab/testkit';
import { Bell, passed } from '../deadline.ts';
import { tokenFor } from '../jwt.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { patienceMs, scaled } from '../scale.ts';
import { sayMany } from '../sayings.ts';
import { Scene, type Person, type Talk } from '../scene.ts';

setDefaultTimeout(patienceMs(90_000));

const BOUND = {
  /** From the last cut until everything said is acknowledged and every timeline is at its end. */
  levelMs: 30_000,
} as const;

const LINK = { delayMs: 100, bytesPerSecond: 200_000 } as const;
const CUT_EVERY_MS = 1_000;

/** The real SDK as a device of a person, with one timeline open. */
class SdkDevice {
  readonly client: ChatClient;
  readonly bell = new Bell();
  readonly #timeline: ReturnType<ChatClient['timeline']>;

  constructor({ subject }: Person, { conversationId }: Talk, baseUrl: string) {
    this.client = createClient({
      url: baseUrl,
      clientName: 'confab-faults-sdk/1',
      getToken: () => Promise.resolve(tokenFor(subject)),
    });
    this.#timeline = this.client.timeline(conversationId);
    this.#timeline.subscribe(() => this.bell.ring());
    this.client.pendingCount.subscribe(() => this.bell.ring());
    this.client.connection.state.subscribe(() => this.bell.ring());
    this.client.connection.connect();
  }

  /** Waits for the first connection, from which on the SDK knows whose device it is. */
  async live(): Promise<void> {
    const { state } = this.client.connection;
    const isLive = () => state.get().kind === 'live';
    await this.bell.until(isLive, () => JSON.stringify(state.get()), BOUND.levelMs);
  }

  get view(): TimelineView {
    return this.#timeline.get();
  }

  async say(body: string): Promise<void> {
    await this.#timeline.send(body);
  }

  /** Waits until nothing waits to be sent and the timeline shows the event at `sequence`. */
  async level(sequence: number): Promise<void> {
    const state = () =>
      `${this.client.pendingCount.get()} pending, ${this.view.status} at ${this.view.items.at(-1)?.sequence} of ${sequence}, ${JSON.stringify(this.client.connection.state.get())}`;
    const isLevel = () =>
      this.client.pendingCount.get() === 0 &&
      this.view.status === 'current' &&
      this.view.items.at(-1)?.sequence === sequence;
    await this.bell.until(isLevel, state, BOUND.levelMs);
  }

  async loadAll(): Promise<void> {
    while (this.view.hasOlder) await this.#timeline.loadOlder();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

test(`[G1.2][G2.1][G3.1][G4.1] the SDK over a slow link that is cut every second: within ${BOUND.levelMs / 1000} s of the last cut its timeline is the log`, async () => {
  await using scene = await Scene.start();
  const [anna, ben, cleo] = await scene.people('sdk', 3);
  if (anna === undefined || ben === undefined || cleo === undefined) throw new Error('three people');
  await using proxy = await TcpProxy.start({ targetPort: scene.server.port });
  const talk = await scene.group(anna, [ben, cleo]);
  const speaker = await scene.connected(cleo, 'phone');
  proxy.set({ toServer: LINK, toClient: LINK });
  await using annas = new SdkDevice(anna, talk, proxy.baseUrl);
  await using bens = new SdkDevice(ben, talk, proxy.baseUrl);
  await Promise.all([annas.live(), bens.live()]);
  const random = new SeededRandom(5);
  const said: string[] = [];
  let cuts = 0;
  for (let second = 0; second < Math.max(4, scaled(8, 60)); second += 1) {
    for (const [name, device] of [
      ['anna', annas],
      ['ben', bens],
    ] as const) {
      for (let message = 0; message < 5; message += 1) {
        const body = `${name} ${second} ${message} ${crypto.randomUUID()}`;
        said.push(body);
        await device.say(body);
      }
    }
    await sayMany(speaker, talk.conversationId, 10, 2);
    await passed(CUT_EVERY_MS);
    cuts += proxy.cut(random.pick(['reset', 'end']));
  }
  await annas.bell.until(() => annas.client.pendingCount.get() === 0, 'what Anna said', BOUND.levelMs);
  await bens.bell.until(() => bens.client.pendingCount.get() === 0, 'what Ben said', BOUND.levelMs);
  const { events } = await scene.log(talk);
  expect(cuts).toBeGreaterThan(3);

  const bodies = events.map((event) => event['body']);
  expect(said.filter((body) => bodies.filter((one) => one === body).length !== 1)).toEqual([]);
  for (const device of [annas, bens]) {
    await device.level(events.length);
    await device.loadAll();
    expect(device.view.items.map(({ sequence }) => sequence)).toEqual(events.map(({ sequence }) => sequence));
    const shown = device.view.items.filter((item): item is MessageItem => item.kind === 'message');
    expect(shown.map(({ messageId, body }) => [messageId, body])).toEqual(
      events
        .filter(({ type }) => type === 'message_event')
        .map((event) => [event.eventId, String(event['body'])]),
    );
  }
  // What each said stands in the order in which it was said.
  for (const name of ['anna', 'ben']) {
    const ofOne = (list: readonly unknown[]) => list.filter((body) => String(body).startsWith(`${name} `));
    expect(ofOne(bodies)).toEqual(ofOne(said));
  }
});

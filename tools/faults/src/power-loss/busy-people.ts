import { Bell } from '../deadline.ts';
import type { Device } from '../raw-client.ts';
import { Scene, type Person, type Talk } from '../scene.ts';
import type { RecordedServer } from './recorded-server.ts';

const PEOPLE = 5;
const IN_FLIGHT = 3;
const BODY_CHARACTERS_MAX = 3_000;
/** Between two changes of members. */
const CHANGE_EVERY = 40;
const TALK_MS_MAX = 60_000;

/**
 * People who write in a few conversations, read, and come and go: enough of everything that a store keeps. What they
 * say and hear stands in the history of the scene.
 */
export class BusyPeople {
  readonly scene: Scene<RecordedServer>;
  readonly #people: readonly Person[];
  readonly #devices: readonly Device[];
  readonly #talks: readonly Talk[];
  readonly #bell = new Bell();
  #said = 0;

  private constructor(scene: Scene<RecordedServer>, people: readonly Person[], devices: readonly Device[]) {
    this.scene = scene;
    this.#people = people;
    this.#devices = devices;
    this.#talks = scene.talks;
  }

  static async meet(server: RecordedServer, word: string): Promise<BusyPeople> {
    const scene = new Scene(server);
    const people = await scene.people(word, PEOPLE);
    const [first, second, ...others] = people;
    if (first === undefined || second === undefined) throw new Error('nobody is there');
    const devices: Device[] = [];
    for (const person of [first, second]) devices.push(await scene.connected(person, 'phone'));
    await scene.group(first, [second, ...others]);
    await scene.group(second, [first]);
    await scene.direct(first, second);
    return new BusyPeople(scene, people, devices);
  }

  /** Has them say `count` messages, with receipts and changes of members in between. */
  async talk(count: number): Promise<void> {
    const until = this.#said + count;
    const work = async (device: Device): Promise<void> => {
      while (this.#said < until) await this.#sayOne(device);
    };
    await Promise.all(
      this.#devices.flatMap((device) => Array.from({ length: IN_FLIGHT }, async () => work(device))),
    );
  }

  /** Has them say `count` messages; half way the server is killed and started again. */
  async talkAcrossKill(count: number): Promise<void> {
    const { server } = this.scene;
    const half = this.#said + count / 2;
    const talking = this.talk(count);
    await this.#bell.until(() => this.#said >= half, `${half} messages`, TALK_MS_MAX);
    await server.kill();
    await server.start();
    await this.connect();
    await talking;
  }

  async connect(): Promise<void> {
    for (const device of this.#devices) await device.connect();
  }

  async leave(): Promise<void> {
    await Promise.allSettled(this.#devices.map(async (device) => device.disconnect()));
  }

  async #sayOne(device: Device): Promise<void> {
    this.#said += 1;
    const at = this.#said;
    const talk = this.#talks[at % this.#talks.length];
    if (talk === undefined) throw new Error('nothing to talk in');
    const outcome = await device.say(
      talk.conversationId,
      `${at} ${'x'.repeat((at * 97) % BODY_CHARACTERS_MAX)}`,
    );
    if (outcome.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
    if (at % 5 === 0) {
      const { conversationId } = talk;
      device.connection.send({ type: 'receipt', conversationId, read: outcome.sequence });
    }
    if (at % CHANGE_EVERY === 0) await this.#changeMembers(at / CHANGE_EVERY);
    this.#bell.ring();
  }

  /** The last of the people goes, and comes again; nobody knows what became of it where the server is killed meanwhile. */
  async #changeMembers(at: number): Promise<void> {
    const [owner] = this.#people;
    const other = this.#people.at(-1);
    const [talk] = this.#talks;
    if (owner === undefined || other === undefined || talk === undefined) return;
    const changed =
      at % 2 === 0
        ? owner.http.addMembers(talk.conversationId, [other.userId])
        : owner.http.removeMember(talk.conversationId, other.userId);
    await changed.catch(() => undefined);
  }
}

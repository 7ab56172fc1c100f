import { History } from './history.ts';
import { checkHistory, type Breach, type Log } from './history-checker.ts';
import { HttpClient, makeUser } from './http-client.ts';
import { tokenFor } from './jwt.ts';
import { Device } from './raw-client.ts';
import { ServerProcess, type Environment } from './server-process.ts';
import type { LogEvent } from './wire.ts';

/** A user of the embedding product, with as many devices as wanted. */
export type Person = { readonly subject: string; readonly userId: string; readonly http: HttpClient };

/** A conversation of the scenario: who may read all of it, and its first event. */
export type Talk = { readonly conversationId: string; readonly owner: Person; readonly first: LogEvent };

/** A real server, the people who talk on it, and the history of all that they say and hear. */
export class Scene {
  readonly server: ServerProcess;
  readonly history = new History();
  readonly talks: Talk[] = [];
  readonly #devices: Device[] = [];

  private constructor(server: ServerProcess) {
    this.server = server;
  }

  static async start(settings: Environment = {}): Promise<Scene> {
    return new Scene(await ServerProcess.start(settings));
  }

  async person(subject: string): Promise<Person> {
    const userId = await makeUser(this.server.baseUrl, subject);
    return { subject, userId, http: this.httpOf(subject) };
  }

  async people(prefix: string, count: number): Promise<Person[]> {
    const subjects = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    return Promise.all(subjects.map((subject) => this.person(subject)));
  }

  httpOf(subject: string): HttpClient {
    const token = tokenFor(subject);
    return new HttpClient(
      () => this.server.baseUrl,
      () => token,
    );
  }

  /** A device that is not connected yet. */
  device(
    { subject }: Person,
    deviceId: string,
    options: { instanceId?: string; token?: () => string } = {},
  ): Device {
    const device = new Device({
      baseUrl: () => this.server.baseUrl,
      token: options.token ?? (() => tokenFor(subject)),
      deviceId: `${subject}-${deviceId}`,
      instanceId: options.instanceId ?? 'one',
      history: this.history,
    });
    this.#devices.push(device);
    return device;
  }

  async connected(person: Person, deviceId: string, instanceId = 'one'): Promise<Device> {
    const device = this.device(person, deviceId, { instanceId });
    await device.connect();
    return device;
  }

  async group(owner: Person, members: readonly Person[], title?: string): Promise<Talk> {
    const userIds = members.map(({ userId }) => userId);
    const { conversationId } = await owner.http.createGroup(userIds, title);
    return this.#talk(owner, conversationId);
  }

  async direct(owner: Person, other: Person): Promise<Talk> {
    const { conversationId } = await owner.http.createDirect(other.userId);
    return this.#talk(owner, conversationId);
  }

  async log({ conversationId, owner }: Talk): Promise<Log> {
    return { conversationId, events: await owner.http.readLog(conversationId) };
  }

  /** What the history of the scenario breaks, against the logs as they are now. At most 20 are told. */
  async breaches(): Promise<readonly Breach[]> {
    const logs: Log[] = [];
    for (const talk of this.talks) logs.push(await this.log(talk));
    const { attempts, unreadClaims } = this.history;
    return checkHistory({ logs, attempts, unreadClaims, streams: this.history.streams() }).slice(0, 20);
  }

  async #talk(owner: Person, conversationId: string): Promise<Talk> {
    const page = await owner.http.events(conversationId, undefined);
    const first = page.events[0];
    if (first?.sequence !== 1) throw new Error(`${conversationId} does not begin with its creation`);
    const talk = { conversationId, owner, first };
    this.talks.push(talk);
    return talk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#devices.map((device) => device.disconnect()));
    await this.server[Symbol.asyncDispose]();
  }
}

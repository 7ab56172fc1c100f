import { within } from './deadline.ts';
import { FleetProcess } from './fleet/fleet-process.ts';
import { History } from './history.ts';
import { checkHistory, type Breach, type Log } from './history-checker.ts';
import { HttpClient, makeUser } from './http-client.ts';
import { tokenFor } from './jwt.ts';
import { Device } from './raw-client.ts';
import { isRecording, type Place, placeInScenario, recordHistory } from './report/scenario-record.ts';
import { PLAIN_SERVER, type Program, ServerProcess } from './server-process.ts';
import type { Environment } from './server-settings.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { isOnFleet } from './topology.ts';
import type { LogEvent } from './wire.ts';

/** A user of the embedding product, with as many devices as wanted. */
export type Person = { readonly subject: string; readonly userId: string; readonly http: HttpClient };

/** A conversation of the scenario: who may read all of it, and its first event. */
export type Talk = { readonly conversationId: string; readonly owner: Person; readonly first: LogEvent };

/** Of one rule; more would say nothing new. */
const BREACHES_MAX = 5;
const LAST_CHECK_MS_MAX = 10_000;

/** A real server, the people who talk on it, and the history of all that they say and hear. */
export class Scene<Server extends ServerUnderTest = ServerUnderTest> {
  readonly server: Server;
  readonly history = new History();
  readonly talks: Talk[] = [];
  readonly #devices: Device[] = [];
  #isChecked = false;

  constructor(server: Server) {
    this.server = server;
  }

  /** On one machine or on a fleet, as the run says. */
  static async start(settings: Environment = {}): Promise<Scene> {
    return isOnFleet ? Scene.onFleet(settings) : Scene.onOneMachine(settings);
  }

  static async onOneMachine(
    settings: Environment = {},
    program: Program = PLAIN_SERVER,
  ): Promise<Scene<ServerProcess>> {
    return new Scene(await ServerProcess.start(settings, program));
  }

  static async onFleet(settings: Environment = {}): Promise<Scene<FleetProcess>> {
    return new Scene(await FleetProcess.start(settings));
  }

  /** A name that only this scene gives to people. */
  nameOf(word: string): string {
    return `${word}${this.server.nameSuffix}`;
  }

  async person(word: string): Promise<Person> {
    const subject = this.nameOf(word);
    const userId = await makeUser(this.server.baseUrl, subject);
    return { subject, userId, http: this.httpOf(subject) };
  }

  async people(prefix: string, count: number): Promise<Person[]> {
    const words = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    return Promise.all(words.map((word) => this.person(word)));
  }

  /** The HTTP side for a person, where devices go or at another address. */
  httpOf(subject: string, baseUrl = (): string => this.server.baseUrl): HttpClient {
    const token = tokenFor(subject);
    return new HttpClient(baseUrl, () => token);
  }

  /** A device that is not connected yet. */
  device(
    { subject }: Person,
    deviceId: string,
    options: { instanceId?: string; token?: () => string; baseUrl?: () => string } = {},
  ): Device {
    const device = new Device({
      baseUrl: options.baseUrl ?? (() => this.server.baseUrl),
      token: options.token ?? (() => tokenFor(subject)),
      deviceId: `${subject}-${deviceId}`,
      instanceId: options.instanceId ?? 'one',
      history: this.history,
    });
    this.#devices.push(device);
    return device;
  }

  /** A device whose first connection is to the gateway at `url`, and each later one to whichever the balancer finds. */
  deviceAt(person: Person, deviceId: string, url: string): Device {
    let connections = 0;
    const baseUrl = (): string => ((connections += 1) === 1 ? url : this.server.baseUrl);
    return this.device(person, deviceId, { baseUrl });
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

  /** What the history of the scenario breaks, against the logs as they are now: a few of each rule. */
  async breaches(): Promise<readonly Breach[]> {
    this.#isChecked = true;
    return this.#check(placeInScenario(), true);
  }

  async #check(place: Place | undefined, isAsked: boolean): Promise<readonly Breach[]> {
    const logs: Log[] = [];
    for (const talk of this.talks) logs.push(await this.log(talk));
    const { attempts, unreadClaims } = this.history;
    const recorded = { logs, attempts, unreadClaims, streams: this.history.streams() };
    const breaches = fewOfEach(checkHistory(recorded));
    recordHistory(place, recorded, { breaches, isAsked });
    return breaches;
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
    // A scenario that failed before it asked: the report is to show what it left behind, if the server can still tell.
    if (isRecording() && !this.#isChecked) {
      const checked = this.#check(placeInScenario(), false);
      await within(LAST_CHECK_MS_MAX, 'the last check', checked).catch(() => undefined);
    }
    await Promise.allSettled(this.#devices.map((device) => device.disconnect()));
    await this.server[Symbol.asyncDispose]();
  }
}

function fewOfEach(breaches: readonly Breach[]): readonly Breach[] {
  return [...Map.groupBy(breaches, ({ rule }) => rule).values()].flatMap((all) => all.slice(0, BREACHES_MAX));
}

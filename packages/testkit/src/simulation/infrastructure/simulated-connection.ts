import type { Commands, Connection, RedisCommand, ScriptCalls } from '@confab/cluster-redis/simulation';
import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import { OrderedWay } from './ordered-way.ts';
import type { RedisWeather } from './redis-weather.ts';
import type { SimulatedRedisServer } from './simulated-redis-server.ts';
import type { SimulatedRun } from './simulated-run.ts';
import { TextWeather } from './text-weather.ts';

const RETRY_MS_FIRST = 10;
const RETRY_MS_MAX = 1_000;
/** A connection that is given up and does not hear the other side ends after this time. */
const DISCONNECT_MS_MAX = 200;

/** What the connections of one run stand in. */
export interface ConnectionSurroundings {
  readonly clock: DrivenClock;
  readonly random: SeededRandom;
  readonly server: SimulatedRedisServer;
  readonly run: SimulatedRun;
  /** A command without an answer fails after this time, and so does an attempt to connect. */
  readonly commandMsMax: number;
  readonly weather: () => RedisWeather;
  /** Nothing gets through between this run and Redis. */
  readonly isCut: () => boolean;
}

/** What is sent to the server, and done there. */
type Request = (server: SimulatedRedisServer) => unknown;

interface Pending {
  readonly fail: (error: Error) => void;
  readonly sentAtMs: number;
  isTimed: boolean;
}

/** One TCP connection, from its making to its end. */
interface Link {
  readonly toServer: OrderedWay;
  readonly toClient: OrderedWay;
  readonly pending: Set<Pending>;
  /** The server has ended it; the client hears of that once it can. */
  isDropped: boolean;
  readonly hear: (channel: string, text: string) => void;
  readonly dropped: () => void;
}

interface Listeners {
  readonly ready: (() => void)[];
  readonly close: (() => void)[];
  readonly error: ((error: unknown) => void)[];
  readonly message: ((channel: string, text: string) => void)[];
}

/** A connection to the simulated Redis that behaves as the one of the server: it makes itself anew, and keeps nothing. */
export class SimulatedConnection implements Connection {
  #status: 'connecting' | 'ready' | 'reconnecting' | 'disconnecting' | 'end' = 'connecting';
  readonly #surroundings: ConnectionSurroundings;
  readonly #listeners: Listeners = { ready: [], close: [], error: [], message: [] };
  readonly #texts: TextWeather;
  #link: Link | null = null;
  #attempts = 0;

  constructor(surroundings: ConnectionSurroundings) {
    this.#surroundings = surroundings;
    this.#texts = new TextWeather(surroundings.clock, surroundings.random);
    this.#dial();
  }

  get status(): string {
    return this.#status;
  }

  on(event: keyof Listeners, listener: (...given: never[]) => void): void {
    (this.#listeners[event] as ((...given: never[]) => void)[]).push(listener);
  }

  async publish(channel: string, text: string): Promise<number> {
    return Number(await this.#ask((server) => server.publish(channel, text)));
  }

  async subscribe(...channels: string[]): Promise<unknown> {
    const link = this.#link;
    return await this.#ask((server) => {
      if (link !== null && !link.isDropped) server.subscribe(link, channels);
    });
  }

  async unsubscribe(...channels: string[]): Promise<unknown> {
    const link = this.#link;
    return await this.#ask((server) => {
      if (link !== null) server.unsubscribe(link, channels);
    });
  }

  pipeline(): Commands {
    return new SimulatedCommands((requests) => this.#askAll(requests));
  }

  async confabLease(...given: string[]): Promise<string> {
    return String(await this.#execute(['confabLease', ...given]));
  }

  async confabLeave(...given: string[]): Promise<number> {
    return Number(await this.#execute(['confabLeave', ...given]));
  }

  async confabPoll(...given: string[]): Promise<string[]> {
    return (await this.#execute(['confabPoll', ...given])) as string[];
  }

  async confabRows(keys: number, ...given: string[]): Promise<string[]> {
    return (await this.#execute(['confabRows', keys, ...given])) as string[];
  }

  async confabRelease(...given: string[]): Promise<number> {
    return Number(await this.#execute(['confabRelease', ...given]));
  }

  async confabForget(...given: string[]): Promise<number> {
    return Number(await this.#execute(['confabForget', ...given]));
  }

  disconnect(isRenewed: boolean): void {
    const link = this.#link;
    if (!isRenewed) this.#status = 'end';
    // One that is about to be made anew already goes on with that.
    if (link === null) return;
    if (isRenewed) this.#status = 'disconnecting';
    const { clock, run, isCut } = this.#surroundings;
    clock.after(isCut() ? DISCONNECT_MS_MAX : 0, () => run.reach(() => this.#end(link)));
  }

  /** Called whenever the way to Redis is cut or mended. */
  cutChanged(): void {
    const link = this.#link;
    if (link === null) return;
    const isCut = this.#surroundings.isCut();
    link.toServer.block(isCut);
    link.toClient.block(isCut);
    if (isCut) for (const pending of link.pending) this.#limit(link, pending);
    else if (link.isDropped) this.#surroundings.run.reach(() => this.#end(link));
  }

  /** The server ends it. */
  kill(): void {
    if (this.#link !== null) this.#surroundings.server.drop(this.#link);
  }

  /** Its process died; the server notices unless it is cut off. */
  abandon(): void {
    this.#status = 'end';
    if (this.#link !== null && !this.#surroundings.isCut()) this.#surroundings.server.forget(this.#link);
  }

  #dial(): void {
    const { clock, server, run, commandMsMax } = this.#surroundings;
    this.#status = 'connecting';
    const link = this.#makeLink();
    this.#link = link;
    const giveUp = clock.after(commandMsMax, () => run.reach(() => this.#end(link)));
    const admit = (): void => {
      if (!server.isUp) {
        link.dropped();
        return;
      }
      server.admit(link);
      link.toClient.send(this.#latencyMs(), () =>
        run.reach(() => {
          if (this.#link !== link || this.#status !== 'connecting') return;
          giveUp();
          this.#attempts = 0;
          this.#status = 'ready';
          for (const listener of this.#listeners.ready) listener();
        }),
      );
    };
    link.toServer.send(this.#latencyMs(), admit);
  }

  #makeLink(): Link {
    const { clock, run, isCut, weather } = this.#surroundings;
    const toClient = new OrderedWay(clock, isCut());
    const link: Link = {
      toServer: new OrderedWay(clock, isCut()),
      toClient,
      pending: new Set(),
      isDropped: false,
      hear: (channel, text) => {
        const arrive = (): void =>
          toClient.send(this.#latencyMs(), () => run.reach(() => this.#message(link, channel, text)));
        if (isEcho(channel)) arrive();
        else this.#texts.pass(text, weather(), arrive);
      },
      dropped: () => {
        link.isDropped = true;
        link.toServer.close();
        if (!isCut()) queueMicrotask(() => run.reach(() => this.#end(link)));
      },
    };
    return link;
  }

  #message(link: Link, channel: string, text: string): void {
    if (this.#link !== link || this.#status === 'end') return;
    for (const listener of this.#listeners.message) listener(channel, text);
  }

  /** Nothing of it arrives any more, and what waits for an answer fails. Another one is made unless it was ended for good. */
  #end(link: Link): void {
    if (this.#link !== link) return;
    this.#link = null;
    const { clock, run, server, random } = this.#surroundings;
    link.toServer.close();
    link.toClient.close();
    server.forget(link);
    const isOver = this.#status === 'end';
    this.#status = isOver ? 'end' : 'reconnecting';
    for (const { fail } of link.pending) fail(new Error('Connection is closed.'));
    for (const listener of this.#listeners.close) listener();
    if (isOver) return;
    this.#attempts += 1;
    const fullMs = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.min(this.#attempts - 1, 10));
    clock.after(Math.ceil(fullMs * (0.5 + random.fraction() / 2)), () =>
      run.reach(() => {
        if (this.#status === 'reconnecting') this.#dial();
      }),
    );
  }

  async #execute(command: RedisCommand): Promise<unknown> {
    return await this.#ask((server) => server.execute(command));
  }

  /** Rejects where it cannot be sent, or is not answered in time or before the connection ends. */
  #ask(request: Request): Promise<unknown> {
    const link = this.#link;
    if (this.#status !== 'ready' || link === null) {
      return Promise.reject(new Error('There is no connection to Redis.'));
    }
    const { clock, run, server, isCut, commandMsMax } = this.#surroundings;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const pending: Pending = {
      sentAtMs: clock.nowMs(),
      isTimed: false,
      fail: (error) => {
        link.pending.delete(pending);
        reject(error);
      },
    };
    link.pending.add(pending);
    const [thereMs, backMs] = [this.#latencyMs(), this.#latencyMs()];
    link.toServer.send(thereMs, () => {
      const answer = request(server);
      link.toClient.send(backMs, () =>
        run.reach(() => {
          link.pending.delete(pending);
          resolve(answer);
        }),
      );
    });
    if (isCut() || thereMs + backMs >= commandMsMax) this.#limit(link, pending);
    return promise;
  }

  /** An answer for each of them, or the same error. */
  async #askAll(requests: readonly Request[]): Promise<[Error | null, unknown][]> {
    try {
      const answers = await this.#ask((server) => requests.map((request) => request(server)));
      return (answers as unknown[]).map((answer) => [null, answer]);
    } catch (error) {
      const failed = error instanceof Error ? error : new Error(String(error));
      return requests.map(() => [failed, undefined]);
    }
  }

  /** Makes it fail in time. As long as everything is answered soon there is no need of a timer for each command. */
  #limit(link: Link, pending: Pending): void {
    if (pending.isTimed) return;
    pending.isTimed = true;
    const { clock, run, commandMsMax } = this.#surroundings;
    clock.after(pending.sentAtMs + commandMsMax - clock.nowMs(), () =>
      run.reach(() => {
        if (link.pending.has(pending)) pending.fail(new Error('Command timed out'));
      }),
    );
  }

  #latencyMs(): number {
    const { from, to } = this.#surroundings.weather().latencyMs;
    return to === 0 ? 0 : from + this.#surroundings.random.below(to - from + 1);
  }
}

/** The text by which a node sees that its way to Redis is open. */
function isEcho(channel: string): boolean {
  return channel.includes(':echo:');
}

/** Commands that go together and are carried out in a row. */
class SimulatedCommands implements Commands {
  readonly #requests: Request[] = [];
  readonly #send: (requests: readonly Request[]) => Promise<[Error | null, unknown][]>;

  constructor(send: (requests: readonly Request[]) => Promise<[Error | null, unknown][]>) {
    this.#send = send;
  }

  get length(): number {
    return this.#requests.length;
  }

  publish(channel: string, text: string): void {
    this.#requests.push((server) => server.publish(channel, text));
  }

  hset(hash: string, field: string, value: string): void {
    this.#add(['hset', hash, field, value]);
  }

  expire(key: string, seconds: number): void {
    this.#add(['expire', key, seconds]);
  }

  confabLease(...given: Parameters<ScriptCalls['confabLease']>): void {
    this.#add(['confabLease', ...given]);
  }

  confabLeave(...given: Parameters<ScriptCalls['confabLeave']>): void {
    this.#add(['confabLeave', ...given]);
  }

  confabPoll(...given: Parameters<ScriptCalls['confabPoll']>): void {
    this.#add(['confabPoll', ...given]);
  }

  confabRows(...given: Parameters<ScriptCalls['confabRows']>): void {
    this.#add(['confabRows', ...given]);
  }

  confabRelease(...given: Parameters<ScriptCalls['confabRelease']>): void {
    this.#add(['confabRelease', ...given]);
  }

  confabForget(...given: Parameters<ScriptCalls['confabForget']>): void {
    this.#add(['confabForget', ...given]);
  }

  exec(): Promise<[Error | null, unknown][]> {
    return this.#send(this.#requests);
  }

  #add(command: RedisCommand): void {
    this.#requests.push((server) => server.execute(command));
  }
}

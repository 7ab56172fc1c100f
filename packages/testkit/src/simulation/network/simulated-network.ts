import type { FetchLike, WebSocketFactory, WebSocketLike } from '@confab/client';
import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import { SimulatedRun } from '../infrastructure/simulated-run.ts';
import type { Trace } from '../trace.ts';
import type { Door } from './door.ts';
import { type ExchangeFate, HttpExchange } from './http-exchange.ts';
import { CALM_NET, type NetWeather } from './net-weather.ts';
import { type CutKnownTo, SimulatedSocket } from './simulated-socket.ts';

/** One run of a device, as the network knows it. */
export interface NetworkUser {
  readonly run: SimulatedRun;
  readonly address: string;
  /** Told of every text that comes in and goes out, over whatever. */
  readonly heard: (text: string) => void;
  readonly said: (text: string) => void;
}

interface NetworkOptions {
  readonly clock: DrivenClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
}

/** Between devices and nodes: a balancer that knows who listens, and lines that are slow, lossy and cut. */
export class SimulatedNetwork {
  weather: NetWeather = CALM_NET;
  readonly #options: NetworkOptions;
  readonly #doors = new Map<string, Door>();
  readonly #sockets = new Set<SimulatedSocket>();
  readonly #exchanges = new Set<HttpExchange>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** From here on the balancer sends devices there; a new run of a node takes the place of the old one. */
  openDoor(nodeId: string, door: Door): void {
    this.#doors.set(nodeId, door);
  }

  closeDoor(nodeId: string, door: Door): void {
    if (this.#doors.get(nodeId) === door) this.#doors.delete(nodeId);
  }

  webSocketFor(user: NetworkUser): WebSocketFactory {
    return (): WebSocketLike => this.#openSocket(user).webSocket;
  }

  fetchFor(user: NetworkUser): FetchLike {
    return async (url, init) => await this.#exchange(user, url, init);
  }

  /** A run of a node is no more; its system tells the devices, or the machine is gone with it. */
  nodeDied(run: SimulatedRun, isTold: boolean): void {
    for (const socket of this.#sockets) if (socket.node === run) socket.nodeDied(isTold);
    for (const exchange of this.#exchanges) if (exchange.node === run) exchange.nodeDied(isTold);
  }

  deviceDied(run: SimulatedRun, isTold: boolean): void {
    for (const socket of this.#sockets) if (socket.device === run) socket.deviceDied(isTold);
    for (const exchange of this.#exchanges) if (exchange.device === run) exchange.deviceDied(isTold);
  }

  /** Cuts what a device has open. */
  cut(device: SimulatedRun, knownTo: CutKnownTo): void {
    for (const socket of this.#sockets) if (socket.device === device) socket.cut(knownTo);
    for (const exchange of this.#exchanges) if (exchange.device === device) exchange.cut(knownTo);
  }

  setReading(device: SimulatedRun, isReading: boolean): void {
    for (const socket of this.#sockets) if (socket.device === device) socket.setDeviceReading(isReading);
  }

  readonly #latencyMs = (): number => {
    const { from, to } = this.weather.latencyMs;
    return from + this.#options.random.below(to - from + 1);
  };

  #pickDoor(): Door | null {
    const doors = [...this.#doors.values()];
    return doors.length === 0 ? null : this.#options.random.pick(doors);
  }

  #openSocket(user: NetworkUser): SimulatedSocket {
    const { clock, random, trace } = this.#options;
    const door = this.#pickDoor();
    const socket: SimulatedSocket = new SimulatedSocket({
      clock,
      random,
      latencyMs: this.#latencyMs,
      windowBytes: this.weather.windowBytes,
      device: user.run,
      node: door?.run ?? new SimulatedRun('nowhere', clock),
      heard: user.heard,
      said: user.said,
      ended: () => void this.#sockets.delete(socket),
    });
    this.#sockets.add(socket);
    trace.note(`${user.run.runId} dials ${door?.run.runId ?? 'nobody'}`);
    if (door === null || random.chance(this.weather.refused)) socket.refuse();
    else clock.after(this.#latencyMs(), () => this.#call(socket, door, user));
    return socket;
  }

  #call(socket: SimulatedSocket, door: Door, user: NetworkUser): void {
    if (!door.isListening) {
      socket.refuse();
      return;
    }
    door.run.reach(() => {
      const refusal = door.refusalOf(new Headers(), user.address);
      if (refusal === null) socket.accept((transport) => door.connect(transport));
      else socket.refuse();
    });
  }

  async #exchange(user: NetworkUser, url: string, init: RequestInit): Promise<Response> {
    const { clock, random, trace } = this.#options;
    const door = this.#pickDoor();
    const { method = 'GET', headers = {}, body = null, signal = null } = init;
    trace.note(`${user.run.runId} asks ${door?.run.runId ?? 'nobody'} ${method} ${url}`);
    if (typeof body === 'string') user.said(body);
    if (door === null) {
      const refused = Promise.withResolvers<Response>();
      clock.after(this.#latencyMs(), () =>
        user.run.reach(() => refused.reject(new TypeError('connection refused'))),
      );
      return await refused.promise;
    }
    const exchange: HttpExchange = new HttpExchange({
      clock,
      random,
      latencyMs: this.#latencyMs,
      device: user.run,
      address: user.address,
      door,
      fate: this.#fate(url),
      request: () => new Request(url, { method, headers, body: body as string | null }),
      signal,
      heard: user.heard,
      ended: () => void this.#exchanges.delete(exchange),
    });
    this.#exchanges.add(exchange);
    exchange.start();
    return await exchange.response;
  }

  #fate(url: string): ExchangeFate {
    const { requestLost, answerLost, requestDoubled } = this.weather;
    // Nobody repeats a request whose answer never ends.
    if (url.endsWith('/v1/stream'))
      return this.#options.random.chance(requestLost) ? 'request_lost' : 'answered';
    let left = this.#options.random.fraction();
    if (left < requestLost) return 'request_lost';
    left -= requestLost;
    if (left < answerLost) return 'answer_lost';
    left -= answerLost;
    return left < requestDoubled ? 'doubled' : 'answered';
  }
}

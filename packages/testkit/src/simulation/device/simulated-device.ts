import { type ChatClient, createClient, type TransportKind } from '@confab/client';
import type { SeededRandom } from '../../seeded-random.ts';
import type { Clockwork } from '../clockwork.ts';
import type { History } from '../history.ts';
import { SimulatedRun } from '../infrastructure/simulated-run.ts';
import type { SimulatedNetwork } from '../network/simulated-network.ts';
import type { Trace } from '../trace.ts';
import { DeviceRun } from './device-run.ts';
import { DeviceStorage } from './device-storage.ts';
import { tapInbound, tapOutbound } from './wire-tap.ts';

const RELOAD_MS = 1_000;

/** Somebody with an account. */
export interface SimulatedUser {
  readonly name: string;
  readonly password: string;
  /** Known once the account is made. */
  userId: string;
}

export interface DeviceOptions {
  readonly clockwork: Clockwork;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly history: History;
  readonly trace: Trace;
  readonly user: SimulatedUser;
  readonly name: string;
  readonly transport: TransportKind;
}

/** A device: a disk that lasts, and the app on it, which is the real SDK, started again and again. */
export class SimulatedDevice {
  readonly name: string;
  readonly user: SimulatedUser;
  /** How far its wall clock is from the true one. */
  clockOffsetMs = 0;
  readonly #options: DeviceOptions;
  readonly #storage: DeviceStorage;
  #runs = 0;
  #run: DeviceRun | null = null;

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.name = options.name;
    this.user = options.user;
    this.#storage = new DeviceStorage(options.clockwork.clock, options.random.fork());
  }

  /** Over single requests a receipt names a message that is held here, so that not all that was read can be told. */
  get tellsReads(): boolean {
    return this.#options.transport !== 'poll';
  }

  /** The app, where it runs. */
  get app(): DeviceRun | null {
    return this.#run;
  }

  /** Starts the app on what the last run left on the disk. */
  start(): DeviceRun {
    this.#runs += 1;
    const run = new SimulatedRun(`${this.name}/${this.#runs}`, this.#options.clockwork.clock);
    const app = new DeviceRun({
      deviceName: this.name,
      userId: this.user.userId,
      run,
      client: this.#reloading(this.#client(run), run),
      history: this.#options.history,
    });
    this.#run = app;
    return app;
  }

  /** The app is killed, or the device is off; the network may learn of it. */
  die(isTold: boolean): void {
    if (this.#run === null) return;
    this.#run.die();
    this.#options.network.deviceDied(this.#run.run, isTold);
    this.#storage.crash();
    this.#run = null;
  }

  /** The user closes the app. */
  async quit(): Promise<void> {
    const app = this.#run;
    this.#run = null;
    await app?.quit();
  }

  /**
   * Where the clocks of nodes differ, word of an older session may end a newer one of the same run. Its user is told that
   * another tab took over, and takes the place back.
   */
  #reloading(client: ChatClient, run: SimulatedRun): ChatClient {
    const { clockwork, trace } = this.#options;
    client.on('connection', (state) => {
      if (state.kind !== 'stopped' || state.reason !== 'replaced') return;
      trace.note(`${run.runId} was replaced`);
      clockwork.clock.after(RELOAD_MS, () => run.reach(() => client.connection.connect()));
    });
    return client;
  }

  #client(run: SimulatedRun): ChatClient {
    const { clockwork, history, network, random, trace, transport, user } = this.#options;
    const { clock } = clockwork;
    const tapped = { deviceName: this.name, userId: user.userId };
    const networkUser = {
      run,
      address: this.name,
      heard: (text: string) => {
        trace.note(`${run.runId} hears ${text}`);
        tapInbound(text, { ...tapped, userId: user.userId }, history);
      },
      said: (text: string) => {
        trace.note(`${run.runId} says ${text}`);
        tapOutbound(text, history);
      },
    };
    const ids = random.fork();
    const jitter = random.fork();
    return createClient({
      url: 'http://confab.test',
      clientName: 'simulation/1.0',
      deviceName: this.name,
      storage: this.#storage.openFor(run),
      transport,
      webSocket: network.webSocketFor(networkUser),
      fetch: network.fetchFor(networkUser),
      timers: {
        now: () => Math.floor(clock.nowMs()) + this.clockOffsetMs,
        after: (delayMs, callback) => clock.after(delayMs, () => run.reach(callback)),
      },
      random: () => jitter.fraction(),
      newId: () => ids.urlSafe(22),
    });
  }
}

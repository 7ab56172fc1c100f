import type { SimulatedDevice } from '../device/simulated-device.ts';
import type { CutKnownTo } from '../network/simulated-socket.ts';
import type { SimulatedNode } from '../node/simulated-node.ts';
import type { FaultName } from './fault-names.ts';
import { badNet, lossyRedis, stormyStore, type Weather } from './weather.ts';
import type { World } from './world.ts';

const KNOWN_TO: readonly CutKnownTo[] = ['both', 'device', 'node', 'nobody'];
const MINUTE_MS = 60_000;

/** Makes things go wrong, and right again after a while. */
export class Faults {
  readonly #world: World;
  readonly #usual: Weather;
  /** What is to be undone yet; done at the latest when the world heals. */
  readonly #undo = new Set<() => void>();

  constructor(world: World, usual: Weather) {
    this.#world = world;
    this.#usual = usual;
    this.#setUsual();
  }

  strike(): void {
    const { plan, random, tally, trace } = this.#world;
    const fault = random.pick(plan.faults);
    trace.note(`fault: ${fault}`);
    tally.add(`fault: ${fault}`);
    tally.add('faults struck');
    this.#strikes[fault]();
  }

  /** From here on nothing goes wrong; what lies down gets up. */
  heal(): void {
    for (const undo of this.#undo) undo();
    this.#undo.clear();
    this.#setUsual();
    for (const device of this.#world.devices) {
      if (device.app === null) this.#startDevice(device);
      else device.app.client.connection.connect();
    }
  }

  readonly #strikes: Readonly<Record<FaultName, () => void>> = {
    'connection cut': () => this.#cut(),
    'device crash': () => this.#crashDevice(),
    'device quits': () => this.#quitDevice(),
    'device sleeps': () => this.#sleepDevice(),
    'device clock jumps': () => this.#jumpDeviceClock(),
    'slow reader': () => this.#slowReader(),
    'bad network': () => this.#weather({ net: badNet(this.#usual.net, this.#world.random) }),
    'node crash': () =>
      this.#withNode((node) => this.#world.fleet.crash(node, this.#world.random.chance(0.7))),
    'node stops': () => this.#withNode((node) => this.#world.fleet.stop(node)),
    'node blocked': () => this.#withNode((node) => this.#pause(node, 1_000)),
    'node paused': () =>
      this.#withNode((node) => this.#pause(node, 8_000 + this.#world.random.below(10_000))),
    'node clock jumps': () =>
      this.#withNode((node) => {
        node.clockOffsetMs = this.#world.random.below(20_000) - 10_000;
      }),
    'node cut from store': () =>
      this.#cutFrom((nodeId, isCut) => this.#world.fleet.store.cutOff(nodeId, isCut)),
    'node cut from Redis': () =>
      this.#cutFrom((nodeId, isCut) => this.#world.fleet.redis?.cutOff(nodeId, isCut)),
    'store full': () =>
      this.#weather({ store: { ...this.#usual.store, refused: 0.3 + this.#world.random.fraction() * 0.7 } }),
    'store stalls': () => this.#world.fleet.store.stall(500 + this.#world.random.below(5_000)),
    'store stormy': () => this.#weather({ store: stormyStore(this.#usual.store, this.#world.random) }),
    'Redis flushed': () => this.#world.fleet.redis?.flush(),
    'Redis restart': () => this.#world.fleet.redis?.restart(this.#world.random.below(8_000)),
    'Redis fails over backwards': () =>
      this.#world.fleet.redis?.failOverBackwards(this.#world.random.below(10_000)),
    'Redis subscribers killed': () => this.#world.fleet.redis?.killSubscribers(),
    'bus lossy': () => this.#weather({ redis: lossyRedis(this.#usual.redis, this.#world.random) }),
    'nodes disagree': () => this.#disagree(),
  };

  #setUsual(): void {
    this.#applyWeather(this.#usual);
  }

  #applyWeather({ net, store, redis }: Partial<Weather>): void {
    const { fleet, network } = this.#world;
    if (net !== undefined) network.weather = net;
    if (store !== undefined) fleet.store.weather = store;
    if (redis !== undefined && fleet.redis !== null) fleet.redis.weather = redis;
  }

  /** For some seconds. */
  #weather(bad: Partial<Weather>): void {
    this.#applyWeather(bad);
    const { net, store, redis } = this.#usual;
    this.#later(1_000 + this.#world.random.below(12_000), () =>
      this.#applyWeather({
        ...(bad.net === undefined ? {} : { net }),
        ...(bad.store === undefined ? {} : { store }),
        ...(bad.redis === undefined ? {} : { redis }),
      }),
    );
  }

  /** Undoes something after a while, or when the world heals. */
  #later(delayMs: number, undo: () => void): void {
    const once = (): void => {
      if (this.#undo.delete(once)) undo();
    };
    this.#undo.add(once);
    this.#world.clockwork.clock.after(delayMs, once);
  }

  #withNode(strike: (node: SimulatedNode) => void): void {
    const { fleet, random } = this.#world;
    if (fleet.serving.length > 0) strike(random.pick(fleet.serving));
  }

  #withDevice(strike: (device: SimulatedDevice) => void): void {
    const running = this.#world.devices.filter(({ app }) => app !== null);
    if (running.length > 0) strike(this.#world.random.pick(running));
  }

  #cut(): void {
    const { network, random } = this.#world;
    this.#withDevice(({ app }) => {
      if (app !== null) network.cut(app.run, random.pick(KNOWN_TO));
    });
  }

  #crashDevice(): void {
    const { random } = this.#world;
    this.#withDevice((device) => {
      device.die(random.chance(0.5));
      this.#later(random.below(10_000), () => this.#startDevice(device));
    });
  }

  #quitDevice(): void {
    const { random } = this.#world;
    this.#withDevice((device) => {
      if (device.app !== null) this.#world.tolerate(device.app.run, device.quit(), 'quit');
      this.#later(random.below(20_000), () => this.#startDevice(device));
    });
  }

  #startDevice(device: SimulatedDevice): void {
    if (device.app !== null) return;
    const { client, run } = device.start();
    this.#world.tolerate(
      run,
      client.loaded.then(() => client.connection.connect()),
      'start',
    );
  }

  /** The system holds the app still, as phones do. */
  #sleepDevice(): void {
    const { random } = this.#world;
    this.#withDevice(({ app }) => {
      if (app === null) return;
      app.run.pause(true);
      this.#later(1_000 + random.below(50_000), () => app.run.pause(false));
    });
  }

  #jumpDeviceClock(): void {
    const { random } = this.#world;
    this.#withDevice((device) => {
      device.clockOffsetMs = random.below(4 * MINUTE_MS) - 2 * MINUTE_MS;
    });
  }

  #slowReader(): void {
    const { network, random } = this.#world;
    this.#withDevice(({ app }) => {
      if (app === null) return;
      network.setReading(app.run, false);
      this.#later(1_000 + random.below(45_000), () => network.setReading(app.run, true));
    });
  }

  #pause(node: SimulatedNode, durationMs: number): void {
    const { fleet } = this.#world;
    fleet.pause(node, true);
    this.#later(durationMs, () => {
      if (node.state !== 'dead') fleet.pause(node, false);
    });
  }

  #cutFrom(setCut: (nodeId: string, isCut: boolean) => void): void {
    const { random } = this.#world;
    this.#withNode(({ nodeId }) => {
      setCut(nodeId, true);
      this.#later(1_000 + random.below(14_000), () => setCut(nodeId, false));
    });
  }

  /** A node that takes itself for the only one. */
  #disagree(): void {
    const { fleet, random } = this.#world;
    this.#withNode(({ nodeId }) => {
      fleet.believe(nodeId, [nodeId]);
      this.#later(1_000 + random.below(10_000), () => fleet.believe(nodeId, null));
    });
  }
}

import type { Observer } from '@confab/contracts';
import { createDigest } from '@confab/identity';
import type { ToldFault } from '../../cluster-world.ts';
import { SeededRandom } from '../../seeded-random.ts';
import { Clockwork } from '../clockwork.ts';
import { isExpected } from '../device/device-run.ts';
import { SimulatedDevice, type SimulatedUser } from '../device/simulated-device.ts';
import { History } from '../history.ts';
import type { SimulatedRun } from '../infrastructure/simulated-run.ts';
import { SimulatedNetwork } from '../network/simulated-network.ts';
import { Fleet } from '../node/fleet.ts';
import { Trace, type TraceLine } from '../trace.ts';
import { Tally } from './tally.ts';
import type { WorldPlan } from './world-plan.ts';

/** 2026-01-01T00:00:00Z. */
const START_MS = 1_767_225_600_000;
const PASSWORD = 'correct horse';
/** Setting up, in calm weather. */
const BEGIN_MS_MAX = 30_000;

/** Everything there is: nodes, devices, what is between them, and the time that passes for all. */
export class World {
  readonly plan: WorldPlan;
  readonly clockwork = new Clockwork(START_MS);
  readonly random: SeededRandom;
  readonly history = new History();
  readonly tally = new Tally();
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly fleet: Fleet;
  readonly digest = createDigest(new Uint8Array(32).fill(7));
  readonly users: SimulatedUser[] = [];
  readonly devices: SimulatedDevice[] = [];
  /** What users asked for and is neither done nor refused: by whom, and what. */
  readonly asked = new Set<{ readonly run: SimulatedRun; readonly what: string }>();
  #titles = 0;

  constructor(plan: WorldPlan, onTrace: ((line: TraceLine) => void) | null) {
    this.plan = plan;
    this.random = new SeededRandom(plan.seed);
    const { clock } = this.clockwork;
    this.trace = new Trace(() => clock.nowMs() - START_MS, onTrace);
    const { clockwork, trace, digest } = this;
    this.network = new SimulatedNetwork({ clock, random: this.random.fork(), trace });
    this.fleet = new Fleet({
      plan,
      clockwork,
      random: this.random.fork(),
      network: this.network,
      trace,
      digest,
      observer: this.#observer(),
      onFault: (fault) => this.#faulted(fault),
    });
  }

  get nowMs(): number {
    return this.clockwork.clock.nowMs() - START_MS;
  }

  /** Nodes, accounts, devices that have logged in, and a first group of everybody. */
  async begin(): Promise<void> {
    const { clockwork, plan } = this;
    for (let index = 0; index < plan.nodes; index++)
      await clockwork.finish(this.fleet.start(`node-${index}`), BEGIN_MS_MAX);
    for (let index = 0; index < plan.users; index++) {
      const user = { name: `user-${index}`, password: PASSWORD, userId: '' };
      user.userId = await clockwork.finish(this.#register(user), BEGIN_MS_MAX);
      this.users.push(user);
    }
    for (let index = 0; index < plan.devices; index++) this.#addDevice(index);
    const logIns = this.devices.map(async (device) => {
      const { name: username, password } = device.user;
      await device.start().client.account.logIn({ username, password });
    });
    await clockwork.finish(Promise.all(logIns), BEGIN_MS_MAX);
    const isReady = await clockwork.until(
      () => this.devices.every(({ app }) => app?.isLive === true),
      BEGIN_MS_MAX,
    );
    if (!isReady) throw new Error('not everybody is connected in calm weather');
    const [first] = this.devices;
    const memberIds = this.users
      .map(({ userId }) => userId)
      .filter((userId) => userId !== first?.user.userId);
    const created = first?.app?.client.conversations.createGroup({ title: 'all', memberIds });
    if (created !== undefined) await clockwork.finish(created, BEGIN_MS_MAX);
    await clockwork.advance(1_000);
  }

  /** A title that no conversation had. */
  newTitle(): string {
    this.#titles += 1;
    return `title ${this.#titles}`;
  }

  /** Goes on without waiting for what was asked; only a fault of the code is a complaint. */
  tolerate(run: SimulatedRun, promise: Promise<unknown>, what: string): void {
    const asked = { run, what };
    this.asked.add(asked);
    promise.then(
      () => {
        this.asked.delete(asked);
        this.tally.add(`${what}: done`);
      },
      (error: unknown) => {
        this.asked.delete(asked);
        this.tally.add(`${what}: refused`);
        if (!isExpected(error)) this.history.complain(`${what} failed: ${String(error)}`);
      },
    );
  }

  #addDevice(index: number): void {
    const { clockwork, history, network, plan, random, trace } = this;
    const user = this.users[index % this.users.length];
    if (user === undefined) throw new Error('a device needs a user');
    const transport = random.pick(plan.transports);
    const name = `${user.name}-${transport}-${index}`;
    this.devices.push(
      new SimulatedDevice({
        clockwork,
        random: random.fork(),
        network,
        history,
        trace,
        user,
        name,
        transport,
      }),
    );
  }

  async #register({ name, password }: SimulatedUser): Promise<string> {
    const [node] = this.fleet.serving;
    if (node === undefined) throw new Error('no node is up');
    const request = new Request('http://confab.test/v1/accounts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: name, password }),
    });
    const gone = new Promise<void>(() => undefined);
    const response = await node.http(request, { address: name, gone });
    const { userId } = (await response.json()) as { readonly userId: string };
    return userId;
  }

  #observer(): Observer {
    const count = (what: string) => (): void => this.tally.add(what);
    return {
      messageCommitted: ({ count: events }) => this.tally.add('events committed', events),
      commitRefused: count('commits refused'),
      delivered: ({ sockets }) => this.tally.add('deliveries', sockets),
      lossRepaired: ({ sessions }) => this.tally.add('losses repaired', sessions),
      requestRefused: count('requests refused'),
      connectionOpened: count('connections opened'),
      connectionReady: count('connections ready'),
      connectionClosed: count('connections closed'),
      workFailed: count('work failed'),
      fault: (fault) => this.#faulted(fault),
    };
  }

  /** A store or a Redis that does not answer is told of too; anything else is a fault of the code. */
  #faulted({ where, error }: ToldFault): void {
    this.tally.add('faults told');
    if (isOfTheWeather(error) || isOfRedis({ where, error })) return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.history.complain(`a fault in ${where}: ${text}`);
  }
}

function isOfTheWeather(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'unavailable';
}

/** Redis is away or slow; or what a dead run of the node had sent there arrived late. */
function isOfRedis({ where, error }: ToldFault): boolean {
  if (where.startsWith('cluster-redis/connection') || where.startsWith('cluster-redis/lease')) return true;
  return (
    where.startsWith('cluster-redis/') && error instanceof Error && error.message === 'Command timed out'
  );
}

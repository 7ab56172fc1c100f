import type { Cassandra, Redis } from '@confab/services';
import type { GatewayProcess } from '@confab/cluster';
import type { Environment } from '../server-settings.ts';
import type { ServerUnderTest } from '../server-under-test.ts';
import { Fleet, type Gateways } from './fleet.ts';

let scenes = 0;
const run = Math.floor(Math.random() * 36 ** 4).toString(36);

/**
 * A fleet as one scene sees it: three gateways behind a balancer, each of which can be killed, paused and started. The
 * fleet is that of the whole run; `await using` mends what the scene broke, and stops what was started for it alone.
 */
export class FleetProcess implements ServerUnderTest {
  readonly nameSuffix: string;
  readonly #fleet: Fleet;
  readonly #gateways: Gateways;
  /** What ends with the scene. */
  readonly #own: 'nothing' | 'gateways' | 'fleet';
  #nextToKill = 0;

  protected constructor(fleet: Fleet, gateways: Gateways, own: 'nothing' | 'gateways' | 'fleet') {
    this.#fleet = fleet;
    this.#gateways = gateways;
    this.#own = own;
    scenes += 1;
    this.nameSuffix = `-${run}-${scenes}`;
  }

  /** The run's fleet; where settings differ, further gateways of it that have them. */
  static async start(settings: Environment = {}): Promise<FleetProcess> {
    const fleet = await Fleet.ofRun();
    if (Object.keys(settings).length > 0)
      return new FleetProcess(fleet, await fleet.startMore(settings), 'gateways');
    const process_ = new FleetProcess(fleet, fleet.gateways, 'nothing');
    await process_.mend();
    return process_;
  }

  /** A fleet of its own, on a ring of `nodes` of Cassandra with as many copies of everything, at most three. */
  static async startOnRing(nodes: number): Promise<FleetProcess> {
    const fleet = await Fleet.start(nodes);
    return new FleetProcess(fleet, fleet.gateways, 'fleet');
  }

  get baseUrl(): string {
    return this.#gateways.balancer.url;
  }

  get gatewayUrl(): string {
    return this.node(0).url;
  }

  get gatewayUrls(): readonly string[] {
    return this.nodes.map(({ url }) => url);
  }

  get port(): number {
    return this.#gateways.balancer.port;
  }

  get nodes(): readonly GatewayProcess[] {
    return this.#gateways.nodes;
  }

  get redis(): Redis {
    return this.#fleet.cluster.redis;
  }

  /** Null where it is not this run's own, and so not to be broken. */
  get cassandra(): Cassandra | null {
    return this.#fleet.cluster.cassandra;
  }

  /** A gateway; they are counted on from the last to the first. */
  node(at: number): GatewayProcess {
    const node = this.nodes[at % this.nodes.length];
    if (node === undefined) throw new Error('a fleet without gateways');
    return node;
  }

  async kill(): Promise<void> {
    const node = this.node(this.#nextToKill);
    this.#nextToKill += 1;
    await node.kill();
  }

  async start(): Promise<void> {
    await Promise.all(
      this.nodes.filter(({ process }) => process.state === 'down').map(async (node) => node.start()),
    );
  }

  /** Lets go on what stands still and starts what is down. */
  async mend(): Promise<void> {
    const { redis, cassandra } = this;
    for (const { process } of [redis, ...this.nodes]) if (process.state === 'paused') process.resume();
    cassandra?.processes.forEach(({ state }, index) => {
      if (state === 'paused') cassandra.resume(index + 1);
    });
    if (redis.process.state === 'down') await redis.start();
    await cassandra?.startAll();
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mend();
    if (this.#own === 'fleet') await this.#fleet.cluster.stop();
    if (this.#own !== 'gateways') return;
    await this.#gateways.balancer.stop();
    await Promise.all(this.nodes.map(async (node) => node.stop()));
  }
}

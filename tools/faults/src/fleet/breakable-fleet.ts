import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayProcess } from '@confab/cluster';
import type { Redis } from '@confab/services';
import { failPointNames } from '../fail-points/fail-points.ts';
import { FAIL_POINT_FOLDER, FAIL_POINT_SERVER, ServerFailPoints } from '../fail-points/server-fail-points.ts';
import { CLEAR } from '../proxy/flow.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { RedisProxy } from '../redis-proxy/redis-proxy.ts';
import { Fleet, type Gateways } from './fleet.ts';
import { FleetProcess } from './fleet-process.ts';
import { RedisPair } from './redis-pair.ts';

/** One gateway with a way of its own to everything that it shares with others, and with fail points in it. */
export type BreakableGateway = {
  readonly process: GatewayProcess;
  readonly redis: RedisProxy;
  readonly store: TcpProxy;
  readonly failPoints: ServerFailPoints;
};

type Parts = {
  readonly fleet: Fleet;
  readonly gateways: Gateways;
  readonly breakable: readonly BreakableGateway[];
  readonly redis: RedisPair;
};

const NODES = 3;
const LOCAL_STORE = /^(?:127\.0\.0\.1|localhost):(\d+)$/;

/** Of all scenes of this run, from the first one on. */
let shared: Promise<Parts> | undefined;

/**
 * Three gateways that can be cut off, one by one and part by part. They use the Cassandra of the run's fleet, and meet
 * in a Redis of their own, so that they know nothing of its other gateways.
 */
export class BreakableFleet extends FleetProcess {
  readonly breakable: readonly BreakableGateway[];
  readonly #redis: RedisPair;

  private constructor({ fleet, gateways, breakable, redis }: Parts) {
    super(fleet, gateways, 'nothing');
    this.breakable = breakable;
    this.#redis = redis;
  }

  static override async start(): Promise<BreakableFleet> {
    shared ??= startParts();
    const fleet = new BreakableFleet(await shared);
    await fleet.mend();
    return fleet;
  }

  override get redis(): Redis {
    return this.#redis.current;
  }

  /** A gateway; they are counted on from the last to the first. */
  gateway(at: number): BreakableGateway {
    const gateway = this.breakable[at % this.breakable.length];
    if (gateway === undefined) throw new Error('a fleet without gateways');
    return gateway;
  }

  /** A metric, by its name, of all gateways together. */
  async metric(name: string): Promise<number> {
    const line = new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm');
    const texts = await Promise.all(
      this.nodes.map(async ({ url }) => (await fetch(`${url}/metrics`, { keepalive: false })).text()),
    );
    return texts
      .flatMap((text) => [...text.matchAll(line)])
      .reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** A second Redis has the state of now, and takes no more of it. */
  async copyRedis(): Promise<void> {
    await this.#redis.follow();
    await this.#redis.part();
  }

  /** Redis dies, and all gateways are led to the second one, as it was when it was made a copy. */
  async failOverRedis(): Promise<void> {
    await this.#redis.failOver();
    for (const { redis } of this.breakable) {
      redis.tcp.retarget(this.redis.port);
      redis.tcp.cut('reset');
    }
  }

  override async mend(): Promise<void> {
    for (const { redis, store } of this.breakable) {
      redis.harm(null);
      for (const proxy of [redis.tcp, store]) {
        proxy.set(CLEAR);
        await proxy.accept();
      }
    }
    await this.#redis.mend();
    await super.mend();
    for (const { failPoints } of this.breakable)
      await Promise.all(failPointNames.map(async (name) => failPoints.disarm(name)));
  }
}

async function startParts(): Promise<Parts> {
  const fleet = await Fleet.ofRun();
  const redis = await RedisPair.start(fleet.folder);
  // Paths of sockets are short.
  const sockets = mkdtempSync(join(tmpdir(), 'confab-fp-'));
  process.once('exit', () => rmSync(sockets, { recursive: true, force: true }));
  const storePort = LOCAL_STORE.exec(fleet.contactPoints[0] ?? '')?.[1];
  if (storePort === undefined)
    throw new Error(`only a Cassandra at 127.0.0.1 can be cut off, not one at ${fleet.contactPoints.join()}`);
  const ways = await Promise.all(
    Array.from({ length: NODES }, async (_, index) => ({
      nodeId: `b${index + 1}`,
      redis: await RedisProxy.before(redis.current.port),
      store: await TcpProxy.start({ targetPort: Number(storePort) }),
    })),
  );
  const gateways = await fleet.startGateways(
    'breakable',
    ways.map(({ nodeId, redis: { url }, store }) => ({
      nodeId,
      main: FAIL_POINT_SERVER,
      settings: {
        CONFAB_REDIS: url,
        CONFAB_CASSANDRA: `127.0.0.1:${store.port}`,
        [FAIL_POINT_FOLDER]: sockets,
      },
    })),
  );
  const breakable = gateways.nodes.map((gateway, index) => {
    const way = ways[index];
    if (way === undefined) throw new Error('a gateway without a way');
    return { ...way, process: gateway, failPoints: new ServerFailPoints(sockets, way.nodeId) };
  });
  return { fleet, gateways, breakable, redis };
}

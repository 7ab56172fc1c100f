import {
  type ClusterSettings,
  defaultSettings,
  type Environment,
  type RedisNode,
  startRedisNode,
} from '@confab/cluster-redis/simulation';
import type { NodeRecord } from '@confab/contracts';
import type { ToldFault } from '../../cluster-world.ts';
import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import { CALM_REDIS, type RedisWeather } from './redis-weather.ts';
import { SimulatedConnection } from './simulated-connection.ts';
import { SimulatedRedisServer } from './simulated-redis-server.ts';
import type { SimulatedRun } from './simulated-run.ts';

/** As the server has them, but for two that cost simulated nodes the most and matter the least: every bound still holds. */
const SETTINGS: ClusterSettings = { ...defaultSettings, tickMs: 200, echoEveryMs: 400 };

/** What a simulated Redis is made of. */
export interface SimulatedRedisOptions {
  readonly clock: DrivenClock;
  readonly random: SeededRandom;
  /** Told what a node tells its observer; while Redis is away, or a node id is used twice, that is no fault of the code. */
  readonly onFault: (fault: ToldFault) => void;
}

/** The ports of one run of a node that meets others in the simulated Redis. */
export interface SimulatedRedisNode extends RedisNode {
  /** Redis answered, or has not within a second. The ports can be used meanwhile. */
  readonly opened: Promise<void>;
}

interface JoinedRun {
  readonly node: NodeRecord;
  readonly run: SimulatedRun;
  readonly connections: SimulatedConnection[];
}

/**
 * A fleet that meets in Redis: each node runs the code of cluster-redis - leases, rows, numbered frames and their
 * repair - over connections, a Redis and a clock that are simulated.
 */
export class SimulatedRedis {
  /** Assignable at any time. */
  weather: RedisWeather = CALM_REDIS;
  readonly #options: SimulatedRedisOptions;
  readonly #server: SimulatedRedisServer;
  readonly #runs: JoinedRun[] = [];
  readonly #cut = new Set<string>();

  constructor(options: SimulatedRedisOptions) {
    this.#options = options;
    this.#server = new SimulatedRedisServer(options.clock, options.random.fork());
  }

  /**
   * Begins to serve a run of a node; it lives for others once its directory is joined. When the run crashes its lease
   * ends in time; while it is paused nothing of it happens.
   */
  join(node: NodeRecord, run: SimulatedRun): SimulatedRedisNode {
    const { onFault, random } = this.#options;
    const joined: JoinedRun = { node, run, connections: [] };
    this.#runs.push(joined);
    run.whenCrashed(() => {
      for (const connection of joined.connections) connection.abandon();
    });
    const started = startRedisNode({
      environment: this.#environment(joined, random.fork()),
      node,
      prefix: 'confab',
      settings: SETTINGS,
      tamper: (text) => [text],
      onFault,
    });
    return { ...started.node, opened: started.opened };
  }

  /** Nothing gets through between a node and Redis. What was sent arrives when it does again, as with TCP. */
  cutOff(nodeId: string, isCut: boolean): void {
    if (isCut) this.#cut.add(nodeId);
    else this.#cut.delete(nodeId);
    for (const { node, connections } of this.#runs) {
      if (node.nodeId === nodeId) for (const connection of connections) connection.cutChanged();
    }
  }

  /** Ends the connections over which texts arrive, at the server. */
  killSubscribers(): void {
    this.#server.killSubscribers();
  }

  /** Ends every connection of a node, at the server; it makes them anew. */
  killConnections(nodeId: string): void {
    for (const { node, connections } of this.#runs) {
      if (node.nodeId === nodeId) for (const connection of connections) connection.kill();
    }
  }

  /** All keys go. */
  flush(): void {
    this.#server.flush();
  }

  /** All keys and connections go, and it is back after `downMs`. */
  restart(downMs: number): void {
    this.#server.restart(downMs);
  }

  /** A replica takes over that has what there was `lagMs` ago, up to 10 s. All connections go. */
  failOverBackwards(lagMs: number): void {
    this.#server.failOverBackwards(lagMs);
  }

  /** The keys there are: `confab:user:...`, `confab:followers:...`, `confab:lease:...` and a few more. */
  keys(): readonly string[] {
    return this.#server.keys();
  }

  #environment({ node, run, connections }: JoinedRun, random: SeededRandom): Environment {
    const { clock } = this.#options;
    const after = (delayMs: number, action: () => void): (() => void) => {
      let isCancelled = false;
      const cancel = clock.after(delayMs, () =>
        run.reach(() => {
          if (!isCancelled) action();
        }),
      );
      return () => {
        isCancelled = true;
        cancel();
      };
    };
    return {
      nowMs: () => clock.nowMs(),
      after,
      every(intervalMs, action) {
        let cancel: () => void;
        const next = (): void => {
          cancel = after(intervalMs, () => {
            next();
            action();
          });
        };
        next();
        return () => cancel();
      },
      afterTurn: (action) => void after(0, action),
      fraction: () => random.fraction(),
      uniqueId: () => random.urlSafe(22),
      connect: () => {
        const connection = new SimulatedConnection({
          clock,
          random,
          server: this.#server,
          run,
          commandMsMax: SETTINGS.commandMsMax,
          weather: () => this.weather,
          isCut: () => this.#cut.has(node.nodeId),
        });
        connections.push(connection);
        return connection;
      },
    };
  }
}

import {
  type ClusterFixture,
  nodeBusSuite,
  nodeDirectorySuite,
  sessionRegistrySuite,
} from '@confab/contracts/conformance';
import type { NodeRecord } from '@confab/contracts';
import { DrivenClock } from '../../driven-clock.ts';
import { turn } from '../../schedule.ts';
import { SeededRandom } from '../../seeded-random.ts';
import { SimulatedRedis } from './simulated-redis.ts';
import { SimulatedRun } from './simulated-run.ts';

/** The clock of a conformance test runs by itself, as fast as it can, since these tests wait for real. */
class RunningFleet implements ClusterFixture {
  readonly clock = new DrivenClock(0);
  readonly redis = new SimulatedRedis({
    clock: this.clock,
    random: new SeededRandom(1),
    onFault: () => undefined,
  });
  #isRunning = true;
  readonly #ended: Promise<void>;

  constructor() {
    this.#ended = this.#run();
  }

  async node(node: NodeRecord) {
    const joined = this.redis.join(node, new SimulatedRun(`${node.nodeId}/${node.bootId}`, this.clock));
    await joined.opened;
    return {
      ...joined,
      directory: {
        ...joined.directory,
        live: () => joined.directory.live(),
        owners: () => joined.directory.owners(),
        retire: (record: NodeRecord) => joined.directory.retire(record),
        leave: (record: NodeRecord) => joined.directory.leave(record),
        join: async (record: NodeRecord) => {
          this.redis.cutOff(record.nodeId, false);
          await joined.directory.join(record);
        },
      },
    };
  }

  async endLease(node: NodeRecord): Promise<void> {
    this.redis.cutOff(node.nodeId, true);
    await this.#pass(12_000);
  }

  async loseRegistry(): Promise<void> {
    this.redis.flush();
  }

  async settle(): Promise<void> {
    await this.#pass(3_000);
  }

  async close(): Promise<void> {
    this.#isRunning = false;
    await this.#ended;
  }

  async #pass(ms: number): Promise<void> {
    const passed = Promise.withResolvers<void>();
    this.clock.after(ms, passed.resolve);
    await passed.promise;
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      await turn();
      this.clock.fireNext(Infinity);
    }
  }
}

const open = async (): Promise<ClusterFixture> => new RunningFleet();
nodeDirectorySuite('simulated Redis in calm weather', open);
sessionRegistrySuite('simulated Redis in calm weather', open);
nodeBusSuite('simulated Redis in calm weather', open);

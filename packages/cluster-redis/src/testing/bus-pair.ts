import { RedisBus } from '../bus/redis-bus.ts';
import type { ClusterFault } from '../cluster-fault.ts';
import { keysOf } from '../connection/keys.ts';
import { defaultSettings as settings } from '../settings.ts';

const keys = keysOf('test');

/** The buses of the nodes `node-a` and `node-b`, without Redis between them: a test decides what passes and when. */
export class BusPair {
  readonly a: RedisBus;
  readonly b: RedisBus;
  readonly faults: ClusterFault[] = [];
  /** The nodes that live, and the run that has the place of each. */
  readonly places = new Map([
    ['node-a', 'boot-a'],
    ['node-b', 'boot-b'],
  ]);
  /** Whether a text arrives. */
  passes: (text: string) => boolean = () => true;
  /** False: nobody is subscribed, which Redis says. */
  isHeard = true;
  #nowMs = 0;
  #passed = 0;

  constructor() {
    this.a = this.#open('node-a', (text) => this.b.hear(text));
    this.b = this.#open('node-b', (text) => this.a.hear(text));
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lets so much time pass, tick by tick, and what was published arrive. */
  async run(forMs: number): Promise<void> {
    for (const endMs = this.#nowMs + forMs; this.#nowMs < endMs;) {
      this.#nowMs += settings.tickMs;
      this.a.tick(this.#nowMs);
      this.b.tick(this.#nowMs);
      await this.arrive();
    }
  }

  /** Resolves once nothing is on its way. */
  async arrive(): Promise<void> {
    for (let before = -1; before !== this.#passed;) {
      before = this.#passed;
      await new Promise(setImmediate);
      await new Promise(setImmediate);
    }
  }

  #open(nodeId: string, toOther: (text: string) => void): RedisBus {
    const publish = async (
      texts: readonly (readonly [channel: string, text: string])[],
    ): Promise<number[]> => {
      await Promise.resolve();
      for (const [, text] of texts) {
        this.#passed += 1;
        if (this.isHeard && this.passes(text)) toOther(text);
      }
      return texts.map(() => (this.isHeard ? 1 : 0));
    };
    return new RedisBus({
      nodeId,
      bootId: nodeId.replace('node', 'boot'),
      path: { isUp: true, publish },
      directory: {
        live: () => [...this.places.keys()],
        hasPlace: (other, bootId) => this.places.get(other) === bootId,
      },
      keys,
      settings,
      environment: { nowMs: () => this.#nowMs, afterTurn: (action) => void setImmediate(action) },
      onFault: (fault) => this.faults.push(fault),
    });
  }
}

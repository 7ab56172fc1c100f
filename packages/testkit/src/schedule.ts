import type { SeededRandom } from './seeded-random.ts';

/** A step that waits for its turn: a call of a port on its way to the store, or its answer on the way back. */
export interface PendingStep {
  readonly nodeId: string;
  readonly label: string;
  readonly phase: 'call' | 'answer';
}

interface HeldStep extends PendingStep {
  readonly go: () => void;
}

/** Lets every microtask that can run do so: nothing of one process is left moving but what waits for a step or a timer. */
export async function turn(): Promise<void> {
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

/**
 * Decides what happens next. While it holds steps, calls of ports wait until they are let go, one at a time, in an order
 * that the seed gives or the test chooses; while it does not, they pass at once.
 */
export class Schedule {
  /** Whether calls of ports wait for their turn. */
  isHolding = false;
  readonly #random: SeededRandom;
  readonly #held: HeldStep[] = [];
  readonly #crashed = new Set<string>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get pending(): readonly PendingStep[] {
    return this.#held;
  }

  /** Nothing that this run of a node still does will ever happen: its calls hang, its answers are lost. */
  crash(runId: string): void {
    this.#crashed.add(runId);
    for (let index = this.#held.length - 1; index >= 0; index--) {
      if (this.#held[index]?.nodeId === runId) this.#held.splice(index, 1);
    }
  }

  isCrashed(runId: string): boolean {
    return this.#crashed.has(runId);
  }

  /** Waits for a turn. Never resolves for a run that has crashed. */
  async pass(step: PendingStep): Promise<void> {
    if (this.#crashed.has(step.nodeId)) return await new Promise<void>(() => undefined);
    if (!this.isHolding) return;
    await new Promise<void>((go) => {
      this.#held.push({ ...step, go });
    });
  }

  /** Lets the first step go that fits; false where none does. */
  async release(fits: (step: PendingStep) => boolean): Promise<boolean> {
    await turn();
    const index = this.#held.findIndex(fits);
    if (index === -1) return false;
    this.#held.splice(index, 1)[0]?.go();
    await turn();
    return true;
  }

  /** Lets one step go, any; false where none waits. */
  async step(): Promise<boolean> {
    await turn();
    if (this.#held.length === 0) return false;
    this.#held.splice(this.#random.below(this.#held.length), 1)[0]?.go();
    return true;
  }

  /** Goes on until nothing moves but by the clock. */
  async settle(): Promise<void> {
    while (await this.step());
  }
}

/** A port whose calls wait for their turn, both on the way there and on the way back. */
export function scheduled<T extends object>(port: T, nodeId: string, schedule: Schedule): T {
  return new Proxy(port, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return async (...given: readonly unknown[]): Promise<unknown> => {
        const label = String(name);
        await schedule.pass({ nodeId, label, phase: 'call' });
        const answer: unknown = await Reflect.apply(method, target, given);
        await schedule.pass({ nodeId, label, phase: 'answer' });
        return answer;
      };
    },
  });
}

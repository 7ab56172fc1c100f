/** Choices that a seed decides, so that a failing run can be had again. */
export interface Choices {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  pick<T>(items: readonly T[]): T;
  shuffled<T>(items: readonly T[]): T[];
}

const FIXED_SEEDS = [1, 2, 3, 4, 5] as const;

/** Runs the body under fixed seeds and one fresh one. An error names its seed; add that one to the fixed ones. */
export async function forSeeds(body: (choices: Choices) => Promise<void>): Promise<void> {
  const fresh = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  for (const seed of [...FIXED_SEEDS, fresh]) {
    try {
      await body(choicesFrom(seed));
    } catch (error) {
      throw new Error(`under seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
}

function choicesFrom(seed: number): Choices {
  const fraction = mulberry32(seed);
  const between = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1));
  return {
    fraction,
    between,
    pick<T>(items: readonly T[]): T {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    shuffled<T>(items: readonly T[]): T[] {
      return items
        .map((item) => ({ item, at: fraction() }))
        .sort((one, other) => one.at - other.at)
        .map(({ item }) => item);
    },
  };
}

/** A small generator with 32 bits of state, well known and good enough to choose test cases. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

import { runSeed, type SeedOutcome } from '../run-seed.ts';

/** What a process that lives through worlds says to the one that started it. */
export type WorkerWord =
  | { readonly kind: 'begins'; readonly seed: number }
  | { readonly kind: 'ended'; readonly outcome: SeedOutcome };

if (import.meta.main) {
  const [from = 0, step = 1, end = 0] = process.argv.slice(2).map(Number);
  const say = (word: WorkerWord): void => void process.send?.(word);
  for (let seed = from; seed < end; seed += step) {
    say({ kind: 'begins', seed });
    say({ kind: 'ended', outcome: await runSeed(seed) });
  }
  process.disconnect?.();
}

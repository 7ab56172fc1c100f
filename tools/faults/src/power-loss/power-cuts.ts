import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '@confab/testkit';
import { checkStore, type StoreBreach } from './check-store.ts';
import { Disk } from './disk.ts';
import { owedAt, type Record } from './record.ts';

/** The power goes before the operation at `at`; `seed` says what the disk happens to hold. */
export type PowerCut = { readonly at: number; readonly seed: number };

/** What was found wrong after a cut. */
export type BrokenCut = PowerCut & { readonly breaches: readonly StoreBreach[] };

const DATABASE = 'confab.sqlite';
/** Files that are gone with the process go into memory where that is a folder. */
const memory = '/dev/shm';
/** Stores that are looked at side by side, for what waits. */
const AT_ONCE = 2;
/** Every so many stores are opened exactly as a server does it, with a thread for the writer. */
const IN_TWO_THREADS_EVERY = 20;
const SEED_MAX = 2 ** 32;

/** `count` cuts by chance: one half about a sync - before it, while it is under way, after it -, the other anywhere. */
export function chooseCuts({ operations }: Record, count: number, random: SeededRandom): PowerCut[] {
  const syncs = operations.flatMap(({ kind }, at) =>
    kind === 'sync_begins' || kind === 'sync_ends' ? [at] : [],
  );
  const cuts = Array.from({ length: count }, (_, index) => {
    const at = index % 2 === 0 ? random.pick(syncs) + random.below(2) : random.below(operations.length + 1);
    return { at, seed: random.below(SEED_MAX) };
  });
  return cuts.toSorted((a, b) => a.at - b.at);
}

/** What the disk may hold after a cut. */
export function filesAfter(record: Record, { at, seed }: PowerCut): ReadonlyMap<string, Uint8Array> {
  const disk = new Disk(record.initial);
  for (const operation of record.operations.slice(0, at)) disk.apply(operation);
  return disk.afterPowerLoss(new SeededRandom(seed));
}

/** Looks at the store after each of these cuts, which are in the order of their places; tells those that are broken. */
export async function checkCuts(
  record: Record,
  cuts: readonly PowerCut[],
  brokenMax = Number.POSITIVE_INFINITY,
): Promise<readonly BrokenCut[]> {
  const folder = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), 'confab-power-'));
  const broken: BrokenCut[] = [];
  const disk = new Disk(record.initial);
  let at = 0;
  let next = 0;
  const lookOn = async (): Promise<void> => {
    for (let cut = cuts[next]; cut !== undefined && broken.length < brokenMax; cut = cuts[next]) {
      next += 1;
      const place = join(folder, String(next));
      const threads = next % IN_TWO_THREADS_EVERY === 0 ? 2 : 1;
      for (const operation of record.operations.slice(at, cut.at)) disk.apply(operation);
      at = cut.at;
      const files = disk.afterPowerLoss(new SeededRandom(cut.seed));
      await writeFiles(place, files);
      const breaches = await checkStore(join(place, DATABASE), owedAt(record, cut.at), threads);
      await rm(place, { recursive: true, force: true });
      if (breaches.length > 0) broken.push({ ...cut, breaches });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lookOn));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return broken;
}

export async function writeFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes, { mode: 0o600 });
}

import { join } from 'node:path';
import type { SeedOutcome } from '../run-seed.ts';
import { Tally } from '../world/tally.ts';
import type { WorkerWord } from './worker.ts';

/** A world that has not ended by then never will: something in it goes round in circles. */
const WORLD_MS_MAX = 120_000;
const WORKER = join(import.meta.dir, 'worker.ts');

export interface CampaignOptions {
  /** The first seed; the others follow it one by one. */
  readonly seed: number;
  /** How many worlds at most. */
  readonly worlds: number;
  /** How long at most, in milliseconds of real time. */
  readonly durationMs: number;
  /** Processes at work at once. */
  readonly jobs: number;
  /** Whether the first world in which something is wrong ends it. */
  readonly endsWithFirst: boolean;
  /** Told of each world that has ended. */
  readonly onWorld: (outcome: SeedOutcome, tally: Tally) => void;
}

/** What came of many worlds. */
export interface CampaignOutcome {
  readonly tally: Tally;
  /** Worlds in which something was wrong, by seed. */
  readonly failures: readonly SeedOutcome[];
  /** Processor time of all processes, in milliseconds. */
  readonly cpuMs: number;
}

/** Lives through worlds, seed after seed, in as many processes as there are jobs. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignOutcome> {
  const tally = new Tally();
  const failures: SeedOutcome[] = [];
  const take = (outcome: SeedOutcome): void => {
    tally.take(outcome.counts);
    if (outcome.wrong.length > 0) failures.push(outcome);
    options.onWorld(outcome, tally);
  };
  const endsAt = performance.now() + options.durationMs;
  const isOver = (): boolean => performance.now() >= endsAt || (options.endsWithFirst && failures.length > 0);
  const jobs = Array.from(
    { length: options.jobs },
    async (_, index) => await runJob(options, index, isOver, take),
  );
  const cpuMs = (await Promise.all(jobs)).reduce((sum, one) => sum + one, 0);
  return { tally, failures: failures.toSorted((one, other) => one.seed - other.seed), cpuMs };
}

/** One process after the other: a world that does not end takes its process with it, and the next one goes on behind it. */
async function runJob(
  { seed, worlds, jobs }: CampaignOptions,
  index: number,
  isOver: () => boolean,
  take: (outcome: SeedOutcome) => void,
): Promise<number> {
  const end = seed + worlds;
  let cpuMs = 0;
  for (let from = seed + index; from < end && !isOver();) {
    const lived = await runWorker({ from, step: jobs, end, isOver }, take);
    cpuMs += lived.cpuMs;
    from = lived.next;
  }
  return cpuMs;
}

interface Stretch {
  readonly from: number;
  readonly step: number;
  readonly end: number;
  readonly isOver: () => boolean;
}

async function runWorker(
  { from, step, end, isOver }: Stretch,
  take: (outcome: SeedOutcome) => void,
): Promise<{ readonly next: number; readonly cpuMs: number }> {
  let current = from;
  let next = end;
  let hasTimedOut = false;
  const worker = Bun.spawn([process.execPath, WORKER, String(from), String(step), String(end)], {
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    serialization: 'json',
    ipc(word: WorkerWord) {
      clearTimeout(watch);
      watch = setTimeout(giveUp, WORLD_MS_MAX);
      if (word.kind === 'begins') {
        current = word.seed;
        return;
      }
      take(word.outcome);
      if (!isOver()) return;
      next = end;
      hasTimedOut = true;
      worker.kill();
    },
  });
  const giveUp = (): void => {
    hasTimedOut = true;
    next = current + step;
    take(failed(current, 'the world does not end'));
    worker.kill();
  };
  let watch = setTimeout(giveUp, WORLD_MS_MAX);
  const code = await worker.exited;
  clearTimeout(watch);
  if (code !== 0 && !hasTimedOut) {
    next = current + step;
    take(failed(current, `its process ended with ${code}`));
  }
  const cpuMs = Number(worker.resourceUsage()?.cpuTime.total ?? 0n) / 1_000;
  return { next, cpuMs };
}

function failed(seed: number, what: string): SeedOutcome {
  return { seed, wrong: [what], hash: 0, steps: 0, counts: { worlds: 1 } };
}

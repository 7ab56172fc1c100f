import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures were measured on. */
export type Machine = {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly bun: string;
  /** The load average of the last minute when the bench began. */
  readonly loadAtStart: number;
  /** Sockets and files that one process may have open. */
  readonly openFilesMax: number;
};

/** A busier machine than this measures its other work. */
const IDLE_LOAD_MAX = 0.3;

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    bun: Bun.version,
    loadAtStart: loadavg()[0] ?? 0,
    openFilesMax: openFilesMax(),
  };
}

/** Says what is wrong with measuring here and now; null where nothing is. */
export function warningOf({ loadAtStart, cores }: Machine): string | null {
  if (loadAtStart > IDLE_LOAD_MAX)
    return `This machine is not idle (load ${loadAtStart.toFixed(2)}): figures are worth little.`;
  return cores < 2 ? 'Server and generator share one core: rates are those of both together.' : null;
}

function openFilesMax(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return Number(line?.[1] ?? 0);
}

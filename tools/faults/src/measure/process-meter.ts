import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** Processor time that processes have used so far, in microseconds; read from /proc, so only where there is one. */
export function processorUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processorUsOf(pid), 0);
}

function processorUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000_000;
}

/** Resident memory of processes, in bytes. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + residentBytesOf(pid), 0);
}

function residentBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

export type Rates = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

/** Rate and latencies of what was done in `tookMs`. */
export function ratesOf(latenciesMs: Float64Array, tookMs: number): Rates {
  const sorted = latenciesMs.toSorted();
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return { perSecond: (sorted.length / tookMs) * 1000, p50Ms: at(0.5), p99Ms: at(0.99) };
}

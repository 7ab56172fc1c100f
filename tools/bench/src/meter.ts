import { readFileSync } from 'node:fs';
import type { MemorySample } from './row.ts';

const TICKS_PER_SECOND = 100;
const SAMPLE_EVERY_MS = 250;

/** What some processes used while a meter ran. */
export type Usage = {
  readonly seconds: number;
  /** Of all of them together, in microseconds. */
  readonly processorUs: number;
  /** Processors that they kept busy. */
  readonly cores: number;
  readonly memory: readonly MemorySample[];
};

/** Measures processor time and memory of processes from now on, as /proc tells them. `using` ends it. */
export class Meter implements Disposable {
  readonly #pids: readonly number[];
  readonly #memory: MemorySample[] = [];
  readonly #usedBeforeUs: number;
  readonly #fromMs = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.#usedBeforeUs = processorUs(pids);
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS);
  }

  /** So far. */
  read(): Usage {
    const seconds = (performance.now() - this.#fromMs) / 1_000;
    const used = processorUs(this.#pids) - this.#usedBeforeUs;
    return { seconds, processorUs: used, cores: used / 1e6 / seconds, memory: [...this.#memory] };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const atSeconds = (performance.now() - this.#fromMs) / 1_000;
    this.#memory.push({ atSeconds, residentBytes: residentBytes(this.#pids) });
  }
}

/** Processor time that processes have used so far, all their threads and both kernel and user, in microseconds. */
function processorUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processorUsOf(pid), 0);
}

/** Resident memory of processes, in bytes. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + kilobytesIn(`/proc/${pid}/status`, 'VmRSS') * 1_024, 0);
}

/** Resident memory, with pages that several processes share counted in parts, in bytes. Costs the process a moment. */
export function proportionalBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + kilobytesIn(`/proc/${pid}/smaps_rollup`, 'Pss') * 1_024, 0);
}

/** Memory of the kernel's own objects (sockets, files) on the whole machine, in bytes. */
export function kernelSlabBytes(): number {
  return kilobytesIn('/proc/meminfo', 'Slab') * 1_024;
}

/** In steps of 10 ms. Zero for a process that has ended. */
function processorUsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000_000;
  } catch {
    return 0;
  }
}

function kilobytesIn(file: string, name: string): number {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
    return Number(found?.[1] ?? 0);
  } catch {
    return 0;
  }
}

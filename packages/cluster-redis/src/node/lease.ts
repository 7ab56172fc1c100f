/**
 * What a node says of itself for as long as it renews it.
 *
 * A run is the boot id and a number that rises each time the node registers anew: rows of an earlier run of the same
 * process are as outdated as those of another process.
 */
export interface Lease {
  readonly run: string;
  /** The epoch of the registry in which all rows of the run are written; null: some may be missing. */
  readonly epoch: string | null;
  readonly isRetired: boolean;
}

const NO_EPOCH = '-';

export function runOf(bootId: string, number: number): string {
  return `${bootId}~${number}`;
}

export function bootIdOf(run: string): string {
  return run.slice(0, run.lastIndexOf('~'));
}

export function formatLease({ run, epoch, isRetired }: Lease): string {
  return `${run} ${epoch ?? NO_EPOCH} ${isRetired ? 'retired' : 'owner'}`;
}

/** Null where the text is none: the lease of a newer version, say. */
export function parseLease(text: string): Lease | null {
  const [run, epoch, part, ...more] = text.split(' ');
  if (run === undefined || epoch === undefined || more.length > 0 || !run.includes('~')) return null;
  if (part !== 'owner' && part !== 'retired') return null;
  return { run, epoch: epoch === NO_EPOCH ? null : epoch, isRetired: part === 'retired' };
}

/** The registry as it is until Redis is another one or loses its keys. */
export function epochOf(redisRunId: string, generation: string): string {
  return `${redisRunId}:${generation}`;
}

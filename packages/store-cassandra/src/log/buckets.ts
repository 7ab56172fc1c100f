import { EVENTS_PER_COMMIT_MAX } from '@confab/contracts';

/** Sequences in one partition of the log. A constant of the schema: another number would not find what is stored. */
export const BUCKET_EVENTS = 1_000;

/** Which bucket a sequence stands in, and where buckets end. */
export class Buckets {
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  of(sequence: number): number {
    return Math.floor((sequence - 1) / this.size);
  }

  lastSequence(bucket: number): number {
    return (bucket + 1) * this.size;
  }

  isFull(bucket: number, lastSequence: number): boolean {
    return lastSequence === this.lastSequence(bucket);
  }

  /** Events that fit behind a head without crossing into another bucket. */
  room(head: number): number {
    return Math.min(EVENTS_PER_COMMIT_MAX, this.size - (head % this.size));
  }
}

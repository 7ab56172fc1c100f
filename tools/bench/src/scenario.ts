import type { Bench } from './bench.ts';
import type { Row } from './row.ts';

/**
 * One thing that is measured, as `npm run bench -- NAME`. What it says in words goes into docs/performance.md as it stands.
 */
export type Scenario = {
  /** As it is asked for: `durable-1-to-1`. */
  readonly name: string;
  /** As it is headed: `Durable messages between two, closed loop`. */
  readonly title: string;
  /** What is done, exactly enough to be done again by somebody else. */
  readonly what: string;
  /** What is to be reached, and what would be better still. */
  readonly goals: readonly Goal[];
  /** What limits it: measured, with the figures that show it. */
  readonly limits: string;
  /** `fleet`: Redis and Cassandra; without them it is left out with a line that says how to get them. */
  readonly needs: 'nothing' | 'fleet';
  /** Whether `all` means it too; false for what takes too long. */
  readonly isInAll: boolean;
  readonly run: (bench: Bench) => Promise<readonly Row[]>;
};

/** A figure of Confab's row that is to be at least or at most so much. */
export type Goal = {
  /** `what` of the row. */
  readonly row: string;
  /** `name` of the figure. */
  readonly figure: string;
  readonly is: 'at least' | 'at most';
  readonly bar: number;
  readonly stretch: number;
};

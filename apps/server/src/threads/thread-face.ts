import type { ThreadPlace } from '../compose.ts';
import type { Environment } from '../config.ts';
import type { MetricValues, PrintedMetrics } from '../metrics.ts';

/** What the process asks of one of its serving threads. What it rejects with has lost all but its message. */
export interface ThreadFace {
  /** Puts the server of this thread together; once, and before anything else. */
  compose(task: ThreadTask): Promise<void>;
  /** Opens the port. */
  start(): Promise<void>;
  drain(): Promise<void>;
  stop(): Promise<void>;
  /** What it counted. */
  metrics(): Promise<MetricValues>;
}

/** What a serving thread is given: all of it can be handed between threads. */
export interface ThreadTask {
  readonly environment: Environment;
  readonly place: ThreadPlace;
  readonly port: number;
  /** To the process: `ProcessFace`. */
  readonly process: MessagePort;
}

/** What a serving thread asks of the process. */
export interface ProcessFace {
  /** The metrics of all threads. */
  printMetrics(): Promise<PrintedMetrics>;
  /** Nobody knows what this thread would do next: the process must end. */
  fatal(message: string): void;
}

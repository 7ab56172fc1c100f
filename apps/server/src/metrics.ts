import { type Aggregator, AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Numbers that are read when somebody asks, from whoever has them. */
export interface Readings {
  readonly connections: () => Readonly<Record<string, number>>;
  readonly outboundBytes: () => number;
  /** Nodes of the fleet that this one takes for alive, itself included. */
  readonly nodes: () => number;
}

/** How a gauge is read, and how those of several threads become one. */
interface GaugeReading<L extends string> {
  readonly read: (gauge: Gauge<L>) => void;
  readonly aggregator?: Aggregator;
}

/** For a process that nobody reads numbers from. */
export const NO_READINGS: Readings = { connections: () => ({}), outboundBytes: () => 0, nodes: () => 0 };

/** As an answer of `/metrics`. */
export interface PrintedMetrics {
  readonly text: string;
  readonly contentType: string;
}

/** The values of one thread; they can be handed between threads. */
export type MetricValues = object;

/** What several threads of one process counted, as if one had. */
export async function printTogether(ofThreads: readonly MetricValues[]): Promise<PrintedMetrics> {
  const registry = AggregatorRegistry.aggregate([...ofThreads]);
  return { text: await registry.metrics(), contentType: registry.contentType };
}

/** Seconds; from an fsync on a fast disk to a store in trouble. */
const COMMIT_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const READY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LAG_EVERY_MS = 500;

/** All metrics of the server. No label holds an id: who may read metrics need not know who talks to whom. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #stopLag: () => void;
  #lagMsMax = 0;

  readonly eventsCommitted = this.#counter(
    'confab_events_committed_total',
    'Durable events: messages and changes.',
  );
  readonly commitSeconds = this.#histogram(
    'confab_commit_duration_seconds',
    'From a request to its durable event.',
    COMMIT_BUCKETS,
  );
  readonly commitsRefused = this.#counter(
    'confab_commits_refused_total',
    'Commits that the store did not take.',
  );
  readonly deliveries = this.#counter(
    'confab_deliveries_total',
    'Events handed to connections of this node.',
  );
  readonly lossesRepaired = this.#counter(
    'confab_losses_repaired_total',
    'Conversations whose events did not reach this node in time and were told of.',
  );
  readonly refusals = this.#counter('confab_requests_refused_total', 'Refused requests by verb and code.', [
    'verb',
    'code',
  ]);
  readonly opened = this.#counter('confab_connections_opened_total', 'Connections by transport.', [
    'transport',
  ]);
  readonly closed = this.#counter('confab_connections_closed_total', 'Ended connections by close code.', [
    'transport',
    'code',
  ]);
  readonly resumes = this.#counter('confab_resumes_total', 'Connections that were caught up.');
  readonly resumeSeconds = this.#histogram(
    'confab_resume_duration_seconds',
    'From a token to caught up.',
    READY_BUCKETS,
  );
  readonly replayed = this.#counter(
    'confab_events_replayed_total',
    'Events that resuming connections had missed.',
  );
  readonly workFailures = this.#counter(
    'confab_work_failures_total',
    'Work after a commit that failed and is tried again.',
    ['kind'],
  );
  readonly faults = this.#counter('confab_faults_total', 'Faults of ours; each is in the log.');

  constructor(readings: Readings) {
    this.#stopLag = this.#watchLag();
    this.#gauge('confab_connections', 'Connections by state.', ['state'], {
      read: (gauge) => {
        for (const [state, count] of Object.entries(readings.connections())) gauge.set({ state }, count);
      },
    });
    this.#gauge('confab_outbound_bytes', 'Bytes that wait for slow readers.', [], {
      read: (gauge) => gauge.set(readings.outboundBytes()),
    });
    this.#gauge('confab_nodes', 'Nodes of the fleet that this one sees alive.', [], {
      read: (gauge) => gauge.set(readings.nodes()),
      aggregator: 'first',
    });
    const lag = 'The longest delay of the event loop since the last look.';
    this.#gauge('confab_event_loop_lag_seconds', lag, [], {
      read: (gauge) => {
        gauge.set(this.#lagMsMax / 1000);
        this.#lagMsMax = 0;
      },
      aggregator: 'max',
    });
    this.#addProcessMetrics();
  }

  async print(): Promise<PrintedMetrics> {
    return { text: await this.#registry.metrics(), contentType: this.#registry.contentType };
  }

  /** The same as plain values, to be put together with those of other threads. */
  async values(): Promise<MetricValues> {
    return await this.#registry.getMetricsAsJSON();
  }

  stop(): void {
    this.#stopLag();
  }

  #addProcessMetrics(): void {
    const startedAt = Date.now() / 1000 - process.uptime();
    this.#ofProcess('process_resident_memory_bytes', 'Memory of the process.', () =>
      process.memoryUsage.rss(),
    );
    this.#gauge('process_heap_bytes', 'Memory in use by JavaScript.', [], {
      read: (gauge) => gauge.set(process.memoryUsage().heapUsed),
    });
    this.#ofProcess('process_cpu_seconds_total', 'Processor time.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    this.#ofProcess('process_start_time_seconds', 'When the process began.', () => startedAt);
  }

  /** Every thread reads the same. */
  #ofProcess(name: string, help: string, read: () => number): void {
    this.#gauge(name, help, [], { read: (gauge) => gauge.set(read()), aggregator: 'first' });
  }

  #watchLag(): () => void {
    let dueAt = performance.now() + LAG_EVERY_MS;
    const timer = setInterval(() => {
      const now = performance.now();
      this.#lagMsMax = Math.max(this.#lagMsMax, now - dueAt);
      dueAt = now + LAG_EVERY_MS;
    }, LAG_EVERY_MS);
    // Looking at the clock is no reason to stay alive.
    timer.unref();
    return () => clearInterval(timer);
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.#registry] });
  }

  #gauge<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    { read, aggregator = 'sum' }: GaugeReading<L>,
  ): void {
    const gauge: Gauge<L> = new Gauge({
      aggregator,
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect: () => read(gauge),
    });
  }
}

import { readFileSync } from 'node:fs';
import type { LocalProcess } from '@confab/services';
import type { Cluster } from './cluster.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { readMetrics } from './metrics-text.ts';

/** One process of the cluster, as the status page shows it. What is not known, or has no meaning for it, is null. */
export type ProcessStatus = {
  readonly name: string;
  readonly role: 'node' | 'balancer' | 'redis' | 'cassandra';
  readonly state: 'up' | 'paused' | 'down';
  readonly pid: number | null;
  readonly address: string;
  readonly uptimeSeconds: number | null;
  readonly memoryBytes: number | null;
  /** Whether a node takes traffic. */
  readonly ready: boolean | null;
  readonly connections: number | null;
  /** Since the last look. */
  readonly eventsPerSecond: number | null;
};

/** The whole cluster at one moment. */
export type ClusterStatus = {
  readonly address: string;
  readonly logFolder: string;
  /** RFC 3339, UTC. */
  readonly takenAt: string;
  readonly processes: readonly ProcessStatus[];
};

/** Looks of several pages within this time are one look. */
const FRESH_MS = 500;
const METRICS_MS_MAX = 1_000;
const KIB = 1_024;

type Look = { readonly atMs: number; readonly events: number };

/** Looks at all processes of a cluster when somebody asks. */
export class StatusReader {
  readonly #cluster: Cluster;
  readonly #looks = new Map<GatewayProcess, Look>();
  #latest: { readonly atMs: number; readonly status: Promise<ClusterStatus> } | null = null;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** What holds now, or did up to half a second ago. Never fails: what does not answer is shown so. */
  read(): Promise<ClusterStatus> {
    const atMs = performance.now();
    if (this.#latest === null || atMs - this.#latest.atMs > FRESH_MS)
      this.#latest = { atMs, status: this.#look() };
    return this.#latest.status;
  }

  async #look(): Promise<ClusterStatus> {
    const { baseUrl, logFolder, nodes, balancer, redis, cassandra } = this.#cluster;
    const others = [
      ...(balancer === null ? [] : [statusOf(balancer.process, 'balancer', balancer.url)]),
      statusOf(redis.process, 'redis', redis.url),
      ...(cassandra?.processes ?? []).map((process, index) => ({
        ...statusOf(process, 'cassandra', cassandra?.contactPoints[index] ?? ''),
        name: `Cassandra ${index + 1}`,
      })),
    ];
    return {
      address: baseUrl,
      logFolder,
      takenAt: new Date().toISOString(),
      processes: [...(await Promise.all(nodes.map((node) => this.#lookAt(node)))), ...others],
    };
  }

  async #lookAt(node: GatewayProcess): Promise<ProcessStatus> {
    const status = statusOf(node.process, 'node', node.url);
    const [ready, metrics] = await Promise.all([
      node.process.state === 'up' ? node.isReady() : false,
      node.process.state === 'up' ? metricsOf(node.url) : null,
    ]);
    const events = metrics?.get('confab_events_committed_total') ?? null;
    const before = this.#looks.get(node);
    const atMs = performance.now();
    if (events === null) this.#looks.delete(node);
    else this.#looks.set(node, { atMs, events });
    return {
      ...status,
      name: node.nodeId,
      ready,
      connections: metrics?.get('confab_connections') ?? null,
      eventsPerSecond: events === null || before === undefined ? null : rateOf(before, { atMs, events }),
    };
  }
}

/** A node that was started anew counts from nothing. */
function rateOf(before: Look, after: Look): number {
  const seconds = (after.atMs - before.atMs) / 1_000;
  return Math.max(0, after.events - before.events) / seconds;
}

async function metricsOf(url: string): Promise<ReadonlyMap<string, number> | null> {
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(METRICS_MS_MAX) });
    return answer.ok ? readMetrics(await answer.text()) : null;
  } catch {
    return null;
  }
}

function statusOf(process: LocalProcess, role: ProcessStatus['role'], address: string): ProcessStatus {
  const { name, state, pid, startedAt } = process;
  return {
    name: name.replace(/ at .*/, ''),
    role,
    state,
    pid,
    address,
    uptimeSeconds: startedAt === null ? null : Math.round((Date.now() - startedAt) / 1_000),
    memoryBytes: pid === null ? null : residentBytes(pid),
    ready: null,
    connections: null,
    eventsPerSecond: null,
  };
}

/** Memory of a process; null where the system has no /proc. */
function residentBytes(pid: number): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) * KIB;
  } catch {
    return null;
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, DEFAULT_CLUSTER, startCluster } from '@confab/cluster';
import { SERVER_SETTINGS } from './server-settings.ts';
import type { Target } from './target.ts';

const KEYSPACE = 'confab_bench';

/** Confab as a fleet, over a Redis and one node of Cassandra that syncs every write. `await using` stops all of it. */
export class Fleet implements Target, AsyncDisposable {
  readonly subject = 'confab';
  readonly speaks = 'log';
  readonly #cluster: Cluster;
  readonly #folder: string;

  private constructor(cluster: Cluster, folder: string) {
    this.#cluster = cluster;
    this.#folder = folder;
  }

  static async start(nodes: number, onProgress: (text: string) => void): Promise<Fleet> {
    const folder = await mkdtemp(join(tmpdir(), 'confab-bench-fleet-'));
    const cluster = await startCluster({
      ...DEFAULT_CLUSTER,
      folder,
      nodes,
      keyspace: KEYSPACE,
      hasBalancer: false,
      settings: SERVER_SETTINGS,
      onProgress,
    });
    return new Fleet(cluster, folder);
  }

  get urls(): readonly string[] {
    return this.#cluster.nodes.map(({ url }) => url);
  }

  get pids(): readonly number[] {
    return this.#cluster.nodes.flatMap(({ pid }) => pid ?? []);
  }

  get storePids(): readonly number[] {
    return (this.#cluster.cassandra?.pids ?? []).filter((pid) => pid !== null);
  }

  /** `host:port` of the Cassandra. */
  get cassandraAddress(): string {
    return this.#cluster.cassandra?.contactPoints[0] ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

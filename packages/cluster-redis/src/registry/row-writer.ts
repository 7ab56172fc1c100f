import type { NodeRecord } from '@confab/contracts';
import type { ClusterFault } from '../cluster-fault.ts';
import type { CommandBatch } from '../connection/command-batch.ts';
import type { Keys } from '../connection/keys.ts';
import type { RedisPath } from '../connection/redis-path.ts';
import type { RedisDirectory } from '../node/redis-directory.ts';
import type { Environment } from '../environment.ts';
import type { ClusterSettings } from '../settings.ts';
import type { LocalRows } from './local-rows.ts';
import { formatRow } from './row.ts';

export interface RowWriterOptions {
  readonly node: NodeRecord;
  readonly environment: Environment;
  readonly rows: LocalRows;
  readonly path: RedisPath;
  readonly batch: CommandBatch;
  readonly directory: RedisDirectory;
  readonly keys: Keys;
  readonly settings: ClusterSettings;
  /** All rows stand in Redis again after some were missing. */
  readonly onRebuilt: () => void;
  readonly onFault: (fault: ClusterFault) => void;
}

/**
 * Writes all rows of this node again where Redis may miss some, then says in the lease that they are complete. In
 * chunks and not at the same moment as every other node: they all notice at once.
 */
export class RowWriter {
  readonly #options: RowWriterOptions;
  #isClosed = false;
  #cancelRest: () => void = () => undefined;
  #isWriting = false;
  /** How often a row could not be written; what was begun before the last time is not complete. */
  #misses = 0;
  #writtenAtMs: number;
  #failedAtMs = -Infinity;
  #evictionToldAtMs = -Infinity;
  #toldFault = '';

  constructor(options: RowWriterOptions) {
    this.#options = options;
    this.#writtenAtMs = options.environment.nowMs();
  }

  /** A row could not be written: until all are written again, every user may be here. */
  missed(): void {
    this.#misses += 1;
    this.#options.directory.own.register(null);
  }

  /** Begins where rows are missing, or are due to be refreshed before they are forgotten. */
  look(nowMs: number): void {
    const { path, directory, rows, settings } = this.#options;
    const { own, current } = directory;
    if (this.#isWriting || this.#isClosed) return;
    if (!path.isUp || current === null || own.state !== 'held') return;
    if (current.evictionPolicy !== null) {
      this.#standEviction(current.evictionPolicy, nowMs);
      return;
    }
    // A Redis that answers and refuses (its memory is full, say) is not asked without end.
    if (nowMs - this.#failedAtMs < settings.pollEveryMs) return;
    const isMissing = own.lease.epoch !== current.epoch;
    if (!isMissing && nowMs - this.#writtenAtMs < settings.refreshEveryMs) return;
    if (rows.isEmpty) {
      this.#writtenAtMs = nowMs;
      own.register(current.epoch);
      return;
    }
    this.#isWriting = true;
    void this.#writeAll(current.epoch).finally(() => {
      this.#isWriting = false;
    });
  }

  /** Rows go without a trace: they never count as complete, so that this node gets everything [REG4]. */
  #standEviction(policy: string, nowMs: number): void {
    const { directory, settings, onFault } = this.#options;
    directory.own.register(null);
    if (nowMs - this.#evictionToldAtMs < settings.evictionFaultEveryMs) return;
    this.#evictionToldAtMs = nowMs;
    const error = new Error(
      `Redis may evict keys (maxmemory-policy ${policy}): until it is noeviction, every node gets what is for any.`,
    );
    onFault({ where: 'cluster-redis/registry', error });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRest();
  }

  async #writeAll(epoch: string): Promise<void> {
    const { environment, path, directory, settings, onRebuilt, onFault } = this.#options;
    const { own } = directory;
    const { run } = own;
    const wasComplete = own.lease.epoch === epoch;
    const misses = this.#misses;
    const isOutdated = (): boolean =>
      directory.current?.epoch !== epoch ||
      directory.current.evictionPolicy !== null ||
      own.run !== run ||
      own.state !== 'held' ||
      this.#misses !== misses;
    try {
      await this.#rest(environment.fraction() * settings.rebuildSpreadMs);
      for (const chunk of chunksOf(this.#hashes(), settings.rowsPerChunk)) {
        if (isOutdated()) return;
        await this.#writeChunk(chunk, run);
        await this.#rest(settings.chunkPauseMs);
      }
      if (isOutdated()) return;
      this.#writtenAtMs = environment.nowMs();
      this.#toldFault = '';
      own.register(epoch);
      await directory.refresh();
      if (!wasComplete) onRebuilt();
    } catch (error) {
      if (this.#isClosed) return;
      this.#failedAtMs = environment.nowMs();
      // That Redis is away is told as a fault of the connection.
      if (!path.isUp || String(error) === this.#toldFault) return;
      this.#toldFault = String(error);
      onFault({ where: 'cluster-redis/registry', error });
    }
  }

  *#hashes(): Generator<readonly [hash: string, field: string]> {
    const { rows, keys, node } = this.#options;
    for (const [userId, connectionId] of rows.sessions()) yield [keys.user(userId), connectionId];
    for (const conversationId of rows.followed()) yield [keys.followers(conversationId), node.nodeId];
  }

  async #writeChunk(chunk: readonly (readonly [string, string])[], run: string): Promise<void> {
    const { batch, settings, node } = this.#options;
    const row = formatRow(node.nodeId, run);
    await batch.add((commands) => {
      for (const [hash, field] of chunk) {
        commands.hset(hash, field, row);
        commands.expire(hash, settings.rowSeconds);
      }
    });
  }

  /** Never resolves where it is closed meanwhile. */
  async #rest(restMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#cancelRest = this.#options.environment.after(restMs, resolve);
    await promise;
  }
}

function* chunksOf<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

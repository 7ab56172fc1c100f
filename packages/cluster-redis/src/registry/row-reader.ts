import type { NodeRecord } from '@confab/contracts';
import type { CommandBatch } from '../connection/command-batch.ts';
import type { Keys } from '../connection/keys.ts';
import type { RedisPath } from '../connection/redis-path.ts';
import type { ClusterView } from '../node/cluster-view.ts';
import { epochOf } from '../node/lease.ts';
import type { RedisDirectory } from '../node/redis-directory.ts';
import type { ClusterSettings } from '../settings.ts';
import { parseRow } from './row.ts';

/** The leases may change while rows are read; then both are read again, but not for ever. */
const TRIES_MAX = 3;

export interface RowReaderOptions {
  readonly node: NodeRecord;
  readonly path: RedisPath;
  readonly batch: CommandBatch;
  readonly directory: RedisDirectory;
  readonly keys: Keys;
  readonly settings: ClusterSettings;
}

/** Rows as they stood at one moment, and whose may be missing from them. */
export interface RowsRead {
  /** The other nodes with a row in the hash asked for at this place. */
  nodesOf(at: number): Iterable<string>;
  /** The other nodes whose rows may be missing [REG4]. */
  readonly incomplete: readonly string[];
}

interface Raw {
  /** The rows of each hash, one a line. */
  readonly hashes: readonly string[];
  readonly generation: string;
  readonly changes: string;
}

/**
 * Reads rows together with what says whether they are complete. The generation is read after the rows, so that a loss
 * before or between shows; the count of changes is compared with the one of the leases known here, so that rows and
 * leases are of the same moment.
 */
export class RowReader {
  readonly #options: RowReaderOptions;

  constructor(options: RowReaderOptions) {
    this.#options = options;
  }

  /** Null where Redis cannot be asked: then anybody's rows may be missing. */
  async read(hashKeys: readonly string[]): Promise<RowsRead | null> {
    const { directory, path } = this.#options;
    for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
      const view = directory.current;
      if (view === null || !path.isUp) return null;
      let raw: Raw;
      try {
        raw = await this.#ask(hashKeys);
      } catch {
        // Told as the fault of the connection.
        return null;
      }
      const isSameRegistry = view.epoch === epochOf(view.redisRunId, raw.generation);
      if (isSameRegistry && raw.changes === view.changes) return this.#compare(raw, hashKeys, view);
      await directory.refresh();
    }
    return null;
  }

  /** Chunk by chunk, so that Redis does not stand still for long; what the last says of the leases holds for all. */
  async #ask(hashKeys: readonly string[]): Promise<Raw> {
    const { batch, keys, settings } = this.#options;
    const answers = await batch.add((commands) => {
      for (let at = 0; at < hashKeys.length; at += settings.rowsPerChunk) {
        const asked = [keys.generation, keys.changes, ...hashKeys.slice(at, at + settings.rowsPerChunk)];
        commands.confabRows(asked.length, ...asked);
      }
    });
    const hashes: string[] = [];
    let [generation, changes] = ['', ''];
    for (const [generationThen = '', changesThen = '', ...texts] of answers as string[][]) {
      hashes.push(...texts);
      [generation, changes] = [generationThen, changesThen];
    }
    return { hashes, generation, changes };
  }

  #compare(raw: Raw, hashKeys: readonly string[], view: ClusterView): RowsRead {
    const { nodeId: ownId } = this.#options.node;
    const incomplete: string[] = [];
    for (const [nodeId, { epoch }] of view.nodes)
      if (nodeId !== ownId && epoch !== view.epoch) incomplete.push(nodeId);
    const nodesOf = (at: number): Set<string> => {
      const nodes = new Set<string>();
      const outdated = new Set<string>();
      const texts = raw.hashes[at];
      if (texts === undefined || texts === '') return nodes;
      for (const text of texts.split('\n')) {
        const { nodeId, run } = parseRow(text);
        if (view.nodes.get(nodeId)?.run === run) nodes.add(nodeId);
        else outdated.add(text);
      }
      for (const text of outdated) this.#forget(hashKeys[at] ?? '', text);
      nodes.delete(ownId);
      return nodes;
    };
    return { nodesOf, incomplete };
  }

  /** What a dead run left behind goes when it is met. */
  #forget(hashKey: string, text: string): void {
    const { batch, keys } = this.#options;
    const { nodeId, run } = parseRow(text);
    batch
      .add((commands) => commands.confabForget(hashKey, keys.lease(nodeId), text, run))
      .catch(() => undefined);
  }
}

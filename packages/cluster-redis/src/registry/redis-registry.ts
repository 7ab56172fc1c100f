import type { FollowerRecord, NodeRecord, SessionRecord, SessionRegistry } from '@confab/contracts';
import type { CommandBatch } from '../connection/command-batch.ts';
import type { Keys } from '../connection/keys.ts';
import type { RedisPath } from '../connection/redis-path.ts';
import type { RedisDirectory } from '../node/redis-directory.ts';
import type { ClusterSettings } from '../settings.ts';
import type { LocalRows } from './local-rows.ts';
import { formatRow } from './row.ts';
import { RowReader } from './row-reader.ts';
import type { RowWriter } from './row-writer.ts';

export interface RegistryOptions {
  readonly node: NodeRecord;
  readonly rows: LocalRows;
  readonly writer: RowWriter;
  readonly path: RedisPath;
  readonly batch: CommandBatch;
  readonly directory: RedisDirectory;
  readonly keys: Keys;
  readonly settings: ClusterSettings;
}

/**
 * Who is where. What this node holds is known here, and in Redis for the others; so a call never fails for want of
 * Redis: what could not be written is written once it is back, and while it cannot be read every node may hold anybody.
 */
export class RedisRegistry implements SessionRegistry {
  readonly #options: RegistryOptions;
  readonly #reader: RowReader;
  /** Rows to remove that Redis could not be told of: hash and field. */
  readonly #unreleased = new Map<string, readonly [hash: string, field: string]>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#reader = new RowReader(options);
  }

  async claim(session: SessionRecord): Promise<void> {
    this.#assertOwn(session);
    this.#options.rows.add(session.userId, session.connectionId);
    await this.#write(this.#options.keys.user(session.userId), session.connectionId);
  }

  async release(session: SessionRecord): Promise<void> {
    this.#assertOwn(session);
    this.#options.rows.remove(session.userId, session.connectionId);
    await this.#remove(this.#options.keys.user(session.userId), session.connectionId);
  }

  async follow(follower: FollowerRecord): Promise<void> {
    this.#assertOwn(follower);
    this.#options.rows.follow(follower.conversationId);
    await this.#write(this.#options.keys.followers(follower.conversationId), follower.nodeId);
  }

  async unfollow(follower: FollowerRecord): Promise<void> {
    this.#assertOwn(follower);
    this.#options.rows.unfollow(follower.conversationId);
    await this.#remove(this.#options.keys.followers(follower.conversationId), follower.nodeId);
  }

  async locate(userIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const { node, rows, keys, directory } = this.#options;
    const found = new Map<string, readonly string[]>();
    if (userIds.length === 0) return found;
    const read = await this.#reader.read(userIds.map((userId) => keys.user(userId)));
    const here = this.#isGiven ? userIds.filter((userId) => rows.has(userId)) : [];
    if (here.length > 0) found.set(node.nodeId, here);
    if (read === null) {
      for (const nodeId of directory.others) found.set(nodeId, userIds);
      return found;
    }
    const located = new Map<string, string[]>();
    for (const [at, userId] of userIds.entries()) {
      for (const nodeId of read.nodesOf(at)) {
        const users = located.get(nodeId);
        if (users === undefined) located.set(nodeId, [userId]);
        else users.push(userId);
      }
    }
    for (const [nodeId, users] of located) found.set(nodeId, users);
    for (const nodeId of read.incomplete) found.set(nodeId, userIds);
    return found;
  }

  async followers(conversationId: string): Promise<readonly string[]> {
    const { node, rows, keys, directory } = this.#options;
    const read = await this.#reader.read([keys.followers(conversationId)]);
    const found = new Set(read === null ? directory.others : [...read.nodesOf(0), ...read.incomplete]);
    if (this.#isGiven && rows.follows(conversationId)) found.add(node.nodeId);
    return [...found].sort();
  }

  /** Tells Redis of the rows that are to go, once it can be told. */
  async releaseMissed(): Promise<void> {
    const missed = [...this.#unreleased.values()];
    this.#unreleased.clear();
    await Promise.all(missed.map(([hash, field]) => this.#remove(hash, field)));
  }

  /** Sessions of this process are given, unless it never joined, left, or another process has its place [REG3]. */
  get #isGiven(): boolean {
    const { state } = this.#options.directory.own;
    return state === 'held' || state === 'wanted';
  }

  /** Where it has no lease yet, all rows are written once it has. */
  async #write(hash: string, field: string): Promise<void> {
    const { path, batch, directory, settings, writer, node } = this.#options;
    this.#unreleased.delete(`${hash} ${field}`);
    if (directory.own.state !== 'held') return;
    try {
      if (!path.isUp) throw new Error('Redis is away.');
      const row = formatRow(node.nodeId, directory.own.run);
      await batch.add((commands) => {
        commands.hset(hash, field, row);
        commands.expire(hash, settings.rowSeconds);
      });
    } catch {
      // Told as the fault of the connection. The others hear that rows are missing, and get them.
      writer.missed();
    }
  }

  async #remove(hash: string, field: string): Promise<void> {
    const { path, batch, directory, settings, node } = this.#options;
    if (directory.own.state !== 'held') return;
    try {
      if (!path.isUp) throw new Error('Redis is away.');
      const row = formatRow(node.nodeId, directory.own.run);
      await batch.add((commands) => commands.confabRelease(hash, field, row));
    } catch {
      this.#unreleased.set(`${hash} ${field}`, [hash, field]);
      if (this.#unreleased.size <= settings.unreleasedMax) return;
      this.#unreleased.clear();
      directory.own.lapse();
    }
  }

  #assertOwn({ nodeId, bootId }: NodeRecord): void {
    const { node } = this.#options;
    if (nodeId !== node.nodeId || bootId !== node.bootId) {
      throw new Error(`This is the registry of node ${node.nodeId}, run ${node.bootId}.`);
    }
  }
}

import { join } from 'node:path';
import { type Redis, startRedis } from '@confab/services';
import { lookUntil } from '../deadline.ts';
import { redisCommand } from './redis-command.ts';

const FOLLOWS_MS_MAX = 10_000;

/** Two real Redis: one is used, the other can follow it, and take its place with what it had when it stopped following. */
export class RedisPair {
  #current: Redis;
  #other: Redis;

  private constructor(current: Redis, other: Redis) {
    this.#current = current;
    this.#other = other;
  }

  static async start(folder: string): Promise<RedisPair> {
    // Each writes what it is sent as a copy into its folder.
    const [current, other] = await Promise.all([
      startRedis({ folder: join(folder, 'redis-1') }),
      startRedis({ folder: join(folder, 'redis-2') }),
    ]);
    return new RedisPair(current, other);
  }

  /** The one that is used. */
  get current(): Redis {
    return this.#current;
  }

  /** The other one follows, from the state of now on; resolves when it has it. */
  async follow(): Promise<void> {
    await redisCommand(this.#current.port, 'CONFIG SET repl-diskless-sync-delay 0');
    await redisCommand(this.#other.port, `REPLICAOF 127.0.0.1 ${this.#current.port}`);
    await lookUntil(FOLLOWS_MS_MAX, async () => {
      const followers = await redisCommand(this.#current.port, 'WAIT 1 1000');
      if (followers !== ':1') throw new Error(`not followed yet: ${followers}`);
    });
  }

  /** The other one takes no more of it: from now on it is behind. */
  async part(): Promise<void> {
    await redisCommand(this.#other.port, 'REPLICAOF NO ONE');
  }

  /** The one that is used dies, and the other one is used. */
  async failOver(): Promise<void> {
    await this.#current.kill();
    [this.#current, this.#other] = [this.#other, this.#current];
  }

  /** Both run, and neither follows. */
  async mend(): Promise<void> {
    for (const { process } of [this.#current, this.#other]) if (process.state === 'paused') process.resume();
    for (const redis of [this.#current, this.#other]) if (redis.process.state === 'down') await redis.start();
    await this.part();
  }
}

import { execute, type RedisCommand, RedisMemory } from '@confab/cluster-redis/simulation';
import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';

/** How far back a replica can be. */
const LAG_MS_MAX = 10_000;

type Change = (memory: RedisMemory, atMs: number) => void;

/** What the server sees of a connection. */
export interface RedisClient {
  /** A text of a channel that it subscribed. */
  hear(channel: string, text: string): void;
  /** The server has ended the connection. */
  dropped(): void;
}

/** A Redis and its replica. What it holds is memory: nothing outlives a restart. */
export class SimulatedRedisServer {
  readonly #clock: DrivenClock;
  readonly #random: SeededRandom;
  #memory: RedisMemory;
  /** As it was `LAG_MS_MAX` ago, and what was done since. */
  #replica: RedisMemory;
  #done: { readonly atMs: number; readonly change: Change }[] = [];
  #isUp = true;
  readonly #clients = new Set<RedisClient>();
  readonly #subscribers = new Map<string, Set<RedisClient>>();

  constructor(clock: DrivenClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
    this.#memory = new RedisMemory(this.#newRunId());
    this.#replica = this.#memory.copy('');
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** The keys there are. */
  keys(): readonly string[] {
    return this.#memory.keys(this.#clock.nowMs());
  }

  execute(command: RedisCommand): unknown {
    const nowMs = this.#clock.nowMs();
    if (command[0] !== 'confabRows') this.#replicate((memory, atMs) => void execute(command, memory, atMs));
    return execute(command, this.#memory, nowMs);
  }

  /** How many hear it. */
  publish(channel: string, text: string): number {
    const subscribers = this.#subscribers.get(channel);
    if (subscribers === undefined) return 0;
    for (const subscriber of subscribers) subscriber.hear(channel, text);
    return subscribers.size;
  }

  subscribe(client: RedisClient, channels: readonly string[]): void {
    for (const channel of channels) {
      const subscribers = this.#subscribers.get(channel) ?? new Set();
      this.#subscribers.set(channel, subscribers.add(client));
    }
  }

  unsubscribe(client: RedisClient, channels: Iterable<string>): void {
    for (const channel of channels) {
      const subscribers = this.#subscribers.get(channel);
      subscribers?.delete(client);
      if (subscribers?.size === 0) this.#subscribers.delete(channel);
    }
  }

  admit(client: RedisClient): void {
    this.#clients.add(client);
  }

  /** The connection is no more. */
  forget(client: RedisClient): void {
    this.#clients.delete(client);
    this.unsubscribe(client, this.#subscribers.keys());
  }

  /** Ends a connection. */
  drop(client: RedisClient): void {
    this.forget(client);
    client.dropped();
  }

  /** Ends the connections that subscribed something. */
  killSubscribers(): void {
    for (const client of new Set([...this.#subscribers.values()].flatMap((clients) => [...clients])))
      this.drop(client);
  }

  flush(): void {
    this.#replicate((memory) => memory.clear());
    this.#memory.clear();
  }

  restart(downMs: number): void {
    this.#isUp = false;
    this.#dropAll();
    this.#clock.after(downMs, () => {
      this.#begin(new RedisMemory(this.#newRunId()));
      this.#isUp = true;
    });
  }

  failOverBackwards(lagMs: number): void {
    const untilMs = this.#clock.nowMs() - lagMs;
    for (const { atMs, change } of this.#done) if (atMs <= untilMs) change(this.#replica, atMs);
    this.#dropAll();
    this.#begin(this.#replica.copy(this.#newRunId()));
  }

  #begin(memory: RedisMemory): void {
    this.#memory = memory;
    this.#replica = memory.copy('');
    this.#done = [];
  }

  #replicate(done: Change): void {
    const nowMs = this.#clock.nowMs();
    this.#done.push({ atMs: nowMs, change: done });
    const oldest = this.#done[0];
    if (oldest === undefined || nowMs - oldest.atMs < 2 * LAG_MS_MAX) return;
    // Half of it at once: to take one from the front of a list costs as much.
    const keptFrom = this.#done.findIndex(({ atMs }) => nowMs - atMs <= LAG_MS_MAX);
    for (const { change, atMs } of this.#done.slice(0, keptFrom)) change(this.#replica, atMs);
    this.#done = this.#done.slice(keptFrom);
  }

  #dropAll(): void {
    for (const client of this.#clients) this.drop(client);
  }

  #newRunId(): string {
    return this.#random.urlSafe(12);
  }
}

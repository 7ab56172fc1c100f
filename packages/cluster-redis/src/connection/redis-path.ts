import type { ClusterFault } from '../cluster-fault.ts';
import type { Environment } from '../environment.ts';
import type { ClusterSettings } from '../settings.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

export interface RedisPathOptions {
  readonly environment: Environment;
  readonly keys: Keys;
  readonly nodeId: string;
  /** Tells this process from another one that runs under the same node id. */
  readonly processId: string;
  readonly settings: ClusterSettings;
  readonly onFault: (fault: ClusterFault) => void;
}

/** Who is told what becomes of the way to Redis. */
export interface PathListener {
  /** The whole way is open: to Redis and back to this node. */
  up(): void;
  /** It is not; nothing is sent until it is again. */
  down(): void;
  /** The subscription began anew; what was published meanwhile did not arrive. */
  subscribed(): void;
  /** A text arrived on the channel of this node, or news of the nodes did. */
  inbox(text: string): void;
  news(text: string): void;
}

/**
 * The two connections to Redis, and whether they serve: a text that this node sends to itself has to come back all the
 * time. So a Redis that is gone, stopped, or reached by one connection only is noticed in the same way.
 */
export class RedisPath {
  readonly commands: Connection;
  readonly #subscriber: Connection;
  readonly #options: RedisPathOptions;
  #listener: PathListener | null = null;
  #isUp = false;
  #isSubscribed = false;
  #isInboxWanted = true;
  #isClosed = false;
  #echoSentAtMs = -Infinity;
  #echoHeardAtMs = -Infinity;
  #renewedAtMs: number;
  #tickedAtMs: number;
  #lastError: unknown = null;

  constructor(options: RedisPathOptions) {
    this.#options = options;
    const { environment, nodeId } = options;
    this.#renewedAtMs = environment.nowMs();
    this.#tickedAtMs = environment.nowMs();
    this.commands = environment.connect(`confab ${nodeId} commands`);
    this.#subscriber = environment.connect(`confab ${nodeId} subscriber`);
    for (const connection of [this.commands, this.#subscriber]) {
      connection.on('error', (error: unknown) => {
        this.#lastError = error;
      });
    }
    this.commands.on('close', () => this.#fall('The connection to Redis is closed.'));
    this.commands.on('ready', () => this.#echo());
    this.#subscriber.on('close', () => {
      this.#isSubscribed = false;
    });
    this.#subscriber.on('ready', () => void this.#subscribe());
    this.#subscriber.on('message', (channel: string, text: string) => this.#hear(channel, text));
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  listen(listener: PathListener): void {
    this.#listener = listener;
    if (this.#isUp) listener.up();
  }

  /** Sends an echo where one is due and looks whether the last ones came back. */
  tick(nowMs: number): void {
    const { echoEveryMs, echoMsMax, reconnectAfterMs } = this.#options.settings;
    if (nowMs - this.#echoSentAtMs >= echoEveryMs) this.#echo();
    const wasStopped = nowMs - this.#tickedAtMs > echoMsMax;
    this.#tickedAtMs = nowMs;
    // This process stood still, not Redis: what came meanwhile is not read yet.
    if (wasStopped) return;
    const silentMs = nowMs - this.#echoHeardAtMs;
    if (this.#isUp && silentMs > echoMsMax) this.#fall('Redis does not answer.');
    if (silentMs > reconnectAfterMs && nowMs - this.#renewedAtMs > reconnectAfterMs) {
      this.#renewedAtMs = nowMs;
      for (const connection of [this.commands, this.#subscriber])
        if (connection.status === 'ready') connection.disconnect(true);
    }
  }

  tellAway(reason: string): void {
    const error = new Error(reason, { cause: this.#lastError });
    this.#options.onFault({ where: 'cluster-redis/connection', error });
  }

  /** Publishes in this order; answers how many heard each. Rejects where it is not known. */
  async publish(texts: readonly (readonly [channel: string, text: string])[]): Promise<number[]> {
    const pipeline = this.commands.pipeline();
    for (const [channel, text] of texts) pipeline.publish(channel, text);
    const answers = (await pipeline.exec()) ?? [];
    return answers.map(([error, count]) => {
      if (error !== null) throw error;
      return Number(count);
    });
  }

  /** What is said to the node is for another process from here on, or for this one again. */
  serveInbox(isWanted: boolean): void {
    if (this.#isInboxWanted === isWanted) return;
    this.#isInboxWanted = isWanted;
    const inbox = this.#options.keys.inbox(this.#options.nodeId);
    if (!this.#isSubscribed) return;
    const change = isWanted ? this.#subscriber.subscribe(inbox) : this.#subscriber.unsubscribe(inbox);
    change.catch(() => this.#subscriber.disconnect(true));
  }

  /** Ends both connections at once, whatever is under way. */
  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    for (const connection of [this.commands, this.#subscriber]) connection.disconnect(false);
  }

  async #subscribe(): Promise<void> {
    const { keys, nodeId, processId } = this.#options;
    try {
      const inbox = this.#isInboxWanted ? [keys.inbox(nodeId)] : [];
      await this.#subscriber.subscribe(keys.news, keys.echo(processId), ...inbox);
      this.#isSubscribed = true;
      this.#echo();
      this.#listener?.subscribed();
    } catch (error) {
      this.#lastError = error;
      if (!this.#isClosed) this.#subscriber.disconnect(true);
    }
  }

  #echo(): void {
    if (this.#isClosed || this.commands.status !== 'ready') return;
    this.#echoSentAtMs = this.#options.environment.nowMs();
    const channel = this.#options.keys.echo(this.#options.processId);
    this.commands.publish(channel, '').catch((error: unknown) => {
      this.#lastError = error;
    });
  }

  #hear(channel: string, text: string): void {
    const { keys, nodeId, processId } = this.#options;
    if (channel === keys.inbox(nodeId)) this.#listener?.inbox(text);
    else if (channel === keys.news) this.#listener?.news(text);
    else if (channel === keys.echo(processId)) this.#rise();
  }

  #rise(): void {
    if (this.#isClosed) return;
    this.#echoHeardAtMs = this.#options.environment.nowMs();
    if (this.#isUp || this.commands.status !== 'ready') return;
    this.#isUp = true;
    this.#listener?.up();
  }

  #fall(reason: string): void {
    if (!this.#isUp || this.#isClosed) return;
    this.#isUp = false;
    this.tellAway(reason);
    this.#listener?.down();
  }
}

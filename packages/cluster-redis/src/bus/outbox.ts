import type { Keys } from '../connection/keys.ts';
import type { RedisPath } from '../connection/redis-path.ts';
import type { Environment } from '../environment.ts';
import type { ClusterSettings } from '../settings.ts';
import { formatFrame } from './frame.ts';
import type { OutboundLink } from './outbound-link.ts';
import type { Talk } from './talk.ts';

interface Conversation {
  readonly words: string[];
  readonly asked: string[];
  chars: number;
}

interface Outgoing {
  readonly channel: string;
  readonly text: string;
  /** The requests in it. */
  readonly asked: readonly string[];
}

export interface OutboxOptions {
  readonly nodeId: string;
  readonly path: Pick<RedisPath, 'isUp' | 'publish'>;
  readonly keys: Keys;
  readonly settings: ClusterSettings;
  readonly environment: Pick<Environment, 'nowMs' | 'afterTurn'>;
  /** These requests reached nobody. */
  readonly onUnsent: (ids: readonly string[]) => void;
}

/** Gathers what one turn of the event loop has to say to each node, and sends it in one write. */
export class Outbox {
  readonly #options: OutboxOptions;
  /** Links with envelopes that are in no frame yet, and the node each leads to. */
  readonly #links = new Map<OutboundLink, string>();
  readonly #talks = new Map<string, Conversation>();
  #outgoing: Outgoing[] = [];
  #isScheduled = false;
  #inFlightChars = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Adds an envelope to what goes over a link. */
  add(nodeId: string, link: OutboundLink, json: string): void {
    this.#links.set(link, nodeId);
    if (link.add(json)) this.#seal(link, nodeId);
    this.#schedule();
  }

  talk(nodeId: string, word: Talk): void {
    const json = JSON.stringify(word);
    let conversation = this.#talks.get(nodeId);
    if (
      conversation !== undefined &&
      conversation.chars + json.length > this.#options.settings.frameCharsMax
    ) {
      this.#closeTalk(nodeId, conversation);
      conversation = undefined;
    }
    if (conversation === undefined) {
      conversation = { words: [], asked: [], chars: 0 };
      this.#talks.set(nodeId, conversation);
    }
    conversation.words.push(json);
    conversation.chars += json.length;
    if (word[0] === 'ask') conversation.asked.push(word[1]);
    this.#schedule();
  }

  /** Sends a frame that is already made. */
  send(nodeId: string, text: string): void {
    this.#outgoing.push({ channel: this.#options.keys.inbox(nodeId), text, asked: [] });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.environment.afterTurn(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  #seal(link: OutboundLink, nodeId: string): void {
    const text = link.seal(this.#options.environment.nowMs());
    if (text !== null) this.send(nodeId, text);
  }

  #closeTalk(nodeId: string, { words, asked }: Conversation): void {
    const text = formatFrame({ kind: 'talk', from: this.#options.nodeId, body: `[${words.join(',')}]` });
    this.#outgoing.push({ channel: this.#options.keys.inbox(nodeId), text, asked });
    this.#talks.delete(nodeId);
  }

  /** Sends what waits now. */
  flush(): void {
    const outgoing = this.#take();
    if (outgoing.length > 0) void this.#publish(outgoing, this.#options.settings.inFlightCharsMax);
  }

  /** Sends what waits, and then how far each link is, whatever is on its way: nobody hears of it later. */
  sendLast(beats: ReadonlyMap<string, OutboundLink>): void {
    this.flush();
    for (const [nodeId, link] of beats) this.send(nodeId, link.beatNow(this.#options.environment.nowMs()));
    void this.#publish(this.#take(), Infinity);
  }

  #take(): readonly Outgoing[] {
    for (const [link, nodeId] of this.#links) this.#seal(link, nodeId);
    this.#links.clear();
    for (const [nodeId, conversation] of this.#talks) this.#closeTalk(nodeId, conversation);
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    return outgoing;
  }

  /** A frame that is not sent is kept by its link: the receiver misses it with the next beat and asks for it. */
  async #publish(outgoing: readonly Outgoing[], inFlightCharsMax: number): Promise<void> {
    const { path, onUnsent } = this.#options;
    const chars = outgoing.reduce((sum, { text }) => sum + text.length, 0);
    const isTooMuch = this.#inFlightChars > 0 && this.#inFlightChars + chars > inFlightCharsMax;
    if (!path.isUp || isTooMuch) {
      onUnsent(outgoing.flatMap(({ asked }) => asked));
      return;
    }
    this.#inFlightChars += chars;
    try {
      const heardBy = await path.publish(outgoing.map(({ channel, text }) => [channel, text]));
      onUnsent(outgoing.flatMap(({ asked }, at) => (heardBy[at] === 0 ? asked : [])));
    } catch {
      // Told as the fault of the connection.
      onUnsent(outgoing.flatMap(({ asked }) => asked));
    } finally {
      this.#inFlightChars -= chars;
    }
  }
}

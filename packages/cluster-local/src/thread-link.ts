import type { Envelope, FollowerRecord, NodeRecord, SessionRecord } from '@confab/contracts';
import type { ErrorCode } from '@confab/protocol';

/** What becomes known in one thread and must be in all. */
export type Change =
  | { readonly verb: 'claim' | 'release'; readonly record: SessionRecord }
  | { readonly verb: 'follow' | 'unfollow'; readonly record: FollowerRecord }
  | { readonly verb: 'join' | 'retire' | 'leave'; readonly record: NodeRecord };

/** What one thread says to another. */
export type ThreadWord =
  | { readonly kind: 'hello'; readonly node: NodeRecord }
  | { readonly kind: 'change'; readonly id: number; readonly change: Change }
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  | { readonly kind: 'request'; readonly id: number; readonly request: unknown };

/** What another thread's responder came to. */
export type ThreadAnswer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

type Reply =
  | { readonly kind: 'noted'; readonly id: number }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: ThreadAnswer };

interface Ears {
  readonly heard: (word: ThreadWord, link: ThreadLink) => void;
  /** The other thread is gone; its node, where it had said which it is. */
  readonly ended: (node: NodeRecord | null) => void;
}

/**
 * The way to one other thread. What is said in one turn of the event loop goes over as one text: a text is handed over
 * without a copy by structure, which is the dearest part of a message between threads.
 */
export class ThreadLink {
  readonly #port: MessagePort;
  readonly #ears: Ears;
  readonly #waiting = new Map<number, (answer: ThreadAnswer | null) => void>();
  #unsaid: (ThreadWord | Reply)[] = [];
  #lastId = 0;
  #peer: NodeRecord | null = null;
  #isEnded = false;

  constructor(port: MessagePort, ears: Ears) {
    this.#port = port;
    this.#ears = ears;
    port.addEventListener('message', (event) => this.#receive((event as MessageEvent<string>).data));
    port.addEventListener('close', () => this.#end());
    port.start();
  }

  say(word: ThreadWord | Reply): void {
    if (this.#isEnded) return;
    this.#unsaid.push(word);
    if (this.#unsaid.length === 1) setImmediate(() => this.#flush());
  }

  /** Resolves once the other thread has noted it, or is gone. */
  async tell(change: Change): Promise<void> {
    await this.#await((id) => this.say({ kind: 'change', id, change }));
  }

  /** The answer of the other thread; null where it is gone. */
  ask(request: unknown): Promise<ThreadAnswer | null> {
    return this.#await((id) => this.say({ kind: 'request', id, request }));
  }

  /** In good order: what was said before still goes over. */
  close(): void {
    this.#flush();
    this.#peer = null;
    this.#port.close();
    this.#end();
  }

  #await(say: (id: number) => void): Promise<ThreadAnswer | null> {
    if (this.#isEnded) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#lastId += 1;
      this.#waiting.set(this.#lastId, resolve);
      say(this.#lastId);
    });
  }

  #flush(): void {
    if (this.#unsaid.length === 0 || this.#isEnded) return;
    const text = JSON.stringify(this.#unsaid);
    this.#unsaid = [];
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has none
    this.#port.postMessage(text);
  }

  #receive(text: string): void {
    for (const word of JSON.parse(text) as readonly (ThreadWord | Reply)[]) {
      switch (word.kind) {
        case 'noted':
          this.#settle(word.id, null);
          break;
        case 'answer':
          this.#settle(word.id, word.answer);
          break;
        case 'hello':
          this.#peer = word.node;
          this.#ears.heard(word, this);
          break;
        case 'change':
        case 'envelope':
        case 'request':
          this.#ears.heard(word, this);
          break;
      }
    }
  }

  #settle(id: number, answer: ThreadAnswer | null): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(answer);
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    for (const resolve of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
    this.#ears.ended(this.#peer);
  }
}

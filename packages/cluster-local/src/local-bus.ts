import type { Envelope, NodeBus } from '@confab/contracts';
import { ConfabError } from '@confab/protocol';
import type { ClusterFault } from './cluster-fault.ts';

type Receiver = (envelope: Envelope) => void;

/** The kinds that this version knows [BUS5]. */
const KINDS: Readonly<Record<Envelope['kind'], true>> = {
  events: true,
  head: true,
  receipt: true,
  typing: true,
  session_opened: true,
  device_revoked: true,
};

/** What was published to a node and not handed over yet; that happens before the next I/O, which bounds it. */
interface Mailbox {
  receivers: readonly Receiver[];
  waiting: Envelope[];
}

interface Post {
  readonly responder: (request: unknown) => Promise<unknown>;
  /** Rejects what was asked and not answered. */
  readonly pending: Set<(error: ConfabError) => void>;
}

/**
 * Envelopes go by reference and in a microtask, so that a publisher never runs a receiver's code; in one queue per
 * node, so that they keep their order.
 */
export class LocalBus implements NodeBus {
  readonly #onFault: (fault: ClusterFault) => void;
  readonly #mailboxes = new Map<string, Mailbox>();
  readonly #posts = new Map<string, Post>();
  readonly #lossListeners = new Map<string, Set<() => void>>();

  constructor(onFault: (fault: ClusterFault) => void) {
    this.#onFault = onFault;
  }

  publish(nodeId: string, envelope: Envelope): void {
    const mailbox = this.#mailboxes.get(nodeId);
    if (mailbox === undefined || !Object.hasOwn(KINDS, envelope.kind)) return;
    mailbox.waiting.push(envelope);
    if (mailbox.waiting.length === 1) queueMicrotask(() => this.#deliver(mailbox));
  }

  subscribe(nodeId: string, receiver: Receiver): () => void {
    const own: Receiver = (envelope) => receiver(envelope);
    const mailbox = this.#mailboxes.get(nodeId) ?? { receivers: [], waiting: [] };
    mailbox.receivers = [...mailbox.receivers, own];
    this.#mailboxes.set(nodeId, mailbox);
    return () => {
      mailbox.receivers = mailbox.receivers.filter((one) => one !== own);
      if (mailbox.receivers.length === 0 && this.#mailboxes.get(nodeId) === mailbox)
        this.#mailboxes.delete(nodeId);
    };
  }

  onLoss(nodeId: string, listener: () => void): () => void {
    const own = (): void => listener();
    const listeners = this.#lossListeners.get(nodeId) ?? new Set();
    listeners.add(own);
    this.#lossListeners.set(nodeId, listeners);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#lossListeners.get(nodeId) === listeners)
        this.#lossListeners.delete(nodeId);
    };
  }

  /** A publisher died: what it had committed and not published is lost to every other node. */
  publisherLost(publisherId: string): void {
    for (const [nodeId, listeners] of this.#lossListeners) {
      if (nodeId !== publisherId) for (const listener of listeners) this.#guarded('loss', listener);
    }
  }

  async request(nodeId: string, request: unknown): Promise<unknown> {
    await Promise.resolve();
    const post = this.#posts.get(nodeId);
    if (post === undefined) throw absent(nodeId);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    post.pending.add(reject);
    this.#answer(post, request).then(resolve, reject);
    try {
      return await promise;
    } finally {
      post.pending.delete(reject);
    }
  }

  respond(nodeId: string, responder: (request: unknown) => Promise<unknown>): () => void {
    const post: Post = { responder, pending: new Set() };
    this.#posts.set(nodeId, post);
    return () => {
      if (this.#posts.get(nodeId) === post) this.#posts.delete(nodeId);
      for (const reject of post.pending) reject(absent(nodeId));
    };
  }

  #deliver(mailbox: Mailbox): void {
    const envelopes = mailbox.waiting;
    mailbox.waiting = [];
    for (const envelope of envelopes) {
      for (const receiver of mailbox.receivers) this.#guarded('receive', () => receiver(envelope));
    }
  }

  #guarded(step: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#onFault({ where: `cluster-local/bus/${step}`, error });
    }
  }

  /** As over a network: a refusal keeps its code, anything else is `internal` and stays where it happened. */
  async #answer(post: Post, request: unknown): Promise<unknown> {
    try {
      return await post.responder(request);
    } catch (error) {
      if (error instanceof ConfabError) throw error;
      this.#onFault({ where: 'cluster-local/bus/respond', error });
      throw new ConfabError('internal');
    }
  }
}

/** The refusal of a request to a node that is not there. */
export function absent(nodeId: string): ConfabError {
  return new ConfabError('unavailable', `The node ${nodeId} does not answer.`);
}

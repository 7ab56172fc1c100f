import { ConfabError } from '@confab/protocol';
import type { ClusterFault } from '../cluster-fault.ts';

type Respond = (request: unknown) => Promise<unknown>;

interface Post {
  readonly respond: Respond;
  /** Rejects what was asked and not answered. */
  readonly pending: Set<(error: ConfabError) => void>;
}

/** Who answers requests on this node. */
export class Responder {
  readonly #onFault: (fault: ClusterFault) => void;
  #post: Post | null = null;

  constructor(onFault: (fault: ClusterFault) => void) {
    this.#onFault = onFault;
  }

  respond(respond: Respond): () => void {
    const post: Post = { respond, pending: new Set() };
    this.#post = post;
    return () => {
      if (this.#post === post) this.#post = null;
      for (const reject of post.pending) reject(absent());
    };
  }

  /**
   * The answer, or a rejection with the ConfabError that refuses it: `unavailable` where nobody answers (any more),
   * `internal` for a fault, which stays here.
   */
  async answer(request: unknown): Promise<unknown> {
    const post = this.#post;
    if (post === null) throw absent();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    post.pending.add(reject);
    this.#ask(post, request).then(resolve, reject);
    try {
      return await promise;
    } finally {
      post.pending.delete(reject);
    }
  }

  async #ask(post: Post, request: unknown): Promise<unknown> {
    try {
      return await post.respond(request);
    } catch (error) {
      if (error instanceof ConfabError) throw error;
      this.#onFault({ where: 'cluster-redis/bus/respond', error });
      throw new ConfabError('internal');
    }
  }
}

/** It may reach an end user, who is not to learn of nodes. */
export function absent(): ConfabError {
  return new ConfabError('unavailable', 'The server that was asked does not answer.');
}

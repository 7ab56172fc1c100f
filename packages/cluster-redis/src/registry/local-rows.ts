/**
 * What this node has registered: user -> its connections, and the conversations it follows. Nearly every user has one
 * connection, which is kept without an array around it, so that a session costs a map entry and nothing else.
 */
export class LocalRows {
  readonly #sessions = new Map<string, string | string[]>();
  readonly #followed = new Set<string>();

  get isEmpty(): boolean {
    return this.#sessions.size === 0 && this.#followed.size === 0;
  }

  add(userId: string, connectionId: string): void {
    const before = this.#sessions.get(userId);
    if (before === undefined) this.#sessions.set(userId, connectionId);
    else if (typeof before !== 'string') {
      if (!before.includes(connectionId)) before.push(connectionId);
    } else if (before !== connectionId) this.#sessions.set(userId, [before, connectionId]);
  }

  remove(userId: string, connectionId: string): void {
    const before = this.#sessions.get(userId);
    if (before === undefined) return;
    if (typeof before === 'string') {
      if (before === connectionId) this.#sessions.delete(userId);
      return;
    }
    const [first, ...others] = before.filter((one) => one !== connectionId);
    if (first === undefined) this.#sessions.delete(userId);
    else this.#sessions.set(userId, others.length === 0 ? first : [first, ...others]);
  }

  has(userId: string): boolean {
    return this.#sessions.has(userId);
  }

  follow(conversationId: string): void {
    this.#followed.add(conversationId);
  }

  unfollow(conversationId: string): void {
    this.#followed.delete(conversationId);
  }

  follows(conversationId: string): boolean {
    return this.#followed.has(conversationId);
  }

  /** Every row. What comes or goes meanwhile may or may not be among them. */
  *sessions(): Generator<readonly [userId: string, connectionId: string]> {
    for (const [userId, connections] of this.#sessions) {
      if (typeof connections === 'string') yield [userId, connections];
      else for (const connectionId of connections) yield [userId, connectionId];
    }
  }

  followed(): Iterable<string> {
    return this.#followed;
  }
}

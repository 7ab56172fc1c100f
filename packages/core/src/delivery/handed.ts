/** Conversations whose place is kept; beyond it the one noted longest ago is forgotten, and looked after by resumes alone. */
const CONVERSATIONS_MAX = 500_000;

/**
 * How far the sessions of this node know each conversation to reach: by an event they were handed, or by their resume.
 * A hole below that they see for themselves. What the log has beyond it was lost on the way, or is on it.
 */
export class Handed {
  readonly #reached = new Map<string, number>();

  /** A session was told by its resume how far a conversation reaches. Says nothing of those that were here before. */
  note(conversationId: string, sequence: number): void {
    if (!this.#reached.has(conversationId)) this.#set(conversationId, sequence);
  }

  /** The sessions were handed the event at a sequence, or told that the conversation reaches there. */
  raise(conversationId: string, sequence: number): void {
    if (this.isBehind(conversationId, sequence)) this.#set(conversationId, sequence);
  }

  /** Whether sessions may not know of what stands at a sequence. */
  isBehind(conversationId: string, sequence: number): boolean {
    return this.reached(conversationId) < sequence;
  }

  /** How far, or 0 where nobody knows. */
  reached(conversationId: string): number {
    return this.#reached.get(conversationId) ?? 0;
  }

  /** Nobody here is a member any more. */
  forget(conversationId: string): void {
    this.#reached.delete(conversationId);
  }

  /** All conversations noted, those that come while it is read included. */
  conversations(): Iterable<string> {
    return this.#reached.keys();
  }

  #set(conversationId: string, sequence: number): void {
    this.#reached.set(conversationId, sequence);
    if (this.#reached.size <= CONVERSATIONS_MAX) return;
    const oldest = this.#reached.keys().next().value;
    if (oldest !== undefined) this.#reached.delete(oldest);
  }
}

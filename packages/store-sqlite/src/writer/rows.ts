import type { Database, Statement } from 'bun:sqlite';
import { storeLimits } from '../settings.ts';

interface ConversationRow {
  readonly number: number;
  /** The head's sequence; 0 for a conversation that has only cursors so far. */
  sequence: number;
}

/**
 * The numbers of conversations and users, and the heads. There is one writer, so what it remembers is true until a
 * transaction is rolled back, when `forget` must be called.
 */
export class Rows {
  readonly #conversations = new Map<string, ConversationRow>();
  readonly #users = new Map<string, number>();
  readonly #conversationById: Statement<{ number: number; sequence: number }, [string]>;
  readonly #addConversation: Statement<{ number: number }, [string]>;
  readonly #userById: Statement<{ number: number }, [string]>;
  readonly #addUser: Statement<{ number: number }, [string]>;

  constructor(db: Database) {
    this.#conversationById = db.query('SELECT number, sequence FROM conversations WHERE conversation_id = ?');
    this.#addConversation = db.query(
      `INSERT INTO conversations (conversation_id, sequence, ordinal, event_id, sent_at, preview)
       VALUES (?, 0, 0, '', '', NULL) RETURNING number`,
    );
    this.#userById = db.query('SELECT number FROM users WHERE user_id = ?');
    this.#addUser = db.query('INSERT INTO users (user_id) VALUES (?) RETURNING number');
  }

  /** The row of a conversation, or null where there is none. */
  find(conversationId: string): ConversationRow | null {
    const known = this.#conversations.get(conversationId);
    if (known !== undefined) return known;
    const row = this.#conversationById.get(conversationId);
    if (row === null) return null;
    remember(this.#conversations, conversationId, row, storeLimits.conversationsRememberedMax);
    return row;
  }

  conversation(conversationId: string): ConversationRow {
    const known = this.find(conversationId);
    if (known !== null) return known;
    const row = { number: numberOf(this.#addConversation.get(conversationId)), sequence: 0 };
    remember(this.#conversations, conversationId, row, storeLimits.conversationsRememberedMax);
    return row;
  }

  userNumber(userId: string): number {
    const known = this.#users.get(userId);
    if (known !== undefined) return known;
    const number = numberOf(this.#userById.get(userId) ?? this.#addUser.get(userId));
    remember(this.#users, userId, number, storeLimits.usersRememberedMax);
    return number;
  }

  forget(): void {
    this.#conversations.clear();
    this.#users.clear();
  }
}

/** Whoever was remembered first goes first: that is enough to bound it, and costs nothing on a hit. */
function remember<V>(known: Map<string, V>, id: string, value: V, sizeMax: number): void {
  if (known.size >= sizeMax) {
    const [oldest] = known.keys();
    if (oldest !== undefined) known.delete(oldest);
  }
  known.set(id, value);
}

function numberOf(row: { readonly number: number } | null): number {
  if (row === null) throw new Error('an insert gave back no row');
  return row.number;
}

import { createHash, randomUUID } from 'node:crypto';
import { prepareDatabase } from './schema.mjs';

const PAGE_MAX = 200;

/** The rules and their SQL: sequences of a conversation without a gap, each message once, only for members. */
export class Chat {
  #db;
  #sql;
  #members = new Map();
  #waiting = [];
  #commitsInGroups;
  #commitAll;

  /** `commitsInGroups`: what was sent in one turn of the event loop shares a transaction. */
  constructor(db, { commitsInGroups }) {
    prepareDatabase(db);
    this.#db = db;
    this.#sql = statementsOf(db);
    this.#commitsInGroups = commitsInGroups;
    this.#commitAll = db.transaction((sends) => sends.map((send) => this.#append(send)));
  }

  setUser(userId, name) {
    this.#sql.setUser.run(userId, name);
  }

  members(conversationId) {
    let members = this.#members.get(conversationId);
    if (members === undefined) {
      members = new Set(this.#sql.members.all(conversationId).map((row) => row.user_id));
      this.#members.set(conversationId, members);
    }
    return members;
  }

  expectMember(conversationId, userId) {
    if (!this.members(conversationId).has(userId)) throw new Error('not_found');
  }

  create(creatorId, { type, title, memberIds }) {
    const userIds = [creatorId, ...memberIds];
    const conversationId = type === 'direct' ? directId(userIds) : `g${randomUUID().replaceAll('-', '')}`;
    const isNew = this.head(conversationId) === null;
    if (isNew) {
      this.#db.transaction(() => {
        this.#sql.addConversation.run(conversationId, type, title ?? null, now());
        for (const userId of userIds) this.#sql.addMember.run(userId, conversationId);
        this.#append({ type: 'conversation_event', conversationId, senderId: creatorId, body: 'created' });
      })();
      this.#members.delete(conversationId);
    }
    return { isNew, conversation: this.describe(conversationId, creatorId) };
  }

  addMembers(conversationId, adderId, userIds) {
    this.expectMember(conversationId, adderId);
    const { event } = this.#db.transaction(() => {
      for (const userId of userIds) this.#sql.addMember.run(userId, conversationId);
      return this.#append({ type: 'member_event', conversationId, senderId: adderId, body: userIds.join() });
    })();
    this.#members.delete(conversationId);
    return event;
  }

  /** Calls `done` with `{event, isDuplicate}` once the message is on the disk, or `failed` with what kept it off. */
  send(message, done, failed) {
    this.expectMember(message.conversationId, message.senderId);
    if (!this.#commitsInGroups) {
      done(this.#commitAll([message])[0]);
      return;
    }
    if (this.#waiting.length === 0) setImmediate(() => this.#commitWaiting());
    this.#waiting.push({ message, done, failed });
  }

  /** Messages of a conversation above or below a sequence, ascending. */
  messages(conversationId, { after, before, limit = 50 }) {
    const count = Math.min(limit, PAGE_MAX);
    if (after !== undefined) return this.#sql.messagesAfter.all(conversationId, after, count).map(eventOf);
    const below = before ?? Number.MAX_SAFE_INTEGER;
    return this.#sql.messagesBefore.all(conversationId, below, count).map(eventOf).reverse();
  }

  /** Everything of a conversation above a sequence, ascending. */
  events(conversationId, after, limit = PAGE_MAX) {
    return this.#sql.eventsAfter.all(conversationId, after, Math.min(limit, PAGE_MAX)).map(eventOf);
  }

  head(conversationId) {
    const row = this.#sql.conversation.get(conversationId);
    return isRow(row) ? headOf(row) : null;
  }

  describe(conversationId, userId) {
    return summaryOf(this.#sql.oneOfList.get(userId, conversationId));
  }

  /** The conversations of a user, newest activity first. */
  list(userId, limit = -1, skipped = 0) {
    return this.#sql.list.all(userId, limit, skipped).map(summaryOf);
  }

  markRead(conversationId, userId, sequence) {
    this.#sql.markRead.run(sequence, conversationId, userId);
  }

  #commitWaiting() {
    const sends = this.#waiting;
    this.#waiting = [];
    let results;
    try {
      results = this.#commitAll(sends.map(({ message }) => message));
    } catch (error) {
      for (const { failed } of sends) failed(error);
      return;
    }
    for (const [index, { done }] of sends.entries()) done(results[index]);
  }

  #append({ type, conversationId, senderId, clientMessageId = randomUUID(), body }) {
    const known = this.#sql.byClientId.get(senderId, clientMessageId);
    if (isRow(known)) return { event: eventOf(known), isDuplicate: true };
    const sentAt = now();
    const { last_sequence: sequence } = this.#sql.nextSequence.get(sentAt, conversationId);
    this.#sql.addMessage.run(conversationId, sequence, type, senderId, clientMessageId, body, sentAt);
    const row = { conversation_id: conversationId, sequence, type, sender_id: senderId, body };
    const event = eventOf({ ...row, client_message_id: clientMessageId, sent_at: sentAt });
    return { event, isDuplicate: false };
  }
}

const LIST = `SELECT c.*, m.read_sequence, l.body AS last_body, l.sender_id AS last_sender_id,
    (SELECT count(*) FROM members WHERE conversation_id = c.conversation_id) AS member_count
  FROM members m JOIN conversations c ON c.conversation_id = m.conversation_id
  JOIN messages l ON l.conversation_id = c.conversation_id AND l.sequence = c.last_sequence
  WHERE m.user_id = ?`;

const MESSAGES = `SELECT * FROM messages WHERE conversation_id = ?`;

function statementsOf(db) {
  const texts = {
    setUser: 'INSERT OR REPLACE INTO users (user_id, name) VALUES (?, ?)',
    members: 'SELECT user_id FROM members WHERE conversation_id = ?',
    conversation: 'SELECT * FROM conversations WHERE conversation_id = ?',
    addConversation: 'INSERT INTO conversations VALUES (?, ?, ?, 0, ?)',
    addMember: `INSERT OR IGNORE INTO members (conversation_id, user_id, read_sequence)
      SELECT conversation_id, ?, last_sequence + 1 FROM conversations WHERE conversation_id = ?`,
    byClientId: 'SELECT * FROM messages WHERE sender_id = ? AND client_message_id = ?',
    nextSequence: `UPDATE conversations SET last_sequence = last_sequence + 1, updated_at = ?
      WHERE conversation_id = ? RETURNING last_sequence`,
    addMessage: `INSERT INTO messages
      (conversation_id, sequence, type, sender_id, client_message_id, body, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    messagesAfter: `${MESSAGES} AND sequence > ? AND type = 'message_event' ORDER BY sequence LIMIT ?`,
    messagesBefore: `${MESSAGES} AND sequence < ? AND type = 'message_event' ORDER BY sequence DESC LIMIT ?`,
    eventsAfter: `${MESSAGES} AND sequence > ? ORDER BY sequence LIMIT ?`,
    list: `${LIST} ORDER BY c.updated_at DESC LIMIT ? OFFSET ?`,
    oneOfList: `${LIST} AND c.conversation_id = ?`,
    markRead: `UPDATE members SET read_sequence = max(read_sequence, ?) WHERE conversation_id = ? AND user_id = ?`,
  };
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, db.prepare(text)]));
}

function directId(userIds) {
  return `d${createHash('sha256').update(userIds.toSorted().join(' ')).digest('hex').slice(0, 32)}`;
}

/** Where there is no row, one of the two libraries says null and the other undefined. */
function isRow(row) {
  return row !== null && row !== undefined;
}

function now() {
  return new Date().toISOString();
}

function eventIdOf(conversationId, sequence) {
  return `${conversationId}.${sequence.toString(36)}.00000000`;
}

function eventOf(row) {
  const eventId = eventIdOf(row.conversation_id, row.sequence);
  return {
    type: row.type,
    eventId,
    messageId: eventId,
    conversationId: row.conversation_id,
    sequence: row.sequence,
    senderId: row.sender_id,
    clientMessageId: row.client_message_id,
    body: row.body,
    sentAt: row.sent_at,
  };
}

function headOf({ conversation_id: conversationId, last_sequence: sequence, updated_at: sentAt }) {
  return { sequence, eventId: eventIdOf(conversationId, sequence), sentAt };
}

function summaryOf(row) {
  return {
    conversationId: row.conversation_id,
    type: row.type,
    title: row.title,
    memberCount: row.member_count,
    head: headOf(row),
    read: { sequence: row.read_sequence },
    unread: row.last_sequence - row.read_sequence,
    preview: { senderId: row.last_sender_id, body: row.last_body },
  };
}

import { randomUUID } from 'node:crypto';

/** Who is connected, and what their sockets say: hello, authenticate, resume, then messages both ways. */
export class Connections {
  #chat;
  #verify;
  #byUser = new Map();

  constructor(chat, verify) {
    this.#chat = chat;
    this.#verify = verify;
  }

  /** `socket` has `send(text)`. Gives what stands for it from here on. */
  opened(socket) {
    const connection = { socket, userId: null };
    say(connection, {
      type: 'hello',
      protocol: 1,
      connectionId: randomUUID(),
      heartbeatIntervalMs: 30_000,
      serverTime: new Date().toISOString(),
    });
    return connection;
  }

  closed(connection) {
    const own = this.#byUser.get(connection.userId);
    own?.delete(connection);
    if (own?.size === 0) this.#byUser.delete(connection.userId);
  }

  received(connection, text) {
    let frame = {};
    try {
      frame = JSON.parse(text);
      this.#run(connection, frame);
    } catch (error) {
      this.#refuse(connection, frame, error);
    }
  }

  /** Tells the members of a conversation of a new event. */
  deliver(event) {
    const { clientMessageId: _, ...forOthers } = event;
    for (const userId of this.#chat.members(event.conversationId)) {
      const own = this.#byUser.get(userId);
      if (own === undefined) continue;
      for (const connection of own) say(connection, userId === event.senderId ? event : forOthers);
    }
  }

  #run(connection, frame) {
    if (frame.type === 'ping') return say(connection, { type: 'pong' });
    if (frame.type === 'authenticate') return this.#authenticate(connection, frame);
    if (connection.userId === null) throw new Error('unauthenticated');
    switch (frame.type) {
      case 'send_message':
        return this.#send(connection, frame);
      case 'sync':
        return this.#sync(connection, frame);
      case 'typing':
        return this.#typing(connection, frame);
      case 'receipt':
        this.#chat.expectMember(frame.conversationId, connection.userId);
        if (frame.read !== undefined)
          this.#chat.markRead(frame.conversationId, connection.userId, frame.read);
        return undefined;
      default:
        throw new Error('unknown_type');
    }
  }

  #authenticate(connection, { token, deviceId, resume }) {
    const userId = this.#verify(token);
    connection.userId = userId;
    const own = this.#byUser.get(userId);
    if (own === undefined) this.#byUser.set(userId, new Set([connection]));
    else own.add(connection);
    say(connection, { type: 'ready', userId, deviceId, landed: [] });
    say(connection, { type: 'heads', items: this.#chat.list(userId) });
    for (const cursor of resume?.cursors ?? []) this.#replay(connection, cursor);
    say(connection, { type: 'caught_up' });
  }

  #replay(connection, cursor) {
    const { userId } = connection;
    const [conversationId, place = ''] = cursor.split('.');
    // Everybody has a log of their own with Confab; here there is none, and nothing to say of it.
    if (!this.#chat.members(conversationId).has(userId)) return;
    let after = Number.parseInt(place, 36);
    for (;;) {
      const events = this.#chat.events(conversationId, after);
      if (events.length === 0) return;
      for (const event of events) {
        const { clientMessageId, ...shown } = event;
        say(connection, event.senderId === userId ? { ...shown, clientMessageId } : shown);
        after = event.sequence;
      }
    }
  }

  #send(connection, frame) {
    const { conversationId, clientMessageId, body } = frame;
    if (typeof body !== 'string' || body === '' || body.length > 65_536) throw new Error('invalid');
    if (typeof clientMessageId !== 'string' || clientMessageId.length > 64) throw new Error('invalid');
    const message = {
      type: 'message_event',
      conversationId,
      senderId: connection.userId,
      clientMessageId,
      body,
    };
    const done = ({ event, isDuplicate }) => {
      const { messageId, sequence, sentAt } = event;
      const place = { clientMessageId, conversationId, messageId, sequence, sentAt };
      say(connection, { type: 'message_accepted', ...place, ...(isDuplicate ? { duplicate: true } : {}) });
      if (!isDuplicate) this.deliver(event);
    };
    this.#chat.send(message, done, (error) => this.#refuse(connection, frame, error));
  }

  #sync(connection, { ref, conversationId, after, limit }) {
    this.#chat.expectMember(conversationId, connection.userId);
    const from = after === null ? 0 : Number.parseInt(after.split('.')[1], 36);
    const events = this.#chat.events(conversationId, from, limit);
    say(connection, {
      type: 'sync_page',
      ref,
      conversationId,
      events,
      head: this.#chat.head(conversationId),
    });
  }

  #typing(connection, { conversationId }) {
    const { userId } = connection;
    this.#chat.expectMember(conversationId, userId);
    for (const memberId of this.#chat.members(conversationId)) {
      if (memberId === userId) continue;
      for (const other of this.#byUser.get(memberId) ?? [])
        say(other, { type: 'typing_event', conversationId, userId });
    }
  }

  #refuse(connection, { ref, clientMessageId, conversationId }, { message }) {
    say(connection, { type: 'error', code: message, message, ref, clientMessageId, conversationId });
  }
}

function say({ socket }, frame) {
  socket.send(JSON.stringify(frame));
}

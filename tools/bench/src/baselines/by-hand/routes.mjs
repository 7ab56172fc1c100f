const CONVERSATION = /^\/v1\/conversations\/([^/]+)(?:\/(members|messages|events))?$/;

/**
 * The HTTP side. `answer({method, url, authorization, body})`, the body parsed, resolves to `{status, json}`; `url` is
 * path and query.
 */
export class Routes {
  #chat;
  #connections;
  #verify;
  #apiKey;

  constructor({ chat, connections, verify, apiKey }) {
    this.#chat = chat;
    this.#connections = connections;
    this.#verify = verify;
    this.#apiKey = apiKey;
  }

  async answer(request) {
    try {
      return await this.#answer(request);
    } catch ({ message }) {
      const status = message === 'not_found' ? 404 : message === 'unauthenticated' ? 401 : 400;
      return { status, json: { code: message } };
    }
  }

  async #answer({ method, url, authorization, body }) {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    if (pathname === '/readyz') return ok({});
    const token = authorization?.replace(/^Bearer /, '');
    if (method === 'PUT' && pathname === '/v1/users/external') return this.#setUser(token, body);
    const userId = this.#verify(token);
    if (pathname === '/v1/conversations')
      return method === 'POST' ? this.#create(userId, body) : this.#list(userId, searchParams);
    const [, conversationId, part] = CONVERSATION.exec(pathname) ?? [];
    if (conversationId === undefined) throw new Error('not_found');
    this.#chat.expectMember(conversationId, userId);
    return method === 'POST'
      ? await this.#post({ conversationId, part, userId, body })
      : this.#read({ conversationId, part, userId, searchParams });
  }

  #setUser(token, { subject, displayName }) {
    if (token !== this.#apiKey) throw new Error('unauthenticated');
    this.#chat.setUser(subject, displayName);
    return ok({ userId: subject });
  }

  #create(userId, body) {
    const { isNew, conversation } = this.#chat.create(userId, body);
    return { status: isNew ? 201 : 200, json: { conversation } };
  }

  #list(userId, searchParams) {
    const limit = numberOf(searchParams, 'limit') ?? 50;
    const skipped = numberOf(searchParams, 'cursor') ?? 0;
    const conversations = this.#chat.list(userId, limit, skipped);
    return ok({ conversations, ...(conversations.length < limit ? {} : { next: `${skipped + limit}` }) });
  }

  async #post({ conversationId, part, userId, body }) {
    if (part === 'members') {
      const event = this.#chat.addMembers(conversationId, userId, body.userIds);
      this.#connections.deliver(event);
      return { status: 201, json: { events: [event] } };
    }
    const message = { type: 'message_event', conversationId, senderId: userId, ...body };
    const { event, isDuplicate } = await new Promise((resolve, reject) => {
      this.#chat.send(message, resolve, reject);
    });
    if (!isDuplicate) this.#connections.deliver(event);
    const { clientMessageId, messageId, sequence, sentAt } = event;
    return {
      status: isDuplicate ? 200 : 201,
      json: { clientMessageId, conversationId, messageId, sequence, sentAt },
    };
  }

  #read({ conversationId, part, userId, searchParams }) {
    const head = this.#chat.head(conversationId);
    const [after, before, limit] = ['after', 'before', 'limit'].map((name) => numberOf(searchParams, name));
    if (part === 'messages')
      return ok({ messages: this.#chat.messages(conversationId, { after, before, limit }), head });
    if (part === 'events')
      return ok({ conversationId, events: this.#chat.events(conversationId, after ?? 0, limit), head });
    return ok({ conversation: this.#chat.describe(conversationId, userId) });
  }
}

function numberOf(searchParams, name) {
  const text = searchParams.get(name);
  return text === null ? undefined : Number(text);
}

function ok(json) {
  return { status: 200, json };
}

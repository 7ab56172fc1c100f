import { PRODUCT } from './jwt.ts';
import {
  isObject,
  listIn,
  objectIn,
  readLogEvent,
  readPage,
  readSummary,
  textIn,
  type JsonObject,
  type LogEvent,
  type Page,
  type Summary,
} from './wire.ts';

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as an object; an empty one where it is none. */
  readonly json: JsonObject;
};

export type Call = {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The HTTP side of the protocol, for one access token. */
export class HttpClient {
  readonly #baseUrl: () => string;
  readonly #token: () => string | undefined;

  constructor(baseUrl: () => string, token: () => string | undefined) {
    this.#baseUrl = baseUrl;
    this.#token = token;
  }

  async call({ method, path, body, headers }: Call): Promise<Answer> {
    const token = this.#token();
    const response = await fetch(`${this.#baseUrl()}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: asBody(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  }

  /** The same, for calls that must succeed. */
  async get(path: string): Promise<JsonObject> {
    return expectOk(await this.call({ method: 'GET', path }), `GET ${path}`);
  }

  async post(path: string, body: unknown): Promise<JsonObject> {
    return expectOk(await this.call({ method: 'POST', path, body }), `POST ${path}`);
  }

  async delete(path: string): Promise<JsonObject> {
    return expectOk(await this.call({ method: 'DELETE', path }), `DELETE ${path}`);
  }

  /** Starts a group of the caller and `memberIds`. Its head is the event that created it. */
  async createGroup(memberIds: readonly string[], title = 'a group'): Promise<Summary> {
    const clientMessageId = crypto.randomUUID();
    const made = await this.post('/v1/conversations', { type: 'group', memberIds, title, clientMessageId });
    return readSummary(objectIn(made, 'conversation'));
  }

  async createDirect(userId: string): Promise<Summary> {
    const made = await this.post('/v1/conversations', { type: 'direct', memberIds: [userId] });
    return readSummary(objectIn(made, 'conversation'));
  }

  async addMembers(conversationId: string, userIds: readonly string[]): Promise<readonly LogEvent[]> {
    const path = `/v1/conversations/${conversationId}/members`;
    const done = await this.post(path, { clientMessageId: crypto.randomUUID(), userIds });
    return listIn(done, 'events').map(readLogEvent);
  }

  async removeMember(conversationId: string, userId: string): Promise<readonly LogEvent[]> {
    const path = `/v1/conversations/${conversationId}/members/${userId}`;
    const done = await this.delete(`${path}?clientMessageId=${crypto.randomUUID()}`);
    return listIn(done, 'events').map(readLogEvent);
  }

  async summary(conversationId: string): Promise<Summary> {
    return readSummary(objectIn(await this.get(`/v1/conversations/${conversationId}`), 'conversation'));
  }

  async events(conversationId: string, after: string | undefined): Promise<Page> {
    const query = after === undefined ? 'limit=200' : `limit=200&after=${encodeURIComponent(after)}`;
    return readPage(await this.get(`/v1/conversations/${conversationId}/events?${query}`));
  }

  /** The whole log, page by page, by sequence. */
  async readLog(conversationId: string): Promise<LogEvent[]> {
    const log: LogEvent[] = [];
    for (;;) {
      const page = await this.events(conversationId, String(log.at(-1)?.sequence ?? 0));
      log.push(...page.events);
      const last = page.events.at(-1);
      if (last === undefined || page.head === null || last.sequence >= page.head.sequence) return log;
    }
  }

  /** Every message, in order, by sequence: the other way to read the same log. */
  async readMessages(conversationId: string): Promise<LogEvent[]> {
    const messages: LogEvent[] = [];
    for (;;) {
      const after = messages.at(-1)?.sequence ?? 0;
      const path = `/v1/conversations/${conversationId}/messages?limit=200&after=${after}`;
      const page = listIn(await this.get(path), 'messages');
      if (page.length === 0) return messages;
      messages.push(...page.map((one) => readLogEvent({ type: 'message_event', ...(one as JsonObject) })));
    }
  }
}

/** The user of an embedding product, made beforehand with the key of its back end. */
export async function makeUser(baseUrl: string, subject: string): Promise<string> {
  const backEnd = new HttpClient(
    () => baseUrl,
    () => PRODUCT.apiKey,
  );
  const body = { issuer: PRODUCT.issuer, subject, displayName: subject };
  const path = '/v1/users/external';
  return textIn(expectOk(await backEnd.call({ method: 'PUT', path, body }), `PUT ${path}`), 'userId');
}

function expectOk(answer: Answer, what: string): JsonObject {
  if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${answer.text}`);
  return answer.json;
}

function parsed(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function asBody(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

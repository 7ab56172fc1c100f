import type { Command } from '@confab/conversation';
import { ConfabError, type ErrorCode, type LogEvent, parseEventId, type Session } from '@confab/protocol';
import type { FetchLike } from '../index.ts';
import type { FakeStore } from './fake-store.ts';

/** The server these routes are of. */
interface Served {
  readonly store: FakeStore;
  readonly isDown: boolean;
  readonly commit: (command: Command) => { readonly event: LogEvent };
  readonly mark: (
    userId: string,
    conversationId: string,
    marks: { delivered?: number; read?: number },
  ) => void;
  readonly direct: (conversationId: string, memberIds: readonly [string, string]) => void;
}

interface Asked {
  readonly userId: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

/** The HTTP routes of the fake server, as far as tests need them. */
export class FakeHttp {
  readonly #server: Served;
  /** Requests in order, as `GET /v1/...`. */
  readonly asked: string[] = [];
  /** Tests put failures here: what it gives is thrown instead of an answer. */
  failure: (request: string) => Error | null = () => null;
  tokenLifeMs = 3_600_000;
  now: () => number = () => 0;
  refreshes = 0;
  readonly #tokens = new Map<string, string>();
  readonly #refreshTokens = new Map<string, string>();
  readonly #successors = new Map<string, Session>();
  #issued = 0;

  constructor(server: Served) {
    this.#server = server;
  }

  readonly fetch: FetchLike = async (address, { method = 'GET', body, headers, signal }) => {
    await Promise.resolve();
    const { pathname, searchParams } = new URL(address);
    const request = `${method} ${pathname}${searchParams.size > 0 ? `?${searchParams}` : ''}`;
    this.asked.push(request);
    if (this.#server.isDown || signal?.aborted === true) throw new TypeError('fetch failed');
    try {
      const failure = this.failure(request);
      if (failure !== null) throw failure;
      const token = /^Bearer (.+)$/.exec((headers as Record<string, string>)['authorization'] ?? '')?.[1];
      const text = typeof body === 'string' ? body : '{}';
      const answer = this.#route(method, pathname, {
        userId: (token === undefined ? null : this.userOfToken(token)) ?? '',
        path: pathname.split('/').slice(2),
        query: searchParams,
        body: JSON.parse(text) as Record<string, unknown>,
      });
      return answer === null ? new Response(null, { status: 204 }) : Response.json(answer);
    } catch (error) {
      if (!(error instanceof ConfabError)) throw error;
      const { code, retry, status, message, detail } = error;
      return Response.json(
        { type: 'about:blank', title: message, code, retry, status, ...detail },
        { status },
      );
    }
  };

  userOfToken(token: string): string | null {
    return this.#tokens.get(token) ?? null;
  }

  issue(userId: string): Session {
    this.#issued += 1;
    const session: Session = {
      userId,
      deviceId: `device-${userId}`,
      accessToken: `access-${userId}-${this.#issued}`,
      accessTokenExpiresAt: new Date(this.now() + this.tokenLifeMs).toISOString(),
      refreshToken: `refresh-${userId}-${this.#issued}`,
    };
    this.#tokens.set(session.accessToken, userId);
    this.#refreshTokens.set(session.refreshToken, userId);
    return session;
  }

  /** The user's tokens are worth nothing any more. */
  revoke(userId: string): void {
    for (const tokens of [this.#tokens, this.#refreshTokens]) {
      for (const [token, owner] of tokens) if (owner === userId) tokens.delete(token);
    }
  }

  expire(token: string): void {
    this.#tokens.delete(token);
  }

  #route(method: string, path: string, asked: Asked): object | null {
    if (method === 'POST' && path === '/v1/sessions') return this.issue(String(asked.body['username']));
    if (method === 'POST' && path === '/v1/sessions/refresh')
      return this.#refresh(String(asked.body['refreshToken']));
    if (asked.userId === '') throw new ConfabError('unauthenticated');
    if (path === '/v1/sessions/current') return null;
    if (path === '/v1/receipts') return this.#receipt(asked);
    if (path === '/v1/conversations') return this.#conversations(method, asked);
    if (path.startsWith('/v1/conversations/')) return this.#conversation(method, asked);
    const user = this.#server.store.users.get(asked.path[1] ?? '');
    if (path.startsWith('/v1/users/') && user !== undefined) return user;
    throw new ConfabError('not_found');
  }

  #refresh(token: string): Session {
    this.refreshes += 1;
    const known = this.#successors.get(token);
    if (known !== undefined) return known;
    const userId = this.#refreshTokens.get(token);
    if (userId === undefined) throw new ConfabError('session_ended');
    const session = this.issue(userId);
    this.#successors.set(token, session);
    return session;
  }

  /** `after` is a cursor, or a sequence, which is never judged. */
  #events(userId: string, conversationId: string, after: string | null, limit: number): object {
    const { store } = this.#server;
    if (after === null || !/^\d+$/.test(after)) return store.page(userId, conversationId, after, limit);
    const { events } = store.logFor(userId, conversationId);
    const place = Number(after);
    return { conversationId, events: events.slice(place, place + limit), head: store.headOf(conversationId) };
  }

  #send(actorId: string, conversationId: string, body: Record<string, unknown>): object {
    const clientMessageId = String(body['clientMessageId']);
    const { event } = this.#server.commit({
      verb: 'send_message',
      actorId,
      conversationId,
      clientMessageId,
      body: String(body['body']),
      format: null,
      replyTo: null,
      mentions: [],
    });
    const { eventId: messageId, sequence, sentAt } = event;
    return { clientMessageId, conversationId, messageId, sequence, sentAt };
  }

  #receipt({ userId, body }: Asked): null {
    const place = parseEventId(String(body['messageId']));
    if (place === null) throw new ConfabError('not_found');
    this.#server.mark(userId, place.conversationId, { [String(body['receiptType'])]: place.sequence });
    return null;
  }

  #conversations(method: string, { userId, body }: Asked): object {
    const { store } = this.#server;
    if (method === 'GET')
      return { conversations: store.conversationsOf(userId).map((id) => store.summary(userId, id)) };
    const [peerId = ''] = body['memberIds'] as string[];
    const conversationId = `d${[userId, peerId].sort().join('-')}`;
    this.#server.direct(conversationId, [userId, peerId]);
    return { conversation: store.summary(userId, conversationId) };
  }

  #conversation(method: string, { userId, path, query, body }: Asked): object {
    if (method === 'POST' && path[2] === 'messages') return this.#send(userId, path[1] ?? '', body);
    const { store } = this.#server;
    const conversationId = path[1] ?? '';
    const log = store.logFor(userId, conversationId);
    const limit = Number(query.get('limit') ?? 50);
    switch (path[2]) {
      case undefined:
        return { conversation: store.summary(userId, conversationId) };
      case 'messages': {
        const before = Number(query.get('before') ?? Number.MAX_SAFE_INTEGER);
        const messages = log.events.filter(
          (event): event is Extract<LogEvent, { type: 'message_event' }> =>
            event.type === 'message_event' && event.sequence < before,
        );
        return { messages: messages.slice(-limit), head: store.headOf(conversationId) };
      }
      case 'events':
        return this.#events(userId, conversationId, query.get('after'), limit);
      case 'members':
        return {
          members: [...log.state.members].map(([id, { role, joinedSequence }]) => ({
            userId: id,
            role,
            joinedSequence,
            user: store.users.get(id),
          })),
        };
      default:
        throw new ConfabError('not_found');
    }
  }
}

/** An error as the server would answer it. */
export function refusal(code: ErrorCode): ConfabError {
  return new ConfabError(code);
}

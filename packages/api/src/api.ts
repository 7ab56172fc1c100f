import type { Observer } from '@confab/contracts';
import type { Chat, RateLimits, RateName } from '@confab/core';
import { answerHeaders, ConfabError, type HttpVerb } from '@confab/protocol';
import { Doorkeeper } from './access.ts';
import { operationRoutes, type OperationRoute } from './operation-route.ts';
import type { OriginRules } from './origins.ts';
import { addressOf, rateKeyOf, trustedProxiesOf, type TrustedProxies } from './peer-address.ts';
import { problemResponse } from './problem-response.ts';
import { type Method, Router, type Target, targetOf } from './router.ts';
import type { Site } from './site.ts';

/** What is known of who asks besides the request itself. */
export interface HttpPeer {
  /** The address at the other end of the socket; for extra routes, the one behind the trusted proxies. */
  readonly address: string;
  /** Resolves when the asker has gone, so that a long poll ends. */
  readonly gone: Promise<void>;
}

/** Answers requests. It does not reject. */
export type HttpDoor = (request: Request, peer: HttpPeer) => Promise<Response>;

/** A route that is no operation: streams, health, documents. */
export interface ExtraRoute {
  readonly method: Method;
  readonly path: string;
  answer(request: Request, peer: HttpPeer): Response | Promise<Response>;
}

export interface ApiSettings {
  /** The key of the embedding product's server; null where there is none. */
  readonly apiKey: string | null;
  /** Which web pages may use the API. */
  readonly origins: OriginRules;
  /** Addresses and networks of the proxies in front of the server. */
  readonly trustedProxies: readonly string[];
}

export interface ApiParts {
  readonly chat: Pick<Chat, 'handle' | 'authenticate'>;
  readonly rateLimits: RateLimits;
  readonly observer: Pick<Observer, 'fault' | 'requestRefused'>;
  readonly settings: ApiSettings;
  readonly extraRoutes: readonly ExtraRoute[];
  /** The web app; null where only the API is served. */
  readonly site: Site | null;
  /** An id for a fault, by which its answer and its log line are matched. */
  readonly newFaultId: () => string;
}

/** What a route does; `name` is for logs and metrics and has no ids in it. */
interface Route {
  readonly name: string;
  answer(request: Request, target: Target, peer: HttpPeer): Response | Promise<Response>;
}

/** Requests of these verbs are also counted by address: nobody is known yet. */
const limitsByAddress: Partial<Record<HttpVerb, RateName>> = {
  create_account: 'register',
  create_session: 'log_in',
  refresh_session: 'log_in',
};

const jsonHeaders = { ...answerHeaders, 'content-type': 'application/json' } as const;
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
const EXPOSED_HEADERS = 'retry-after, www-authenticate, confab-connection, confab-fault-id';
const PREFLIGHT_SECONDS = 600;
const ORIGIN_ADVICE =
  'Pages of this Origin may not use this server; its operator allows them with CONFAB_PUBLIC_URL or CONFAB_ALLOWED_ORIGINS.';

/** The HTTP door: the operations table, the extra routes and the web app behind one function. */
export function createApi(parts: ApiParts): HttpDoor {
  const door = new Door(parts);
  return (request, peer) => door.answer(request, peer);
}

class Door {
  readonly #parts: ApiParts;
  readonly #router = new Router<Route>();
  readonly #doorkeeper: Doorkeeper;
  readonly #trustedProxies: TrustedProxies;

  constructor(parts: ApiParts) {
    const { settings } = parts;
    this.#parts = parts;
    this.#doorkeeper = new Doorkeeper(parts.chat, settings.apiKey);
    this.#trustedProxies = trustedProxiesOf(settings.trustedProxies);
    for (const route of operationRoutes()) {
      this.#router.add(route.http.method, route.http.path, {
        name: route.verb,
        answer: (request, target, peer) => this.#operate(route, request, target, peer),
      });
    }
    for (const route of parts.extraRoutes) {
      this.#router.add(route.method, route.path, {
        name: route.path,
        answer: (request, _target, peer) =>
          route.answer(request, { address: this.#addressOf(request, peer), gone: peer.gone }),
      });
    }
  }

  async answer(request: Request, peer: HttpPeer): Promise<Response> {
    const origin = request.headers.get('origin');
    const isAllowed = this.#parts.settings.origins.allows(request.headers);
    const response = await this.#answerOrRefuse(request, peer, isAllowed);
    if (origin !== null && isAllowed) {
      response.headers.set('access-control-allow-origin', origin);
      response.headers.set('access-control-expose-headers', EXPOSED_HEADERS);
    }
    if (request.method !== 'HEAD') return response;
    // The answer to the same GET, its length included, without its body.
    const { status, headers } = response;
    if (!headers.has('content-length'))
      headers.set('content-length', String((await response.bytes()).byteLength));
    return new Response(null, { status, headers });
  }

  async #answerOrRefuse(request: Request, peer: HttpPeer, isOriginAllowed: boolean): Promise<Response> {
    let name = 'http';
    try {
      const target = targetOf(request.url);
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      if (!isOriginAllowed && !SAFE_METHODS.has(method))
        throw new ConfabError('origin_not_allowed', ORIGIN_ADVICE);
      const route = this.#router.find(method, target.segments);
      if (route === null) return await this.#answerUnrouted(request, method, target, isOriginAllowed);
      name = route.name;
      return await route.answer(request, target, peer);
    } catch (error) {
      return this.#refuse(error, name, request.method);
    }
  }

  async #operate(route: OperationRoute, request: Request, target: Target, peer: HttpPeer): Promise<Response> {
    const { verb, http } = route;
    this.#checkRate(verb, request, peer);
    const caller = await this.#doorkeeper.callerOf(verb, route.operation.access, request.headers);
    const asked = await route.read(request, target);
    const context = { lane: null, gone: peer.gone };
    const { json, existing } = await this.#parts.chat.handle(verb, caller, asked, context);
    if (json === null) return new Response(null, { status: 204, headers: answerHeaders });
    const status = existing && http.existing !== undefined ? http.existing : http.status;
    return new Response(json, { status, headers: jsonHeaders });
  }

  #checkRate(verb: HttpVerb, request: Request, peer: HttpPeer): void {
    const limit = limitsByAddress[verb];
    if (limit === undefined) return;
    const afterMs = this.#parts.rateLimits.take(limit, rateKeyOf(this.#addressOf(request, peer)));
    if (afterMs > 0) throw new ConfabError('rate_limited', undefined, { afterMs });
  }

  #addressOf(request: Request, peer: HttpPeer): string {
    return addressOf(peer.address, request.headers.get('x-forwarded-for'), this.#trustedProxies);
  }

  async #answerUnrouted(
    request: Request,
    method: string,
    target: Target,
    isOriginAllowed: boolean,
  ): Promise<Response> {
    const allowed = this.#router.allowedMethods(target.segments);
    if (allowed.length === 0) {
      const isPage = method === 'GET' && target.segments[0] !== 'v1';
      const page = isPage ? await this.#parts.site?.answer(request, target.path) : null;
      if (page === null || page === undefined) throw new ConfabError('not_found');
      return page;
    }
    const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
    if (method === 'OPTIONS') return preflightResponse(allow, isOriginAllowed);
    const response = problemResponse(new ConfabError('method_not_allowed'));
    response.headers.set('allow', allow);
    return response;
  }

  #refuse(error: unknown, name: string, method: string): Response {
    if (error instanceof ConfabError) {
      this.#parts.observer.requestRefused({ verb: name, code: error.code, cause: error.cause });
      return problemResponse(error);
    }
    const faultId = this.#parts.newFaultId();
    this.#parts.observer.fault({ where: `http ${name}`, error, facts: { faultId, method } });
    const response = problemResponse(new ConfabError('internal'));
    response.headers.set('confab-fault-id', faultId);
    return response;
  }
}

/** What a page of another origin may send. A page that is not allowed is told nothing, which is a refusal to browsers. */
function preflightResponse(allow: string, isOriginAllowed: boolean): Response {
  const permissions = {
    'access-control-allow-methods': allow,
    'access-control-allow-headers': 'authorization, content-type, confab-device, confab-connection',
    'access-control-max-age': String(PREFLIGHT_SECONDS),
  };
  return new Response(null, {
    status: 204,
    headers: { allow, vary: 'Origin', ...(isOriginAllowed ? permissions : {}) },
  });
}

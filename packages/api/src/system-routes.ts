import { createHash } from 'node:crypto';
import { answerHeaders, ConfabError } from '@confab/protocol';
import { actAsVerbs, bearerOf, secretMatcher } from './access.ts';
import type { ExtraRoute, HttpPeer } from './api.ts';
import { isLoopback } from './peer-address.ts';

/** What was looked at, and whether all of it was well. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, 'ok' | 'failed'>>;
}

export interface SystemParts {
  /** Whether this node takes traffic. Must answer soon; a rejection counts as no. */
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>;
  /** Asked for at `/metrics`; null: only this machine itself may look. */
  readonly metricsToken: string | null;
  /** The product's version, for the documents. */
  readonly version: string;
}

/** Headers by which a proxy says that it speaks for somebody else. */
const FORWARDED_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'];

/** Health, readiness, metrics and the two documents. */
export function systemRoutes(parts: SystemParts): readonly ExtraRoute[] {
  const isMetricsToken = secretMatcher(parts.metricsToken);
  const mayReadMetrics = (request: Request, peer: HttpPeer): boolean =>
    parts.metricsToken === null
      ? isThisMachine(request, peer)
      : isMetricsToken(bearerOf(request.headers) ?? '');

  return [
    { method: 'GET', path: '/healthz', answer: () => jsonResponse('{"status":"ok"}', 200) },
    {
      method: 'GET',
      path: '/readyz',
      answer: async () => {
        const readiness = await parts.readiness();
        return jsonResponse(JSON.stringify(readiness), readiness.ready ? 200 : 503);
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      answer: async (request, peer) => {
        if (!mayReadMetrics(request, peer))
          throw new ConfabError('unauthenticated', 'Metrics take CONFAB_METRICS_TOKEN.');
        const { text, contentType } = await parts.metrics();
        return new Response(text, { headers: { ...answerHeaders, 'content-type': contentType } });
      },
    },
    documentRoute('/openapi.json', async () => {
      const { openApiDocument } = await import('@confab/protocol/documents');
      return openApiDocument({ version: parts.version, actAsVerbs });
    }),
    documentRoute('/asyncapi.json', async () => {
      const { asyncApiDocument } = await import('@confab/protocol/documents');
      return asyncApiDocument({ version: parts.version });
    }),
  ];
}

/** A proxy on this machine has a local address too, and speaks for anybody. */
function isThisMachine(request: Request, peer: HttpPeer): boolean {
  return isLoopback(peer.address) && !FORWARDED_HEADERS.some((name) => request.headers.has(name));
}

/** A document is made when it is first asked for: most servers are never asked. */
function documentRoute(path: string, make: () => Promise<object>): ExtraRoute {
  let document: { readonly text: string; readonly tag: string } | undefined;
  return {
    method: 'GET',
    path,
    answer: async (request) => {
      document ??= print(await make());
      const { text, tag } = document;
      const headers = { ...answerHeaders, 'cache-control': 'no-cache', etag: tag };
      if (request.headers.get('if-none-match') === tag) return new Response(null, { status: 304, headers });
      return new Response(text, { headers: { ...headers, 'content-type': 'application/json' } });
    },
  };
}

function print(document: object): { readonly text: string; readonly tag: string } {
  const text = JSON.stringify(document);
  return { text, tag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
}

function jsonResponse(json: string, status: number): Response {
  return new Response(json, { status, headers: { ...answerHeaders, 'content-type': 'application/json' } });
}

import { type HttpRoute, type HttpVerb, calls, type RequestOf } from '@confab/protocol';

/** A request as HTTP has it. */
export interface HttpRequest {
  readonly method: HttpRoute['method'];
  /** Path and query, beginning with `/v1`. */
  readonly path: string;
  readonly body: string | null;
}

/** Builds the HTTP form of a request from its row in the operations table. */
export function requestOf<V extends HttpVerb>(verb: V, request: RequestOf<V>): HttpRequest {
  const route: HttpRoute = calls[verb].http;
  const fields = new Map(Object.entries(request).filter(([, value]) => value !== undefined));
  const path = route.path.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = fields.get(field);
    fields.delete(field);
    return encodeURIComponent(String(value));
  });
  if (route.method === 'GET' || route.method === 'DELETE') {
    const query = new URLSearchParams([...fields].map(([field, value]) => [field, String(value)])).toString();
    return { method: route.method, path: query === '' ? path : `${path}?${query}`, body: null };
  }
  const names = new Map(Object.entries(route.bodyNames ?? {}).map(([bodyName, field]) => [field, bodyName]));
  const body = Object.fromEntries([...fields].map(([field, value]) => [names.get(field) ?? field, value]));
  return { method: route.method, path, body: JSON.stringify(body) };
}

import { type ConfabError, problemOf, retryAfterSeconds } from '@confab/protocol';

/** An error as `application/problem+json`. */
export function problem(error: ConfabError): Response {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter !== null) headers['retry-after'] = String(retryAfter);
  if (error.status === 401) headers['www-authenticate'] = 'Bearer';
  return new Response(JSON.stringify(problemOf(error)), { status: error.status, headers });
}

import { type ConfabError, problemOf, retryAfterSeconds } from '@confab/protocol';
import { answerHeaders } from './answer-headers.ts';

/** An error as `application/problem+json`. */
export function problem(error: ConfabError): Response {
  const { status } = error;
  const headers: Record<string, string> = { ...answerHeaders, 'content-type': 'application/problem+json' };
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter !== null) headers['retry-after'] = String(retryAfter);
  if (status === 401) headers['www-authenticate'] = challengeOf(error);
  return new Response(JSON.stringify(problemOf(error)), { status, headers });
}

/** RFC 6750: only who gave a token is told that it is no good. */
function challengeOf(error: ConfabError): string {
  return error.code === 'token_expired'
    ? 'Bearer realm="confab", error="invalid_token", error_description="expired"'
    : 'Bearer realm="confab"';
}

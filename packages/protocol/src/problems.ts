import { type ConfabError, errorTable } from './errors.ts';

/** Headers of every HTTP answer that is one user's: it is kept nowhere, and differs by Origin only. */
export const answerHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  vary: 'Origin',
} as const;

/** An error as an HTTP answer: `application/problem+json` (RFC 9457), with what a client waits or signs in by. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** The HTTP answer of an error. `Retry-After` is in whole seconds, at least one. */
export function problemAnswer(error: ConfabError): ProblemAnswer {
  const { status } = error;
  const { afterMs } = error.detail;
  const headers: Record<string, string> = { ...answerHeaders, 'content-type': 'application/problem+json' };
  if (afterMs !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(afterMs / 1_000)));
  if (status === 401) headers['www-authenticate'] = challengeOf(error);
  return { status, headers, body: JSON.stringify(problemOf(error)) };
}

function problemOf(error: ConfabError): Record<string, unknown> {
  const { status, retry, meaning } = errorTable[error.code];
  const { afterMs, userIds } = error.detail;
  return {
    type: `urn:confab:problem:${error.code}`,
    title: meaning,
    status,
    ...(error.message === meaning ? {} : { detail: error.message }),
    code: error.code,
    retry,
    ...(afterMs === undefined ? {} : { afterMs: Math.ceil(afterMs) }),
    ...(userIds === undefined ? {} : { userIds }),
  };
}

/** RFC 6750: only who gave a token is told that it is no good. */
function challengeOf(error: ConfabError): string {
  return error.code === 'token_expired'
    ? 'Bearer realm="confab", error="invalid_token", error_description="expired"'
    : 'Bearer realm="confab"';
}

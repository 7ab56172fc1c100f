import { type ConfabError, errorTable } from '@confab/protocol';

/** An error as `application/problem+json`. */
export function problem(error: ConfabError): Response {
  const { code, message, retry, status, detail } = error;
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  if (detail.afterMs !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(detail.afterMs / 1_000)));
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  const { afterMs, userIds } = detail;
  const title = errorTable[code].meaning;
  const body = JSON.stringify({
    type: `urn:confab:problem:${code}`,
    title,
    status,
    detail: message === title ? undefined : message,
    code,
    retry,
    afterMs,
    userIds,
  });
  return new Response(body, { status, headers });
}

import { errorCodes, errorTable, type RetryClass } from '@confab/protocol';
import { ChatError, type ChatErrorCode } from '../errors.ts';

/** What an error looks like on the wire, over HTTP (RFC 9457) and in an `error` frame alike. */
interface WireError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly detail?: unknown;
  readonly title?: unknown;
  readonly retry?: unknown;
  readonly afterMs?: unknown;
  readonly userIds?: unknown;
}

const retryClasses: readonly RetryClass[] = ['never', 'later', 'after_auth', 'after_resume'];

/** An error of the wire as a `ChatError`. `status` is null for frames. */
export function errorOfWire(wire: WireError, status: number | null): ChatError {
  const code = typeof wire.code === 'string' ? (wire.code as ChatErrorCode) : codeOfStatus(status ?? 500);
  const text = [wire.message, wire.detail, wire.title].find((part) => typeof part === 'string');
  const userIds = Array.isArray(wire.userIds) ? wire.userIds.filter((id) => typeof id === 'string') : [];
  return new ChatError(code, text, {
    retry: retryClasses.find((known) => known === wire.retry),
    afterMs: typeof wire.afterMs === 'number' ? wire.afterMs : undefined,
    userIds,
    status: status ?? undefined,
  });
}

/** A failed answer as a `ChatError`; one that is no problem+json (a proxy's page) by its status alone. */
export async function errorOfResponse(response: Response): Promise<ChatError> {
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // Proxies answer in HTML.
  }
  const wire: WireError = typeof body === 'object' && body !== null && 'code' in body ? body : {};
  return errorOfWire({ ...wire, afterMs: wire.afterMs ?? retryAfterMs(response) }, response.status);
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function codeOfStatus(status: number): ChatErrorCode {
  if (status === 502 || status === 503 || status === 504) return 'unavailable';
  if (status >= 500) return 'internal';
  if (status === 401) return 'unauthenticated';
  return errorCodes.find((code) => errorTable[code].status === status) ?? 'unexpected';
}

import { type ErrorCode, errorTable, type RetryClass } from '@confab/protocol';

/**
 * What goes wrong on this side of the wire, beside the rows of the server's error table:
 * `network` no answer came (it is not known whether the request was carried out), `timeout` the same after a wait of
 * our own, `signed_out` nobody is logged in here, `closed` the client was closed, `storage` the device's storage
 * failed, `unexpected` the answer was not of this protocol.
 */
export type ClientErrorCode = 'network' | 'timeout' | 'signed_out' | 'closed' | 'storage' | 'unexpected';

/** Every code a `ChatError` may have. */
export type ChatErrorCode = ErrorCode | ClientErrorCode;

const clientRetry: Readonly<Record<ClientErrorCode, RetryClass>> = {
  network: 'later',
  timeout: 'later',
  signed_out: 'never',
  closed: 'never',
  storage: 'never',
  unexpected: 'never',
};

/** Facts of one error beside its row of the table. */
export interface ChatErrorDetail {
  /** Milliseconds after which a retry makes sense. */
  readonly afterMs?: number | undefined;
  /** The users an `unknown_members` is about. */
  readonly userIds?: readonly string[] | undefined;
  /** HTTP status, where the error came as an HTTP answer. */
  readonly status?: number | undefined;
  /** The server's word on retrying; it wins over the table, which may be of another version. */
  readonly retry?: RetryClass | undefined;
  readonly cause?: unknown;
}

/** The one error class of the SDK. `code` says what, `retry` says what may be done about it. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  /** A row of the error table, a `ClientErrorCode`, or what a newer server called it. */
  readonly code: ChatErrorCode;
  readonly retry: RetryClass;
  readonly afterMs: number | null;
  readonly userIds: readonly string[];
  readonly status: number | null;

  constructor(code: ChatErrorCode, message?: string, detail: ChatErrorDetail = {}) {
    super(message ?? meaningOf(code), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.retry = detail.retry ?? retryOf(code);
    this.afterMs = detail.afterMs ?? null;
    this.userIds = detail.userIds ?? [];
    this.status = detail.status ?? null;
  }

  /** Whether the same request may succeed later without anybody changing it. */
  shouldRetry(): boolean {
    return this.retry !== 'never';
  }
}

function isClientCode(code: ChatErrorCode): code is ClientErrorCode {
  return Object.hasOwn(clientRetry, code);
}

function retryOf(code: ChatErrorCode): RetryClass {
  if (isClientCode(code)) return clientRetry[code];
  // A newer server may know more codes than this table.
  return Object.hasOwn(errorTable, code) ? errorTable[code].retry : 'never';
}

function meaningOf(code: ChatErrorCode): string {
  if (isClientCode(code)) return code;
  return Object.hasOwn(errorTable, code) ? errorTable[code].meaning : code;
}

/** Any thrown thing as a `ChatError`; what is none yet becomes `unexpected` with the cause kept. */
export function toChatError(thrown: unknown): ChatError {
  if (thrown instanceof ChatError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ChatError('unexpected', message, { cause: thrown });
}

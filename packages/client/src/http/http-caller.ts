import { type AnswerOf, calls, type HttpVerb, type RequestOf } from '@confab/protocol';
import type { FetchLike, Timers } from '../client-types.ts';
import { askedWaitMs, fullJitterMs } from '../connection/backoff.ts';
import { ChatError } from '../errors.ts';
import type { TokenSource } from '../session/token-source.ts';
import { errorOfResponse } from './problem.ts';
import { type HttpRequest, requestOf } from './request-of.ts';

const REQUEST_TIMEOUT_MS = 20_000;
const ATTEMPTS_MAX = 4;

interface HttpCallerOptions {
  readonly url: string;
  readonly fetch: FetchLike;
  readonly timers: Timers;
  readonly random: () => number;
}

/** The operations over HTTP. Knows tokens, time-outs and errors; knows no conversation. */
export class HttpCaller {
  readonly #options: HttpCallerOptions;
  #tokens: TokenSource | null = null;

  constructor(options: HttpCallerOptions) {
    this.#options = options;
  }

  /** Token sources refresh over HTTP themselves, so the two are made one after the other. */
  useTokens(tokens: TokenSource): void {
    this.#tokens = tokens;
  }

  /** One request and its answer. A refused token is replaced once. */
  readonly call = async <V extends HttpVerb>(verb: V, request: RequestOf<V>): Promise<AnswerOf<V>> => {
    const asked = requestOf(verb, request);
    const waitMs = 'waitMs' in request && typeof request.waitMs === 'number' ? request.waitMs : 0;
    const timeoutMs = REQUEST_TIMEOUT_MS + waitMs;
    if (calls[verb].access === 'anyone') return await this.#answer<V>(asked, null, timeoutMs);
    const token = await this.#token(null);
    try {
      return await this.#answer<V>(asked, token, timeoutMs);
    } catch (error) {
      if (!(error instanceof ChatError) || error.retry !== 'after_auth') throw error;
      return await this.#answer<V>(asked, await this.#token(token), timeoutMs);
    }
  };

  /** For requests that may be repeated safely: tries again, a few times and with growing waits, where it may help. */
  readonly callPatiently = async <V extends HttpVerb>(
    verb: V,
    request: RequestOf<V>,
  ): Promise<AnswerOf<V>> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.call(verb, request);
      } catch (error) {
        if (!(error instanceof ChatError) || error.retry !== 'later' || attempt >= ATTEMPTS_MAX) throw error;
        await this.#pause(error.afterMs, attempt);
      }
    }
  };

  async #token(stale: string | null): Promise<string> {
    if (this.#tokens === null) throw new ChatError('signed_out');
    return (await this.#tokens.token(stale)).value;
  }

  async #pause(afterMs: number | null, attempt: number): Promise<void> {
    const { timers, random } = this.#options;
    const delayMs = afterMs === null ? fullJitterMs(attempt, random()) : askedWaitMs(afterMs, random());
    await new Promise<void>((resolve) => timers.after(delayMs, resolve));
  }

  async #answer<V extends HttpVerb>(
    request: HttpRequest,
    token: string | null,
    timeoutMs: number,
  ): Promise<AnswerOf<V>> {
    const abort = new AbortController();
    const cancel = this.#options.timers.after(timeoutMs, () => abort.abort());
    try {
      const response = await this.#options.fetch(`${this.#options.url}${request.path}`, {
        method: request.method,
        headers: {
          accept: 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(request.body === null ? {} : { 'content-type': 'application/json' }),
        },
        body: request.body,
        signal: abort.signal,
        // Answers are never to be shared or kept by the browser: they are one user's.
        cache: 'no-store',
      });
      if (!response.ok) throw await errorOfResponse(response);
      return (response.status === 204 ? null : await response.json()) as AnswerOf<V>;
    } catch (cause) {
      if (cause instanceof ChatError) throw cause;
      throw new ChatError(abort.signal.aborted ? 'timeout' : 'network', undefined, { cause });
    } finally {
      cancel();
    }
  }
}

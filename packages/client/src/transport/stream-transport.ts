import {
  type ClientFrame,
  closeCodes,
  decodeServerFrame,
  limits,
  type RetryClass,
  type ServerFrame,
} from '@confab/protocol';
import type { FetchLike, Timers } from '../client-types.ts';
import { type ChatError, toChatError } from '../errors.ts';
import { errorOfResponse } from '../http/problem.ts';
import { EventStreamParser } from './event-stream.ts';
import { ABNORMAL_CLOSE, type Link, type LinkClose, type LinkEvents, type Transport } from './transport.ts';

const LINE_CHARACTERS_MAX = 4 * 1024 * 1024;
const POST_TIMEOUT_MS = 20_000;
/** Below the server's bound for a body, so that the array around the frames fits too. */
const POST_CHARACTERS_MAX = limits.frameBytesMax - 16 * 1024;

interface StreamPorts {
  /** The origin of the server with whatever stands in front of `/v1`. */
  readonly url: string;
  readonly fetch: FetchLike;
  readonly timers: Timers;
}

/**
 * Frames over plain HTTP, for networks that block WebSockets: down as server-sent events, up as POSTs of arrays. One
 * POST at a time, so frames are executed in the order they were sent in.
 */
export function streamTransport({ url, fetch, timers }: StreamPorts): Transport {
  return {
    kind: 'stream',
    open(events) {
      const link = new StreamLink({ url, fetch, timers }, events);
      // The stream is opened *by* the authenticate frame, so that may be said at once.
      queueMicrotask(() => events.opened());
      return link;
    },
  };
}

class StreamLink implements Link {
  readonly #ports: StreamPorts;
  readonly #events: LinkEvents;
  readonly #abort = new AbortController();
  readonly #parser = new EventStreamParser(LINE_CHARACTERS_MAX);
  #token: string | null = null;
  #deviceId = '';
  #connectionId: string | null = null;
  #waiting: ClientFrame[] = [];
  #isPosting = false;
  #isDone = false;

  constructor(ports: StreamPorts, events: LinkEvents) {
    this.#ports = ports;
    this.#events = events;
  }

  send(frame: ClientFrame): void {
    if (this.#isDone) return;
    const isFirst = this.#token === null;
    if (frame.type === 'authenticate') {
      this.#token = frame.token;
      this.#deviceId = frame.deviceId;
    }
    if (isFirst) {
      void this.#read(JSON.stringify(frame));
      return;
    }
    this.#waiting.push(frame);
    void this.#post();
  }

  close(): void {
    this.#isDone = true;
    this.#abort.abort();
  }

  async #read(body: string): Promise<void> {
    try {
      const response = await this.#ports.fetch(`${this.#ports.url}/v1/stream`, {
        method: 'POST',
        headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
        body,
        signal: this.#abort.signal,
        cache: 'no-store',
      });
      if (!response.ok || response.body === null) throw await errorOfResponse(response);
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        this.#take(decoder.decode(part.value, { stream: true }));
      }
      this.#end({ code: closeCodes.goingAway, reason: 'the stream ended', afterMs: null });
    } catch (thrown) {
      this.#end(closeOfError(toChatError(thrown)));
    }
  }

  #take(text: string): void {
    this.#events.heard();
    for (const { name, data } of this.#parser.push(text)) {
      if (this.#isDone) return;
      if (name === 'close') this.#end(closeOfData(data));
      else this.#deliver(decodeServerFrame(data));
    }
  }

  #deliver(frame: ServerFrame | null): void {
    if (frame === null) return;
    if (frame.type === 'hello') {
      this.#connectionId = frame.connectionId;
      void this.#post();
    }
    this.#events.frame(frame);
  }

  async #post(): Promise<void> {
    if (this.#isPosting || this.#connectionId === null) return;
    this.#isPosting = true;
    try {
      while (this.#waiting.length > 0 && !this.#isDone) await this.#postOne(this.#connectionId);
    } catch (thrown) {
      // Nobody knows which of the frames were executed: a new link resumes, and the queue asks what landed.
      this.#end(closeOfError(toChatError(thrown)));
    } finally {
      this.#isPosting = false;
    }
  }

  async #postOne(connectionId: string): Promise<void> {
    const frames = this.#takeWaiting();
    // The stream may live on while its POSTs do not get through.
    const cancel = this.#ports.timers.after(POST_TIMEOUT_MS, () =>
      this.#end({ code: ABNORMAL_CLOSE, reason: 'no answer to a POST', afterMs: null }),
    );
    try {
      this.#takeAnswers(frames, await this.#ask(frames, connectionId));
    } finally {
      cancel();
    }
  }

  async #ask(frames: readonly ClientFrame[], connectionId: string): Promise<readonly ServerFrame[]> {
    const response = await this.#ports.fetch(`${this.#ports.url}/v1/frames`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization: `Bearer ${this.#token ?? ''}`,
        'confab-connection': connectionId,
        // For a node that does not hold the stream.
        'confab-device': this.#deviceId,
      },
      body: JSON.stringify(frames),
      signal: this.#abort.signal,
      cache: 'no-store',
    });
    if (!response.ok) throw await errorOfResponse(response);
    const answer = (await response.json()) as { readonly frames?: readonly ServerFrame[] };
    return answer.frames ?? [];
  }

  #takeAnswers(frames: readonly ClientFrame[], answers: readonly ServerFrame[]): void {
    for (const [place, frame] of answers.entries()) {
      if (this.#isDone) return;
      const asked = frames[place];
      if (asked !== undefined && frame.type === 'error') this.#holdBack(asked, frame.retry);
      this.#events.answer(frame);
    }
  }

  /**
   * Behind a send that was refused for now nothing may go out to its conversation: the next POST may reach a node that
   * knows nothing of the refusal. The queue sends all of it again, in order.
   */
  #holdBack(asked: ClientFrame, retry: RetryClass): void {
    if (asked.type !== 'send_message' || retry === 'never') return;
    this.#waiting = this.#waiting.filter(
      (frame) => frame.type !== 'send_message' || frame.conversationId !== asked.conversationId,
    );
  }

  /** As many frames as one POST may carry. */
  #takeWaiting(): ClientFrame[] {
    let characters = 0;
    let count = 0;
    for (const frame of this.#waiting.slice(0, limits.framesPerPostMax)) {
      characters += JSON.stringify(frame).length * 3;
      if (count > 0 && characters > POST_CHARACTERS_MAX) break;
      count += 1;
    }
    const frames = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return frames;
  }

  #end(close: LinkClose): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#abort.abort();
    this.#events.closed(close);
  }
}

/** A failed request as the close of a WebSocket that means the same. */
export function closeOfError(error: ChatError): LinkClose {
  const { afterMs, message: reason } = error;
  switch (error.retry) {
    case 'after_auth':
      return { code: closeCodes.tokenExpired, reason, afterMs };
    case 'later':
      return { code: error.status === null ? ABNORMAL_CLOSE : closeCodes.overloaded, reason, afterMs };
    case 'after_resume':
      return { code: closeCodes.goingAway, reason, afterMs };
    case 'never':
      // What is no word of the protocol comes from something in between, and is no verdict.
      if (error.code === 'session_ended') return { code: closeCodes.signedOut, reason, afterMs };
      return { code: ABNORMAL_CLOSE, reason, afterMs };
  }
}

/** `event: close` tells what the close frame of a WebSocket would. */
function closeOfData(data: string): LinkClose {
  try {
    const { code, reason } = JSON.parse(data) as { readonly code?: unknown; readonly reason?: unknown };
    if (typeof code === 'number')
      return { code, reason: typeof reason === 'string' ? reason : '', afterMs: null };
  } catch {
    // Then it is an end like any other.
  }
  return { code: closeCodes.goingAway, reason: 'the stream ended', afterMs: null };
}

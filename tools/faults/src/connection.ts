import { within } from './deadline.ts';
import { readFrame, type Frame } from './wire.ts';

const SUBPROTOCOL = 'confab.v1.json';
const OPEN_LIMIT_MS = 15_000;
const ANSWER_LIMIT_MS = 30_000;

export type Close = { readonly code: number; readonly reason: string };

/** The connection went before the answer came: what became of the request is not known. */
class ConnectionLost extends Error {
  readonly close: Close;
  constructor(close: Close) {
    super(`the connection closed with ${close.code} ${close.reason}`);
    this.close = close;
  }
}

export type ConnectionOptions = {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Called for every frame, in the order of arrival. */
  readonly onFrame: (frame: Frame) => void;
};

/** Bun's own, which takes headers and can be let go without a word; what is known of it here is a browser's. */
const BunWebSocket = WebSocket as unknown as new (
  address: string,
  options: Bun.WebSocketOptions,
) => Bun.WebSocket;

let connections = 0;
let refs = 0;

/** One WebSocket, raw: frames out, frames in, and answers found by their `ref`. */
export class Connection {
  readonly name = `connection-${(connections += 1)}`;
  readonly closed: Promise<Close>;
  readonly #socket: Bun.WebSocket;
  readonly #asked = new Map<string, (frame: Frame) => void>();
  readonly #opened: Promise<void>;
  #isClosed = false;
  #heardAtMs = performance.now();

  constructor({ baseUrl, headers, onFrame }: ConnectionOptions) {
    const address = `${baseUrl.replace(/^http/, 'ws')}/v1/ws`;
    this.#socket = new BunWebSocket(address, { headers, protocols: [SUBPROTOCOL] });
    const closed = Promise.withResolvers<Close>();
    const opened = Promise.withResolvers<void>();
    this.closed = closed.promise;
    this.#opened = opened.promise;
    this.#opened.catch(() => undefined);
    this.#socket.addEventListener('open', () => opened.resolve());
    this.#socket.addEventListener('message', ({ data }) => {
      this.#heardAtMs = performance.now();
      const frame = readFrame(String(data));
      onFrame(frame);
      this.#answer(frame);
    });
    this.#socket.addEventListener('close', ({ code, reason }) => {
      this.#isClosed = true;
      closed.resolve({ code, reason });
      opened.reject(new ConnectionLost({ code, reason }));
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the upgrade has been answered and it is not closed. */
  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** When the last frame came, or it was made. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  get subprotocol(): string {
    return this.#socket.protocol;
  }

  /** Resolves when the upgrade has been answered. */
  async opened(): Promise<void> {
    await within(OPEN_LIMIT_MS, 'the upgrade', this.#opened);
  }

  send(frame: { readonly type: string } & Readonly<Record<string, unknown>>): void {
    this.sendText(JSON.stringify(frame));
  }

  sendText(text: string): void {
    if (!this.#isClosed) this.#socket.send(text);
  }

  sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#isClosed) this.#socket.send(bytes);
  }

  /** Sends a request with a `ref` of its own and gives the frame that carries the `ref` back. */
  async ask(frame: { readonly type: string } & Readonly<Record<string, unknown>>): Promise<Frame> {
    const ref = newRef();
    const answer = Promise.withResolvers<Frame>();
    this.#asked.set(ref, answer.resolve);
    this.send({ ...frame, ref });
    const lost = this.closed.then((close) => {
      throw new ConnectionLost(close);
    });
    lost.catch(() => undefined);
    const what = `the answer to ${frame.type}`;
    try {
      return await within(ANSWER_LIMIT_MS, what, Promise.race([answer.promise, lost]));
    } finally {
      this.#asked.delete(ref);
    }
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** Closes it without a word: the other side may not be there to answer one. */
  abandon(): void {
    this.#socket.terminate();
  }

  #answer(frame: Frame): void {
    const ref = frame['ref'];
    if (typeof ref === 'string') this.#asked.get(ref)?.(frame);
  }
}

export function newRef(): string {
  refs += 1;
  return `r${refs}`;
}

import type { Heartbeat, Transport } from './transport.ts';

/** What a stream reports to; the connection it was opened with. */
export interface StreamListener {
  drained(): void;
  transportClosed(code: number): void;
}

/** Bytes handed to the system ahead of the reader. */
const AHEAD_BYTES = 64 * 1024;
const HEARTBEAT: Heartbeat = { intervalMs: 15_000, answerMs: null };
/** RFC 6455: the link ended without a word. */
const ABNORMAL_CLOSE = 1006;

/**
 * A connection's frames as `text/event-stream`: one `data:` line each. A last event named `close` carries what a
 * WebSocket's close frame would. Comment lines keep proxies awake; a peer that is gone is noticed when a write fails.
 */
export class EventStreamTransport implements Transport {
  readonly kind = 'stream';
  readonly heartbeat = HEARTBEAT;
  readonly body: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #listener: StreamListener | null = null;

  constructor() {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#listener?.drained(),
        cancel: () => this.gone(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: AHEAD_BYTES }),
    );
  }

  listen(listener: StreamListener): void {
    this.#listener = listener;
  }

  get bufferedBytes(): number {
    return Math.max(0, AHEAD_BYTES - (this.#controller?.desiredSize ?? AHEAD_BYTES));
  }

  get isBlocked(): boolean {
    return (this.#controller?.desiredSize ?? 0) <= 0;
  }

  send(texts: readonly string[]): number {
    if (this.#controller === null) return texts.length;
    let room = this.#controller.desiredSize ?? 0;
    let taken = 0;
    let chunk = '';
    for (const text of texts) {
      if (room <= 0) break;
      const event = `data: ${text}\n\n`;
      chunk += event;
      room -= event.length;
      taken += 1;
    }
    if (chunk !== '') this.#controller.enqueue(Buffer.from(chunk));
    return taken;
  }

  beat(): void {
    if (!this.isBlocked) this.#controller?.enqueue(Buffer.from(':\n\n'));
  }

  /** What such a connection asks comes in requests of their own, each with its answer. */
  setReading(): void {
    return undefined;
  }

  close(code: number, reason: string): void {
    const controller = this.#controller;
    this.#controller = null;
    if (controller === null) return;
    // A reader that is behind would keep what waits for it in memory until it reads on, so it is cut off.
    if ((controller.desiredSize ?? 0) <= 0) controller.error(new Error(reason));
    else {
      controller.enqueue(Buffer.from(`event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`));
      controller.close();
    }
    this.#listener?.transportClosed(code);
  }

  /** The peer has gone. */
  gone(): void {
    if (this.#controller === null) return;
    this.#controller = null;
    this.#listener?.transportClosed(ABNORMAL_CLOSE);
  }
}

import type { Socket } from 'node:net';
import { OPEN, type Flow } from './flow.ts';

/** Changes what passes: gives to `pass` what is to go on, now or later, in any pieces, or not at all. */
export type Transform = (chunk: Buffer, pass: (chunk: Buffer) => void) => void;

export type PipeOptions = {
  readonly source: Socket;
  readonly sink: Socket;
  /** Null: bytes pass as they are. */
  readonly transform: Transform | null;
};

/** What waits here because of a delay; beyond it the source is not read. */
const QUEUED_BYTES_MAX = 4 * 1024 * 1024;
/** A throttled stream goes in pieces of this part of a second. */
const PIECES_PER_SECOND = 20;

/** One direction of a link: reads from one socket and writes to the other as its flow says. */
export class Pipe {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #transform: Transform | null;
  readonly #queue: { readonly chunk: Buffer; readonly dueAtMs: number }[] = [];
  #queuedBytes = 0;
  #flow: Flow = OPEN;
  /** How the source went, until the sink was told. */
  #sourceState: 'there' | 'ended' | 'reset' | 'told' = 'there';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextWriteAtMs = 0;
  #lastDueAtMs = 0;
  #bytesLeft = Number.POSITIVE_INFINITY;
  #onSpent: () => void = () => undefined;
  /** How many bytes have been written to the sink. */
  passedBytes = 0;

  constructor({ source, sink, transform }: PipeOptions) {
    this.#source = source;
    this.#sink = sink;
    this.#transform = transform;
    source.setNoDelay(true);
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.on('end', () => this.#sourceWent('ended'));
    source.on('error', () => this.#sourceWent('reset'));
    sink.on('drain', () => this.#move());
  }

  set(change: Partial<Flow>): void {
    this.#flow = { ...this.#flow, ...change };
    if (this.#flow.passage === 'lost') this.#forget();
    this.#move();
  }

  /** After so many more bytes calls `onSpent`, and lets no other pass. */
  limit(bytes: number, onSpent: () => void): void {
    this.#bytesLeft = bytes;
    this.#onSpent = onSpent;
  }

  /** Lets go of what waits. The sockets are the link's to close. */
  stop(): void {
    this.#forget();
    clearTimeout(this.#timer);
    this.#flow = { ...this.#flow, passage: 'held' };
  }

  #take(chunk: Buffer): void {
    if (this.#flow.passage === 'lost') return;
    if (this.#transform === null) this.#enqueue(chunk);
    else this.#transform(chunk, (changed) => this.#enqueue(changed));
  }

  #enqueue(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#lastDueAtMs = Math.max(this.#lastDueAtMs, performance.now() + this.#flow.delayMs);
    this.#queue.push({ chunk, dueAtMs: this.#lastDueAtMs });
    this.#queuedBytes += chunk.length;
    this.#move();
  }

  #forget(): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
  }

  #sourceWent(how: 'ended' | 'reset'): void {
    // Who has hung up may still be found to be gone, by what is written to it.
    if (this.#sourceState !== 'told' || how === 'reset') this.#sourceState = how;
    this.#move();
  }

  /** Writes what is due, and looks whether more is to be read. */
  #move(): void {
    clearTimeout(this.#timer);
    if (this.#flow.passage === 'open') this.#write();
    const isRead = this.#flow.passage !== 'held' && this.#queuedBytes < QUEUED_BYTES_MAX;
    if (isRead) this.#source.resume();
    else this.#source.pause();
  }

  #write(): void {
    for (let [head] = this.#queue; head !== undefined; [head] = this.#queue) {
      if (this.#sink.destroyed) {
        this.#source.resetAndDestroy();
        return;
      }
      if (this.#sink.writableNeedDrain) return;
      const waitMs = Math.max(head.dueAtMs, this.#nextWriteAtMs) - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#move(), waitMs);
        return;
      }
      this.#writePiece(head.chunk, head.dueAtMs);
      if (this.#bytesLeft === 0) return this.#spend();
    }
    this.#tellHowSourceWent();
  }

  #writePiece(chunk: Buffer, dueAtMs: number): void {
    const { bytesPerSecond } = this.#flow;
    const piece = chunk.subarray(0, Math.min(this.#bytesLeft, Math.ceil(bytesPerSecond / PIECES_PER_SECOND)));
    const rest = chunk.subarray(piece.length);
    if (rest.length === 0) this.#queue.shift();
    else this.#queue[0] = { chunk: rest, dueAtMs };
    this.#queuedBytes -= piece.length;
    this.#bytesLeft -= piece.length;
    this.passedBytes += piece.length;
    this.#nextWriteAtMs =
      Math.max(performance.now(), this.#nextWriteAtMs) + (piece.length / bytesPerSecond) * 1_000;
    this.#sink.write(piece);
  }

  #spend(): void {
    this.#flow = { ...this.#flow, passage: 'lost' };
    this.#forget();
    this.#onSpent();
  }

  #tellHowSourceWent(): void {
    if (this.#sourceState === 'ended') this.#sink.end();
    else if (this.#sourceState === 'reset') this.#sink.resetAndDestroy();
    else return;
    this.#sourceState = 'told';
  }
}

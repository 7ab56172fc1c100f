import type { Connection } from '../connection.ts';
import type { Heartbeat, Transport } from '../transport.ts';

/** A frame as a test looks at it. */
export type SeenFrame = Readonly<Record<string, unknown>> & { readonly type: string };

/** A link whose reader reads when the test says so. */
export class FakeTransport implements Transport {
  readonly kind: 'websocket' | 'stream' = 'websocket';
  heartbeat: Heartbeat = { intervalMs: 25_000, answerMs: 8_000 };
  readonly frames: SeenFrame[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  beats = 0;
  isReading = true;
  bufferedBytes = 0;
  /** False: the reader takes nothing, and one more frame is buffered before it shows. */
  isTaking = true;
  /** False: the link does not confirm its end, as a half-open one. */
  isConfirming = true;
  connection: Connection | null = null;

  get isBlocked(): boolean {
    return this.bufferedBytes > 0;
  }

  get types(): readonly string[] {
    return this.frames.map(({ type }) => type);
  }

  get last(): SeenFrame | undefined {
    return this.frames.at(-1);
  }

  send(texts: readonly string[]): number {
    let taken = 0;
    for (const text of texts) {
      this.frames.push(JSON.parse(text) as SeenFrame);
      taken += 1;
      if (this.isTaking) continue;
      this.bufferedBytes += text.length;
      break;
    }
    return taken;
  }

  /** The reader reads on, and has read everything. */
  readAll(): void {
    this.isTaking = true;
    this.bufferedBytes = 0;
    this.connection?.drained();
  }

  beat(): void {
    this.beats += 1;
  }

  setReading(isReading: boolean): void {
    this.isReading = isReading;
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason };
    if (this.isConfirming) this.connection?.transportClosed(code);
  }

  say(frame: Readonly<Record<string, unknown>>): void {
    this.connection?.receive(JSON.stringify(frame));
  }
}

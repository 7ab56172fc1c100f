import type { ClientFrame, ServerFrame } from '@confab/protocol';
import type { WebSocketLike } from '../index.ts';

type Listener = (event: never) => void;

/** The client's end of a WebSocket whose other end a test or the fake server holds. */
export class FakeLink implements WebSocketLike {
  /** What the client said, oldest first. */
  readonly said: ClientFrame[] = [];
  /** Frames to the client wait here while the link is held, so that a test chooses when and which arrive. */
  readonly waiting: ServerFrame[] = [];
  isHeld = false;
  isClosed = false;
  onSaid: (frame: ClientFrame) => void = () => undefined;
  readonly #listeners: { readonly type: string; readonly listener: Listener }[] = [];

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push({ type, listener });
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    this.said.push(frame);
    this.onSaid(frame);
  }

  close(): void {
    this.isClosed = true;
  }

  /** The server accepts. */
  open(): void {
    this.#tell('open', {});
  }

  say(frame: ServerFrame): void {
    if (this.isHeld) this.waiting.push(frame);
    else this.deliver(frame);
  }

  deliver(frame: ServerFrame): void {
    if (!this.isClosed) this.#tell('message', { data: JSON.stringify(frame) });
  }

  /** Lets go of what waits. */
  release(): void {
    this.isHeld = false;
    for (const frame of this.waiting.splice(0)) this.deliver(frame);
  }

  /** The link breaks, or the server closes it. */
  drop(code = 1006, reason = ''): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#tell('close', { code, reason });
  }

  /** The frames of one type that the client said. */
  saidOf<T extends ClientFrame['type']>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.said.filter((frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type);
  }

  #tell(type: string, event: object): void {
    for (const { listener } of this.#listeners.filter((entry) => entry.type === type))
      listener(event as never);
  }
}

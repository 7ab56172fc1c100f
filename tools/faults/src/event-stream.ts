import { Bell } from './deadline.ts';
import { tokenFor } from './jwt.ts';
import { readFrame, type Frame } from './wire.ts';

/** The stream fallback: the frames of the server as lines of an event stream. */
export class EventStream {
  readonly bell = new Bell();
  readonly frames: Frame[] = [];
  readonly #cancel = new AbortController();
  #isEnded = false;

  /** Opens the stream as a device of `subject`, with the fields of `authenticate` that are given besides. */
  static async open(
    baseUrl: string,
    subject: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<EventStream> {
    const stream = new EventStream();
    const response = await fetch(`${baseUrl}/v1/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      signal: stream.#cancel.signal,
      body: JSON.stringify({
        type: 'authenticate',
        token: tokenFor(subject),
        deviceId: `${subject}-stream`,
        instanceId: 'stream',
        client: 'confab-faults/1',
        ...fields,
      }),
    });
    if (!response.ok || response.body === null) {
      throw new Error(`the stream was refused: ${response.status} ${await response.text()}`);
    }
    void stream.#read(response.body).catch(() => stream.#end());
    return stream;
  }

  get connectionId(): string {
    return String(this.frames.find(({ type }) => type === 'hello')?.['connectionId']);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  async next(isIt: (frame: Frame) => boolean, what: string, limitMs = 20_000): Promise<Frame> {
    const heard = () =>
      `${what}; heard ${this.frames
        .map(({ type }) => type)
        .slice(-20)
        .join()}`;
    await this.bell.until(() => this.#isEnded || this.frames.some(isIt), heard, limitMs);
    const found = this.frames.find(isIt);
    if (found === undefined) throw new Error(`the stream ended before ${heard()}`);
    return found;
  }

  async close(): Promise<void> {
    this.#cancel.abort();
    await this.bell.until(() => this.#isEnded, 'the end of the stream');
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('data:')) this.frames.push(readFrame(line.slice(5).trim()));
      }
      this.bell.ring();
    }
    this.#end();
  }

  #end(): void {
    this.#isEnded = true;
    this.bell.ring();
  }
}

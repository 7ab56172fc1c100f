import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Bell } from './deadline.ts';
import { readFrame, type Frame } from './wire.ts';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

type Part = { readonly opcode: number; readonly payload: Buffer };

/**
 * A WebSocket written on a bare TCP socket: it can stop reading without telling the kernel's peer anything, send bytes
 * that no library would send, and show how an upgrade was refused.
 */
export class RawSocket {
  readonly bell = new Bell();
  readonly frames: Frame[] = [];
  readonly #socket: Socket;
  #unread: Buffer = Buffer.alloc(0);
  #head: string | undefined;
  #body = '';
  #close: number | undefined;
  #isEnded = false;
  answersPings = true;
  pings = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
  }

  /** Asks for the upgrade and waits for its answer, whatever it is. */
  static async open(port: number, headers: Readonly<Record<string, string>> = {}): Promise<RawSocket> {
    const raw = new RawSocket(connect(port, '127.0.0.1'));
    const lines = Object.entries({
      Host: `127.0.0.1:${port}`,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Protocol': 'confab.v1.json',
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    raw.#socket.write(`GET /v1/ws HTTP/1.1\r\n${lines.join('')}\r\n`);
    await raw.bell.until(() => raw.#head !== undefined || raw.#isEnded, 'the answer to the upgrade');
    return raw;
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.#head ?? '')?.[1] ?? '0');
  }

  /** The body of an upgrade that was refused. */
  get refusal(): string {
    return this.#body;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The code of the close frame, once there was one. */
  get closeCode(): number | undefined {
    return this.#close;
  }

  sendText(text: string): void {
    this.sendPart(OPCODE.text, Buffer.from(text));
  }

  sendPart(opcode: number, payload: Uint8Array, isFinal = true): void {
    const mask = randomBytes(4);
    const masked = Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
    this.#socket.write(Buffer.concat([headOf(opcode, payload.length, isFinal), mask, masked]));
  }

  async next(isIt: (frame: Frame) => boolean, what: string, limitMs = 20_000): Promise<Frame> {
    const isDone = () => this.frames.some(isIt) || this.#isEnded;
    const heard = () =>
      `${what}; heard ${this.frames
        .map(({ type }) => type)
        .slice(-20)
        .join()}`;
    await this.bell.until(isDone, heard, limitMs);
    const found = this.frames.find(isIt);
    if (found === undefined) throw new Error(`${heard()}, then the end with ${this.#close}`);
    return found;
  }

  async ended(limitMs: number): Promise<number | undefined> {
    await this.bell.until(() => this.#isEnded || this.#close !== undefined, 'the end of the socket', limitMs);
    return this.#close;
  }

  /** Reads no more: to the server this is a device that was put to sleep, and its connection half open. */
  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #end(): void {
    this.#isEnded = true;
    this.bell.ring();
  }

  #take(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    if (this.#head === undefined && !this.#takeHead()) return;
    if (this.status !== 101) {
      this.#body += this.#unread.toString();
      this.#unread = Buffer.alloc(0);
    } else this.#takeParts();
    this.bell.ring();
  }

  #takeHead(): boolean {
    const end = this.#unread.indexOf('\r\n\r\n');
    if (end < 0) return false;
    this.#head = this.#unread.subarray(0, end).toString();
    this.#unread = this.#unread.subarray(end + 4);
    return true;
  }

  #takeParts(): void {
    let at = 0;
    for (let part = partAt(this.#unread, at); part !== undefined; part = partAt(this.#unread, at)) {
      at = part.end;
      this.#takePart(part);
    }
    this.#unread = this.#unread.subarray(at);
  }

  #takePart({ opcode, payload }: Part): void {
    if (opcode === OPCODE.text) this.frames.push(readFrame(payload.toString()));
    if (opcode === OPCODE.close) this.#close = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    if (opcode !== OPCODE.ping) return;
    this.pings += 1;
    if (this.answersPings) this.sendPart(OPCODE.pong, payload);
  }
}

function headOf(opcode: number, length: number, isFinal: boolean): Buffer {
  const first = (isFinal ? 0x80 : 0) | opcode;
  if (length < 126) return Buffer.from([first, 0x80 | length]);
  if (length < 65_536) return Buffer.from([first, 0x80 | 126, length >> 8, length & 255]);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

/** The server's next frame, unmasked; undefined while it is not there to its end. */
function partAt(bytes: Buffer, at: number): (Part & { readonly end: number }) | undefined {
  if (bytes.length < at + 2) return undefined;
  const short = bytes.readUInt8(at + 1) & 127;
  const from = at + (short === 126 ? 4 : short === 127 ? 10 : 2);
  if (bytes.length < from) return undefined;
  const length =
    short === 126
      ? bytes.readUInt16BE(at + 2)
      : short === 127
        ? Number(bytes.readBigUInt64BE(at + 2))
        : short;
  if (bytes.length < from + length) return undefined;
  return {
    opcode: bytes.readUInt8(at) & 15,
    payload: bytes.subarray(from, from + length),
    end: from + length,
  };
}

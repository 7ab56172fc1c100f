import { connect, type Socket } from 'node:net';

/** What a peer got: frames by opcode, as sent. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface Handshake {
  readonly origin: string | null;
  readonly protocols: string | null;
  readonly path: string;
  readonly forwardedFor: string | null;
}

export const usualHandshake: Handshake = {
  origin: null,
  protocols: 'confab.v1.json',
  path: '/v1/ws',
  forwardedFor: null,
};

/** A WebSocket by hand: it can be silent, stop reading, and say what no library would. */
export class RawSocket {
  readonly head: string;
  readonly #socket: Socket;
  readonly #frames: RawFrame[] = [];
  #rest: Buffer;
  #wake: (() => void) | null = null;
  isEnded = false;

  private constructor(socket: Socket, head: string, rest: Buffer) {
    this.#socket = socket;
    this.head = head;
    this.#rest = Buffer.alloc(0);
    const ended = (): void => {
      this.isEnded = true;
      this.#wake?.();
    };
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('close', ended);
    socket.on('end', ended);
    socket.on('error', ended);
    this.#take(rest);
  }

  /** Resolves with the answer's head, whatever its status. */
  static open(port: number, handshake: Handshake = usualHandshake): Promise<RawSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', reject);
      let seen = Buffer.alloc(0);
      const onData = (bytes: Buffer): void => {
        seen = Buffer.concat([seen, bytes]);
        const end = seen.indexOf('\r\n\r\n');
        if (end < 0) return;
        socket.off('data', onData);
        resolve(new RawSocket(socket, seen.subarray(0, end).toString(), seen.subarray(end + 4)));
      };
      socket.on('data', onData);
      const lines = [
        `GET ${handshake.path} HTTP/1.1`,
        `Host: 127.0.0.1:${port}`,
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        ...(handshake.origin === null ? [] : [`Origin: ${handshake.origin}`]),
        ...(handshake.forwardedFor === null ? [] : [`X-Forwarded-For: ${handshake.forwardedFor}`]),
        ...(handshake.protocols === null ? [] : [`Sec-WebSocket-Protocol: ${handshake.protocols}`]),
      ];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    });
  }

  get status(): number {
    return Number(this.head.split(' ')[1]);
  }

  /** The next frame; pings are answered by nobody. Null when the socket has ended. */
  async next(): Promise<RawFrame | null> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.isEnded) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The next text frame that has one of these types. */
  async frame(...types: readonly string[]): Promise<Record<string, unknown>> {
    for (let raw = await this.next(); raw !== null; raw = await this.next()) {
      if (raw.opcode !== 1) continue;
      const frame = JSON.parse(raw.payload.toString()) as Record<string, unknown>;
      if (types.length === 0 || types.includes(String(frame['type']))) return frame;
    }
    throw new Error(`the socket ended before any of ${types.join()}`);
  }

  /** The code of the close frame, or null where the socket ended without. */
  async closeCode(): Promise<number | null> {
    for (let raw = await this.next(); raw !== null; raw = await this.next()) {
      if (raw.opcode === 8) return raw.payload.readUInt16BE(0);
    }
    return null;
  }

  say(frame: Readonly<Record<string, unknown>>): void {
    this.write(1, Buffer.from(JSON.stringify(frame)));
  }

  write(opcode: number, payload: Buffer): void {
    const { length } = payload;
    const head =
      length < 126
        ? Buffer.from([0x80 | opcode, 0x80 | length])
        : length < 65_536
          ? Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 255])
          : Buffer.from([
              0x80 | opcode,
              0x80 | 127,
              0,
              0,
              0,
              0,
              length >>> 24,
              (length >> 16) & 255,
              (length >> 8) & 255,
              length & 255,
            ]);
    this.#socket.write(Buffer.concat([head, Buffer.alloc(4), payload]));
  }

  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let frame = this.#cut(); frame !== null; frame = this.#cut()) this.#frames.push(frame);
    this.#wake?.();
  }

  #cut(): RawFrame | null {
    const rest = this.#rest;
    if (rest.length < 2) return null;
    const short = rest.readUInt8(1) & 127;
    const from = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (rest.length < from) return null;
    const length =
      short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (rest.length < from + length) return null;
    const frame = {
      opcode: rest.readUInt8(0) & 15,
      payload: Buffer.from(rest.subarray(from, from + length)),
    };
    this.#rest = rest.subarray(from + length);
    return frame;
  }
}

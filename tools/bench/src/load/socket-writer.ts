import type { Socket } from 'bun';

const SCRATCH_BYTES = 300_000;
const LENGTH_IN_TWO_BYTES = 126;
const LENGTH_IN_EIGHT_BYTES = 127;
const SHORT_MAX = 125;
const MIDDLE_MAX = 65_535;
const FINAL = 0x80;
const MASKED = 0x80;

export const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;

const scratch = Buffer.alloc(SCRATCH_BYTES);

/** Writes frames to a socket and keeps what it does not take. The mask is zero, which servers need not know. */
export class SocketWriter {
  #waiting: Buffer | null = null;

  frame(socket: Socket<unknown>, opcode: number, payload: string): void {
    const length = Buffer.byteLength(payload);
    const start = headOf(opcode, length);
    scratch.write(payload, start);
    this.bytes(socket, scratch.subarray(0, start + length));
  }

  bytes(socket: Socket<unknown>, bytes: Buffer): void {
    if (this.#waiting !== null) {
      this.#waiting = Buffer.concat([this.#waiting, bytes]);
      return;
    }
    const written = Math.max(0, socket.write(bytes));
    if (written < bytes.length) this.#waiting = Buffer.from(bytes.subarray(written));
  }

  /** To be called when the socket takes more. */
  drained(socket: Socket<unknown>): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) this.bytes(socket, waiting);
  }
}

/** Writes the head of a masked frame to the scratch and gives its length. */
function headOf(opcode: number, length: number): number {
  scratch[0] = FINAL | opcode;
  let at = 2;
  if (length <= SHORT_MAX) {
    scratch[1] = MASKED | length;
  } else if (length <= MIDDLE_MAX) {
    scratch[1] = MASKED | LENGTH_IN_TWO_BYTES;
    at = scratch.writeUInt16BE(length, at);
  } else {
    scratch[1] = MASKED | LENGTH_IN_EIGHT_BYTES;
    at = scratch.writeBigUInt64BE(BigInt(length), at);
  }
  return scratch.writeUInt32BE(0, at);
}

const TEXT = 0x1;
const CONTINUATION_AND_OTHERS_MASK = 0x0f;
const LENGTH_MASK = 0x7f;
const LENGTH_IN_TWO_BYTES = 126;
const LENGTH_IN_EIGHT_BYTES = 127;

/** Takes the frames of a server as they are found: the payload is `bytes` from `start` to `end`, to be read at once. */
export interface FrameSink {
  text(bytes: Buffer, start: number, end: number): void;
  control(opcode: number, bytes: Buffer, start: number, end: number): void;
}

/**
 * Finds the WebSocket frames in what a socket reads. It copies nothing but what is cut in the middle, and expects what
 * our servers send: frames in one piece, unmasked.
 */
export class FrameReader {
  #rest: Buffer | null = null;

  push(chunk: Buffer, sink: FrameSink): void {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + 2 <= bytes.length) {
      const short = (bytes[at + 1] ?? 0) & LENGTH_MASK;
      let start = at + 2;
      let length = short;
      if (short === LENGTH_IN_TWO_BYTES) {
        start = at + 4;
        if (start > bytes.length) break;
        length = bytes.readUInt16BE(at + 2);
      } else if (short === LENGTH_IN_EIGHT_BYTES) {
        start = at + 10;
        if (start > bytes.length) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
      }
      const end = start + length;
      if (end > bytes.length) break;
      const opcode = (bytes[at] ?? 0) & CONTINUATION_AND_OTHERS_MASK;
      if (opcode === TEXT) sink.text(bytes, start, end);
      else sink.control(opcode, bytes, start, end);
      at = end;
    }
    this.#rest = at === bytes.length ? null : Buffer.from(bytes.subarray(at));
  }
}

/** How the text of a message tells who reads it which message it is, and when it was meant to be sent. */
const NUMBER_DIGITS = 10;
const CLIENT_ID_PREFIX = 'bench-message-';
const DIGIT_ZERO = 48;

/** Numbers of one load process: each has a range of its own. */
export const NUMBERS_PER_PROCESS = 100_000_000;

export type Saying = { readonly number: number; readonly meantUs: number };

/** `0000000042 1795682943466932 xxxx`, with as many bytes as wanted (at least 28). */
export function bodyOf({ number, meantUs }: Saying, bodyBytes: number): string {
  return `${String(number).padStart(NUMBER_DIGITS, '0')} ${meantUs} `.padEnd(bodyBytes, 'x');
}

/** Null for a body that no load has sent. */
export function readBody(body: string): Saying | null {
  const found = /^(\d{10}) (\d{16}) /.exec(body);
  return found === null ? null : { number: Number(found[1]), meantUs: Number(found[2]) };
}

/** The same number always has the same one, so that a message that is sent again is the same message. */
export function clientMessageIdOf(number: number): string {
  return CLIENT_ID_PREFIX + String(number).padStart(NUMBER_DIGITS, '0');
}

export function numberOfClientMessageId(id: string): number {
  return id.startsWith(CLIENT_ID_PREFIX) ? Number(id.slice(CLIENT_ID_PREFIX.length)) : Number.NaN;
}

const AFTER_TYPE = 9;
const QUOTE = 34;

/** A field of a frame. Frames of one kind have it in nearly the same place, so that is where it is looked for first. */
class Field {
  readonly #pattern: Uint8Array;
  #lastOffset = 0;

  constructor(pattern: string) {
    this.#pattern = Buffer.from(pattern);
  }

  /** Where its value begins; -1 where the frame has no such field. */
  after(bytes: Uint8Array, start: number, end: number): number {
    if (this.#isAt(bytes, start + this.#lastOffset, end))
      return start + this.#lastOffset + this.#pattern.length;
    for (let at = start; at < end; at += 1) {
      if (!this.#isAt(bytes, at, end)) continue;
      this.#lastOffset = at - start;
      return at + this.#pattern.length;
    }
    return -1;
  }

  #isAt(bytes: Uint8Array, at: number, end: number): boolean {
    const pattern = this.#pattern;
    if (bytes[at] !== pattern[0] || at + pattern.length > end) return false;
    for (let index = 1; index < pattern.length; index += 1)
      if (bytes[at + index] !== pattern[index]) return false;
    return true;
  }
}

const CLIENT_ID = new Field(`"clientMessageId":"${CLIENT_ID_PREFIX}`);
const SEQUENCE = new Field('"sequence":');
const BODY = new Field('"body":"');
const EVENT_ID = new Field('"eventId":"');

/** What the type of a frame says, without parsing it: all that a load hears often. */
export function kindOf(bytes: Uint8Array, start: number): 'message' | 'accepted' | 'echo' | 'other' {
  const at = start + AFTER_TYPE;
  // {"type":"message_event" and {"type":"message_accepted" differ from each other and the others in these places.
  if (bytes[at] === 109 && bytes[at + 7] === 95) {
    if (bytes[at + 8] === 101) return 'message';
    if (bytes[at + 8] === 97) return 'accepted';
  }
  return bytes[at] === 115 && bytes[at + 1] === 101 && bytes[at + 4] === 95 ? 'echo' : 'other';
}

/** The message's number, in a frame that carries its clientMessageId; NaN where it is none of a load's. */
export function numberIn(bytes: Uint8Array, start: number, end: number): number {
  const at = CLIENT_ID.after(bytes, start, end);
  return at < 0 ? Number.NaN : digitsAt(bytes, at, end);
}

export function sequenceIn(bytes: Uint8Array, start: number, end: number): number {
  const at = SEQUENCE.after(bytes, start, end);
  return at < 0 ? Number.NaN : digitsAt(bytes, at, end);
}

export function sayingIn(bytes: Uint8Array, start: number, end: number): Saying | null {
  const at = BODY.after(bytes, start, end);
  if (at < 0) return null;
  const number = digitsAt(bytes, at, end);
  const meantUs = digitsAt(bytes, at + NUMBER_DIGITS + 1, end);
  return Number.isNaN(meantUs) ? null : { number, meantUs };
}

export function eventIdIn(bytes: Buffer, start: number, end: number): string {
  const from = EVENT_ID.after(bytes, start, end);
  if (from < 0) return '';
  let to = from;
  while (to < end && bytes[to] !== QUOTE) to += 1;
  return bytes.toString('latin1', from, to);
}

function digitsAt(bytes: Uint8Array, from: number, end: number): number {
  let value = 0;
  let at = from;
  for (; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - DIGIT_ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return at === from ? Number.NaN : value;
}

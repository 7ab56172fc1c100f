import { limits } from './limits.ts';

// Control characters but tab and newline have no meaning in a message, and the server refuses them.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** From here on the composer says how much room is left. */
const WARN_BYTES = 4 * 1024;

/** What was typed, as it is sent: line ends are newlines, no control characters, no blank edges. Empty: send nothing. */
export function prepareBody(typed: string): string {
  return typed
    .replace(/\r\n?/g, '\n')
    .replace(CONTROL, '')
    .toWellFormed()
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .trimEnd();
}

/** How much of the limit a body leaves: nothing to say, getting close, or too long by so many bytes. */
export type BodyRoom =
  | { kind: 'plenty' }
  | { kind: 'close'; bytesLeft: number }
  | { kind: 'over'; bytesOver: number };

export function roomOf(body: string): BodyRoom {
  // A UTF-16 unit has at most three bytes, so short texts need no counting.
  if (body.length * 3 < limits.bodyBytesMax - WARN_BYTES) return { kind: 'plenty' };
  const bytesLeft = limits.bodyBytesMax - new TextEncoder().encode(body).length;
  if (bytesLeft < 0) return { kind: 'over', bytesOver: -bytesLeft };
  return bytesLeft < WARN_BYTES ? { kind: 'close', bytesLeft } : { kind: 'plenty' };
}

import { limits, utf8Length } from '@confab/protocol';
import { ChatError } from '../errors.ts';

/** Control characters but tab and newline, and halves of a character: what the wire refuses. */
// oxlint-disable-next-line no-control-regex -- these are the very characters that are looked for
const REFUSED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ud800-\udfff]/u;

/** Throws where the server would refuse the text, so that nothing is kept that can never be sent. */
export function checkBody(body: string): void {
  if (body === '') throw new ChatError('invalid', 'A message needs a text.');
  if (REFUSED.test(body)) throw new ChatError('invalid', 'The text has control characters.');
  const bytes = utf8Length(body);
  if (bytes > limits.bodyBytesMax) {
    throw new ChatError(
      'too_large',
      `The text has ${bytes} bytes of UTF-8; the limit is ${limits.bodyBytesMax}.`,
    );
  }
}

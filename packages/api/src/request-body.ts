import { ConfabError, limits, parseObject } from '@confab/protocol';

const MEDIA_TYPE = 'application/json';
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The body of a request as one JSON object, read no further than its limit. Throws `unsupported_media_type`,
 * `too_large` or `malformed`.
 */
export async function readObject(request: Request): Promise<Record<string, unknown>> {
  checkMediaType(request.headers.get('content-type'));
  return parseObject(decodeText(await readBounded(request, limits.frameBytesMax)));
}

function checkMediaType(header: string | null): void {
  if (header === MEDIA_TYPE) return;
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every(
    (parameter) => !parameter.startsWith('charset=') || /^charset="?utf-?8"?$/.test(parameter),
  );
  if (type !== MEDIA_TYPE || !isUtf8) throw new ConfabError('unsupported_media_type');
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ConfabError('malformed', 'The body is not UTF-8.');
  }
}

/** What a peer says of its length only serves to refuse early; what counts is what comes. */
async function readBounded(request: Request, bytesMax: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the stream, so that the rest is not kept.
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}

function tooLarge(bytesMax: number): ConfabError {
  return new ConfabError('too_large', `A body has at most ${bytesMax} bytes.`);
}

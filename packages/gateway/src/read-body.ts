import { ConfabError } from '@confab/protocol';

/** The body of a request as parsed JSON; throws `unsupported_media_type`, `too_large` or `malformed`. */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  checkMediaType(request.headers.get('content-type'));
  const text = await readText(request, bytesMax);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ConfabError('malformed', 'The body is not JSON.');
  }
}

/** JSON is UTF-8; what says that it is anything else is not guessed at. */
function checkMediaType(header: string | null): void {
  const [type, ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every(
    (parameter) => !parameter.startsWith('charset=') || /^charset="?utf-?8"?$/.test(parameter),
  );
  if (type !== 'application/json' || !isUtf8) throw new ConfabError('unsupported_media_type');
}

/** Reads no more than the bound, whatever the length header says. */
async function readText(request: Request, bytesMax: number): Promise<string> {
  const tooLarge = new ConfabError('too_large', `The body has at most ${bytesMax} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge;
  if (request.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge;
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new ConfabError('malformed', 'The body is not UTF-8.');
  }
}

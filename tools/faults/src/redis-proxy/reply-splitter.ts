/** A text that Redis hands to a subscriber. */
export type Publication = { readonly channel: string; readonly text: string };

/** One whole reply of Redis, as it came; with the publication that it is, if it is one. */
export type Reply = { readonly bytes: Buffer; readonly publication: Publication | null };

type Shape =
  | { readonly of: 'line' | 'text' }
  | { readonly of: 'parts'; readonly each: number; readonly more: number };

/** What stands behind the first byte of a reply (RESP3): a line, a text of a length, or so many parts for each counted. */
const SHAPES: Readonly<Record<string, Shape>> = {
  '+': { of: 'line' },
  '-': { of: 'line' },
  ':': { of: 'line' },
  _: { of: 'line' },
  ',': { of: 'line' },
  '#': { of: 'line' },
  '(': { of: 'line' },
  $: { of: 'text' },
  '=': { of: 'text' },
  '!': { of: 'text' },
  '*': { of: 'parts', each: 1, more: 0 },
  '~': { of: 'parts', each: 1, more: 0 },
  '>': { of: 'parts', each: 1, more: 0 },
  '%': { of: 'parts', each: 2, more: 0 },
  // Attributes stand before the reply that they are of.
  '|': { of: 'parts', each: 2, more: 1 },
};
const LINE_END = '\r\n';
/** Only a push says "message": who subscribes here speaks RESP3, where replies to commands are no pushes. */
const PUBLICATION_START = '>3\r\n$7\r\nmessage\r\n';

/** Cuts what a Redis sends into whole replies, however it comes in pieces. */
export class ReplySplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** The replies that are whole with this piece, in order. Throws where it is no RESP. */
  take(piece: Uint8Array): readonly Reply[] {
    const bytes = this.#rest.length === 0 ? Buffer.from(piece) : Buffer.concat([this.#rest, piece]);
    const replies: Reply[] = [];
    let from = 0;
    for (let end = endOf(bytes, from); end !== null; end = endOf(bytes, from)) {
      const reply = bytes.subarray(from, end);
      replies.push({ bytes: reply, publication: publicationOf(reply) });
      from = end;
    }
    this.#rest = bytes.subarray(from);
    return replies;
  }
}

/** Where the reply that begins at `from` ends; null where it is not whole yet. */
function endOf(bytes: Buffer, from: number): number | null {
  const lineEnd = bytes.indexOf(LINE_END, from, 'latin1');
  if (lineEnd < 0) return null;
  const first = bytes.toString('latin1', from, from + 1);
  const shape = SHAPES[first];
  if (shape === undefined) throw new Error(`No reply of Redis begins with ${JSON.stringify(first)}.`);
  const next = lineEnd + LINE_END.length;
  if (shape.of === 'line') return next;
  const count = Number(bytes.toString('latin1', from + 1, lineEnd));
  // Null, as RESP2 says it.
  if (count < 0) return next;
  if (shape.of === 'parts') return endOfParts(bytes, next, count * shape.each + shape.more);
  const end = next + count + LINE_END.length;
  return end <= bytes.length ? end : null;
}

function endOfParts(bytes: Buffer, from: number, count: number): number | null {
  let end: number | null = from;
  for (let part = 0; part < count && end !== null; part += 1) end = endOf(bytes, end);
  return end;
}

function publicationOf(reply: Buffer): Publication | null {
  if (reply.toString('latin1', 0, PUBLICATION_START.length) !== PUBLICATION_START) return null;
  const channel = textAt(reply, PUBLICATION_START.length);
  return { channel: channel.text, text: textAt(reply, channel.end).text };
}

function textAt(bytes: Buffer, from: number): { readonly text: string; readonly end: number } {
  const lineEnd = bytes.indexOf(LINE_END, from, 'latin1');
  const start = lineEnd + LINE_END.length;
  const end = start + Number(bytes.toString('latin1', from + 1, lineEnd));
  return { text: bytes.toString('utf8', start, end), end: end + LINE_END.length };
}

/** A piece of a message's text: words, or an address that may be followed. */
export type TextPiece = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`{}|\\^\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/giu;
/** Marks that end a sentence rather than an address. */
const TRAILING = /[.,:;!?*_~…]+$/u;
const BRACKETS: Readonly<Record<string, string>> = { ')': '(', ']': '[' };

/**
 * Splits text into words and http(s) addresses. Only what the URL parser accepts becomes a link, and no other scheme
 * ever does, so a body cannot smuggle script into the page. Characters that reverse the writing direction end an
 * address: they could make it read as another.
 */
export function linkify(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTrailing(match[0]);
    const href = safeHref(address);
    if (href === null) continue;
    if (match.index > end) pieces.push({ kind: 'text', text: text.slice(end, match.index) });
    pieces.push({ kind: 'link', text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) pieces.push({ kind: 'text', text: text.slice(end) });
  return pieces;
}

/** Leaves out what belongs to the sentence: full stops, and a closing bracket that was opened before the address. */
function withoutTrailing(address: string): string {
  let kept = address.replace(TRAILING, '');
  for (;;) {
    const last = kept.at(-1) ?? '';
    const opening = BRACKETS[last];
    if (opening === undefined || count(kept, opening) >= count(kept, last)) return kept;
    kept = kept.slice(0, -1).replace(TRAILING, '');
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

function safeHref(address: string): string | null {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  return url.hostname === '' ? null : url.href;
}

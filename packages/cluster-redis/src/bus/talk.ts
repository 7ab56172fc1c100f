/** A word of a request or its answer. */
export type Talk =
  | readonly [kind: 'ask', id: string, request: unknown]
  | readonly [kind: 'answer', id: string, answer: unknown]
  | readonly [kind: 'refuse', id: string, code: string, message: string];

/** Null where it is of a kind that this version does not know [BUS5], or is none: anybody may publish in Redis. */
export function parseTalk(word: unknown): Talk | null {
  if (!Array.isArray(word)) return null;
  const [kind, id, third, fourth] = word as unknown[];
  if (typeof id !== 'string') return null;
  switch (kind) {
    case 'ask':
    case 'answer':
      return [kind, id, third];
    case 'refuse':
      return typeof third === 'string' && typeof fourth === 'string' ? [kind, id, third, fourth] : null;
    default:
      return null;
  }
}

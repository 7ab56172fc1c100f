/** How many hues the avatars have; `avatar.module.css` names each. */
export const AVATAR_HUES = 10;

/** One or two letters that stand for a name, by what a person sees as a character. */
export function initialsOf(name: string): string {
  const words = name
    .replace(/[^\p{L}\p{N}\p{M}\p{Extended_Pictographic}\u200d\s._-]/gu, '')
    .split(/[\s._-]+/u)
    .filter(Boolean);
  const first = words[0];
  if (first === undefined) return '?';
  const last = words.length > 1 ? words.at(-1) : undefined;
  return (firstCharacter(first) + (last === undefined ? '' : firstCharacter(last))).toLocaleUpperCase();
}

function firstCharacter(word: string): string {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(word)) return segment;
  return '';
}

/** A hue that stays with an id for ever (FNV-1a). */
export function hueOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % AVATAR_HUES;
}

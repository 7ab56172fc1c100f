import type { Tree } from './tree.ts';

/**
 * The endings that STYLE.md bans from the names of types and classes. The page is the list: it is read from the line
 * that begins with "Banned endings:".
 */
export function readBannedEndings(tree: Tree): string[] {
  const line = /^.*Banned endings:(.*)$/m.exec(tree.read('STYLE.md'))?.[1] ?? '';
  const endings = [...line.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '');
  if (endings.length === 0) throw new Error('STYLE.md has no line "Banned endings: `Word`, ..."');
  return endings;
}

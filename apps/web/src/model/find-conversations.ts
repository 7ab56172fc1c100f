import type { ConversationView } from '@confab/client';

/** Folds case and accents away, so that "jose" finds "José". */
function fold(words: string): string {
  return words.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}

/**
 * The conversations whose name, or whose peer's username, has a word that begins with what is typed; those that begin
 * with it as a whole come first, and among equals the newest. Nothing typed: the newest.
 */
export function findConversations(
  items: readonly ConversationView[],
  typed: string,
  most: number,
): ConversationView[] {
  const query = fold(typed.trim().replace(/^@/, ''));
  if (query === '') return items.slice(0, most);
  const begins: ConversationView[] = [];
  const contains: ConversationView[] = [];
  for (const item of items) {
    const names = [item.name, item.peer?.username ?? ''].map(fold);
    if (names.some((name) => name.startsWith(query))) begins.push(item);
    else if (names.some((name) => name.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(query)))) {
      contains.push(item);
    }
  }
  return [...begins, ...contains].slice(0, most);
}

import type { ConversationView } from '@confab/client';
import { text } from '../text.ts';

/** What a conversation is called; never empty. */
export function conversationName(view: Pick<ConversationView, 'name' | 'type'>): string {
  if (view.name !== '') return view.name;
  return view.type === 'direct' ? text.unknownUser : text.list.nobody;
}

/** Whose hue a conversation's avatar has: the peer's, so that a person looks the same everywhere. */
export function conversationAvatarId(view: Pick<ConversationView, 'conversationId' | 'peer'>): string {
  return view.peer?.userId ?? view.conversationId;
}

/** A count on a badge; beyond 999 the exact number tells nobody anything. */
export function badgeText(count: number): string {
  return count > 999 ? '999+' : count.toLocaleString();
}

/** The title of the page: how much is unread comes first, since a tab shows only the first words. */
export function pageTitle(unread: number, place: string | null): string {
  const words = place === null ? text.product : `${place} · ${text.product}`;
  return unread === 0 ? words : `(${badgeText(unread)}) ${words}`;
}

/** Who is typing, in words; null when nobody is. */
export function typingText(names: readonly string[]): string | null {
  const [first, second] = names;
  if (first === undefined) return null;
  if (names.length > 2) return text.typing.several;
  return second === undefined ? text.typing.one(first) : text.typing.two(first, second);
}

import type { SystemItem } from '@confab/client';
import { text } from '../text.ts';

/** Who a system line is about, and who reads it. */
export interface Cast {
  readonly nameOf: (userId: string) => string;
  readonly ownId: string;
}

/** How many people are named before the rest becomes a number. */
const NAMED_MAX = 3;

/** What happened to the conversation, as a sentence. */
export function systemWords({ event, senderId }: Pick<SystemItem, 'event' | 'senderId'>, cast: Cast): string {
  const who = senderId === cast.ownId ? text.you : cast.nameOf(senderId);
  return event.type === 'member_event' ? memberWords(event, who, cast) : conversationWords(event, who);
}

type ChangeOf<T extends SystemItem['event']['type']> = Extract<SystemItem['event'], { type: T }>;

function conversationWords(event: ChangeOf<'conversation_event'>, who: string): string {
  const title = event.title ?? null;
  switch (event.change) {
    case 'created':
      return title === null ? text.system.created(who) : text.system.createdTitle(who, title);
    case 'updated':
      return title === null ? text.system.unnamed(who) : text.system.renamed(who, title);
  }
}

function memberWords(event: ChangeOf<'member_event'>, who: string, cast: Cast): string {
  const [member] = event.members;
  const userIds = event.members.map(({ userId }) => userId);
  const isOneself = userIds.length === 1 && member?.userId === event.senderId;
  const whom = listNames(userIds, cast);
  switch (event.change) {
    case 'joined':
      return isOneself ? text.system.joined(who) : text.system.added(who, whom);
    case 'left':
      return text.system.left(who);
    case 'removed':
      return text.system.removed(who, whom);
    case 'role_changed':
      return text.system.role(who, whom, text.roles.article[member?.role ?? 'member']);
  }
}

/** Everybody a line names, so that their profiles can be read. */
export function peopleOf({ event, senderId }: Pick<SystemItem, 'event' | 'senderId'>): string[] {
  const others =
    event.type === 'member_event' ? event.members.slice(0, NAMED_MAX + 1).map(({ userId }) => userId) : [];
  return [...new Set([senderId, ...others])];
}

function listNames(userIds: readonly string[], { nameOf, ownId }: Cast): string {
  const shown = userIds.length > NAMED_MAX + 1 ? userIds.slice(0, NAMED_MAX) : userIds;
  const names = shown.map((userId) => (userId === ownId ? text.system.you : nameOf(userId)));
  if (shown.length < userIds.length) names.push(text.system.others(userIds.length - shown.length));
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
}

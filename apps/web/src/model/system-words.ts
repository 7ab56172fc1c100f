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
  if (event.type === 'conversation_event') {
    const title = event.title ?? null;
    if (event.change === 'created') {
      return title === null ? text.system.created(who) : text.system.createdTitle(who, title);
    }
    return title === null ? text.system.unnamed(who) : text.system.renamed(who, title);
  }
  const [member] = event.members;
  const whom = listNames(
    event.members.map(({ userId }) => userId),
    cast,
  );
  const isOneself = event.members.length === 1 && member?.userId === senderId;
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
  const others = event.type === 'member_event' ? event.members.slice(0, NAMED_MAX + 1).map(({ userId }) => userId) : [];
  return [...new Set([senderId, ...others])];
}

function listNames(userIds: readonly string[], { nameOf, ownId }: Cast): string {
  const shown = userIds.length > NAMED_MAX + 1 ? userIds.slice(0, NAMED_MAX) : userIds;
  const names = shown.map((userId) => (userId === ownId ? text.system.you : nameOf(userId)));
  if (shown.length < userIds.length) names.push(text.system.others(userIds.length - shown.length));
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(names);
}

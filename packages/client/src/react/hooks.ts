import type { User } from '@confab/protocol';
import { useSyncExternalStore } from 'react';
import type { ConnectionState, SessionState } from '../client-types.ts';
import type { ConversationList, ConversationView, MemberList, Members } from '../conversation-types.ts';
import type { Observable } from '../observable.ts';
import type { Timeline, TimelineView } from '../timeline-types.ts';
import { useClient } from './client-context.ts';

/** The value of any observable of the SDK; renders again only when it changes. */
export function useObservable<T>(observable: Observable<T>): T {
  return useSyncExternalStore(observable.subscribe, observable.get, observable.get);
}

/** Who is logged in on this device. */
export function useSession(): SessionState {
  return useObservable(useClient().account.session);
}

/** The user's own profile; null until it was read. */
export function useProfile(): User | null {
  return useObservable(useClient().account.profile);
}

/** The life of the connection. */
export function useConnection(): ConnectionState {
  return useObservable(useClient().connection.state);
}

/** All conversations, newest activity first, with the sums of unread. */
export function useConversations(): ConversationList {
  return useObservable(useClient().conversations);
}

/** One conversation; null where it is not (or no longer) the user's. */
export function useConversation(conversationId: string): ConversationView | null {
  return useObservable(useClient().conversations.conversation(conversationId));
}

/** Ids of the users who are typing in a conversation. */
export function useTyping(conversationId: string): readonly string[] {
  return useObservable(useClient().conversations.typing(conversationId));
}

/** A conversation's messages and what can be done with them. Mounting opens the conversation. */
export function useTimeline(conversationId: string): {
  readonly view: TimelineView;
  readonly timeline: Timeline;
} {
  const timeline = useClient().timeline(conversationId);
  return { view: useObservable(timeline), timeline };
}

/** A conversation's members; the first page is read on mounting, `members.loadMore` reads on. */
export function useMembers(conversationId: string): { readonly list: MemberList; readonly members: Members } {
  const members = useClient().conversations.members(conversationId);
  return { list: useObservable(members), members };
}

/** A user by id; null until read. */
export function useUser(userId: string): User | null {
  return useObservable(useClient().users.user(userId));
}

/** How many messages wait to be acknowledged. */
export function usePendingCount(): number {
  return useObservable(useClient().pendingCount);
}

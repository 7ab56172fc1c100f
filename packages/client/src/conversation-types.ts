import type { ConversationType, Preview, Role, User, Watermarks } from '@confab/protocol';
import type { Observable } from './observable.ts';

/** A conversation as the user sees it in a list. Immutable; the same object until something of it changes. */
export interface ConversationView {
  readonly conversationId: string;
  readonly type: ConversationType;
  /** The title of a group, else the peer's display name, else an empty text. */
  readonly name: string;
  readonly title: string | null;
  /** The other user of a direct conversation. */
  readonly peer: User | null;
  /** The user's own role. */
  readonly role: Role;
  readonly memberCount: number;
  /** Sequence of the newest event known. */
  readonly headSequence: number;
  /** RFC 3339 time of the newest event, for showing; the list is ordered already. */
  readonly lastActivityAt: string;
  /** The newest message; null where there is none yet. */
  readonly preview: Preview | null;
  readonly unread: number;
  /** Unread messages that mention the user. */
  readonly mentions: number;
  /** The unread floor: everything up to here was read, or was before the user joined. */
  readonly readSequence: number;
  /** Users who are typing now, the user excepted. */
  readonly typing: readonly string[];
  /** How far others have received and read, as far as the server tells. */
  readonly watermarks: readonly Watermarks[];
}

/** All conversations of the user, and the sums of what is unread in them. */
export interface ConversationList {
  /** Newest activity first. */
  readonly items: readonly ConversationView[];
  /** `cached`: from storage, perhaps old. `live`: as the server said on this or the last connection. */
  readonly source: 'empty' | 'cached' | 'live';
  readonly unread: number;
  readonly mentions: number;
}

/** One member; `user` is null until it was read. */
export interface MemberView {
  readonly userId: string;
  readonly role: Role;
  readonly user: User | null;
}

/** The members read so far, at most 200 a page. */
export interface MemberList {
  readonly items: readonly MemberView[];
  readonly status: 'loading' | 'partial' | 'complete';
}

/** The members of one conversation, followed while they come and go. */
export interface Members extends Observable<MemberList> {
  /** Reads the next page, if there is one. The first page is read when somebody subscribes. */
  readonly loadMore: () => Promise<void>;
}

/** The user's conversations. All changes are idempotent requests and are safely repeated where an answer got lost. */
export interface Conversations extends Observable<ConversationList> {
  readonly conversation: (conversationId: string) => Observable<ConversationView | null>;
  readonly typing: (conversationId: string) => Observable<readonly string[]>;
  readonly members: (conversationId: string) => Members;
  /** The direct conversation with this user; the same one however often it is asked for. Errors: `unknown_members`. */
  readonly startDirect: (userId: string) => Promise<ConversationView>;
  /** Errors: `unknown_members` (`userIds` says which), `too_many_members`. */
  readonly createGroup: (request: {
    readonly title: string | null;
    readonly memberIds: readonly string[];
  }) => Promise<ConversationView>;
  /** Errors: `forbidden`, `unknown_members`, `too_many_members`, `not_applicable` in a direct conversation. */
  readonly addMembers: (conversationId: string, userIds: readonly string[], role?: Role) => Promise<void>;
  readonly removeMember: (conversationId: string, userId: string) => Promise<void>;
  /** Errors: `last_owner`: name another owner first. */
  readonly leave: (conversationId: string) => Promise<void>;
  readonly rename: (conversationId: string, title: string | null) => Promise<void>;
  readonly setRole: (conversationId: string, userId: string, role: Role) => Promise<void>;
}

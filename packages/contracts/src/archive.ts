import type { DeviceRecord, NewAccount, UserRecord } from './accounts.ts';
import type { NewEvent } from './conversation-log.ts';
import type { CursorAdvance } from './cursors.ts';
import type { WorkItem } from './work.ts';

/**
 * All that a store holds, to move it into another one. What is derived - views, heads - is not in it: it is made again
 * from the logs, which go in by `ConversationLog.commit`; watermarks go in by `Cursors.advance`. A store that is read
 * must not be written to meanwhile; one that is filled takes each put any number of times.
 *
 * - `[ARC1]` Pages follow one upon the other, each item in one of them, until `next` is null.
 * - `[ARC2]` What is put comes back as it was; putting it again changes nothing.
 */
export interface Archive {
  /** Every conversation that has events; one that has none may be among them. */
  conversations(after: string | null, limit: number): Promise<ArchivePage<string>>;
  /** Events above a sequence, ascending; at most `limit` and 4 MiB of JSON, at least one where there is one. */
  events(conversationId: string, after: number, limit: number): Promise<readonly NewEvent[]>;
  /** The watermarks of a conversation, each device's own. */
  cursors(conversationId: string, after: string | null, limit: number): Promise<ArchivePage<CursorAdvance>>;
  accounts(after: string | null, limit: number): Promise<ArchivePage<ArchivedAccount>>;
  /** Work that is not completed, claimed or not. How often it was claimed is not told. */
  work(after: string | null, limit: number): Promise<ArchivePage<WorkItem>>;
  /** Throws where another user has the name. */
  putAccount(account: ArchivedAccount): Promise<void>;
  putWork(items: readonly WorkItem[]): Promise<void>;
}

/** Part of a whole, and what to ask the next part with; null: there is none. A page may be empty and not the last. */
export interface ArchivePage<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** A user with their devices. `account` has a password and a folded name for accounts of our own. */
export interface ArchivedAccount {
  readonly account:
    | NewAccount
    | (UserRecord & { readonly foldedUsername: null; readonly passwordHash: null });
  readonly devices: readonly DeviceRecord[];
}

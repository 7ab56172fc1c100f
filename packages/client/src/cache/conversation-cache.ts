import type { Timers } from '../client-types.ts';
import type { ConversationRecord } from '../conversations/conversation-record.ts';
import type { Directory } from '../conversations/directory.ts';
import type { Position } from '../log/log-follower.ts';
import { trimmed, windowAfter } from '../log/log-window.ts';
import type { ClientStorage, StorageChange } from '../storage/client-storage.ts';

/** Rows of another version are not read: the server has everything. */
const VERSION = 1;
const WRITE_DELAY_MS = 100;
const CONVERSATIONS_MAX = 500;
/** Conversations, by newest activity, whose events are kept, and how many of each. */
const TIMELINES_MAX = 50;
const TIMELINE_EVENTS_MAX = 60;
const OWN_LOG_KEY = '~own';

interface ConversationRow {
  readonly version: typeof VERSION;
  readonly record: Omit<ConversationRecord, 'window'>;
}

/** Window and place stand in one row: a cursor that is ahead of its window would be a hole. */
interface TimelineRow {
  readonly version: typeof VERSION;
  readonly position: Position;
  readonly window: ConversationRecord['window'];
}

interface OwnLogRow {
  readonly conversationId: string;
  readonly position: Position;
}

/** What of the conversations is kept on the device, so that the first picture needs no network. */
export class ConversationCache {
  readonly #storage: ClientStorage;
  readonly #timers: Timers;
  readonly #failed: (error: unknown) => void;
  readonly #changed = new Set<string>();
  #cancelTimer: (() => void) | null = null;
  #isEnded = false;

  constructor(storage: ClientStorage, timers: Timers, failed: (error: unknown) => void) {
    this.#storage = storage;
    this.#timers = timers;
    this.#failed = failed;
  }

  /** Fills the directory. */
  async restore(directory: Directory): Promise<void> {
    const [conversations, timelines] = await Promise.all([
      this.#storage.readAll('conversations'),
      this.#storage.readAll('timelines'),
    ]);
    const places = new Map(timelines.map(([key, value]) => [key, value as TimelineRow]));
    for (const [key, value] of conversations) {
      if (key === OWN_LOG_KEY) {
        const own = value as OwnLogRow;
        directory.ownLog.restore(own.conversationId, own.position);
        continue;
      }
      const row = value as ConversationRow;
      const place = places.get(key);
      if (row.version !== VERSION || place?.version !== VERSION) continue;
      directory.restore({ ...row.record, window: place.window }, place.position);
    }
    // Restoring is no news.
    this.#changed.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** A conversation (or the own log) changed; it is written soon. */
  changed(conversationId: string, directory: () => Directory): void {
    if (this.#isEnded || conversationId === '') return;
    this.#changed.add(conversationId);
    this.#cancelTimer ??= this.#timers.after(WRITE_DELAY_MS, () => void this.flush(directory()));
  }

  /** Writes what changed. Never rejects: without a cache everything is read from the server again. */
  async flush(directory: Directory): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const changed = [...this.#changed];
    this.#changed.clear();
    if (changed.length === 0) return;
    try {
      await this.#storage.write(this.#changes(changed, directory));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Writes what is left; nothing is written after that. */
  async end(directory: Directory): Promise<void> {
    this.#isEnded = true;
    await this.flush(directory);
  }

  #changes(changed: readonly string[], directory: Directory): StorageChange[] {
    const ranks = new Map(directory.byActivity().map(({ conversationId }, rank) => [conversationId, rank]));
    return changed.flatMap((conversationId): StorageChange[] => {
      if (directory.ownLog.owns(conversationId))
        return ownLogChanges(conversationId, directory.ownLog.position);
      const { record, position } = directory.entry(conversationId);
      const rank = ranks.get(conversationId) ?? CONVERSATIONS_MAX;
      const isKept = record !== null && position !== null && rank < CONVERSATIONS_MAX;
      if (!isKept || (position.eventId === null && position.sequence > 0))
        return rowsOf(conversationId, null, null);
      const { window, ...rest } = record;
      const kept =
        rank < TIMELINES_MAX ? trimmed(window, TIMELINE_EVENTS_MAX) : windowAfter(position.sequence);
      return rowsOf(
        conversationId,
        { version: VERSION, record: rest },
        { version: VERSION, position, window: kept },
      );
    });
  }
}

function rowsOf(key: string, record: ConversationRow | null, timeline: TimelineRow | null): StorageChange[] {
  return [
    { table: 'conversations', key, value: record ?? undefined },
    { table: 'timelines', key, value: timeline ?? undefined },
  ];
}

function ownLogChanges(conversationId: string, position: Position | null): StorageChange[] {
  if (position === null || position.eventId === null) return [];
  const value: OwnLogRow = { conversationId, position };
  return [{ table: 'conversations', key: OWN_LOG_KEY, value }];
}
